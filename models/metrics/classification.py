"""How good a churn model is, out of time: figures with bootstrap intervals, and paired differences between models."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Self

import numpy as np

from core.errors import BadInput, UnknownName, did_you_mean
from core.intervals import estimate_intervals
from core.labels import Labels
from core.model_card import Comparison, Metric
from core.scores import Scores
from models.bins import bin_edges, bin_of
from models.metrics.weighted import RankedRows, ratio

N_BINS = 10
"Of the calibration error: bins that hold equally many rows."

HIGHER_IS_BETTER = ("auc", "average_precision", "lift@5", "lift@10", "lift@20", "captured@10", "captured@20")
LOWER_IS_BETTER = ("log_loss", "brier", "calibration_error")
NAMES = (*HIGHER_IS_BETTER, *LOWER_IS_BETTER, "mean_probability", "observed_rate")


def churn_metrics(
    model: str,
    scores: Scores,
    outcomes: Labels,
    split: str = "test",
    n_resamples: int = 300,
    seed: int = 0,
    together: np.ndarray | None = None,
) -> tuple[Metric, ...]:
    """Every figure of `NAMES`, with its interval over customers.

    `lift@k` is the churn rate among the k % highest scores over that of all; `captured@k` the share of churners there.
    `calibration_error` is the mean distance between probability and observed rate over bins of equally many rows;
    noise alone makes it greater than zero. Figures that need both classes are NaN with one. Rows of one code of
    `together`, (n,), are judged by themselves and figures averaged over codes: where everybody is told of several times
    over, nobody is ranked against another telling of themselves.
    """
    judged = JudgedRows.of if together is None else partial(GroupedRows.of, groups=together)
    distances = [NAMES.index("calibration_error")]
    figures = estimate_intervals(
        judged(scores, outcomes), outcomes.customer_ids, n_resamples=n_resamples, seed=seed, distances=distances
    )
    return tuple(Metric(model, name, figure, split) for name, figure in zip(NAMES, figures, strict=True))


def compare(
    model: str,
    against: str,
    scores: Scores,
    scores_against: Scores,
    outcomes: Labels,
    name: str = "log_loss",
    n_resamples: int = 300,
    seed: int = 0,
) -> Comparison:
    """The paired difference of one figure on the same customers; positive means the first model is better."""
    if name not in HIGHER_IS_BETTER + LOWER_IS_BETTER:
        raise UnknownName(
            f"models are not compared by '{name}'{did_you_mean(name, HIGHER_IS_BETTER + LOWER_IS_BETTER)}"
        )
    place, sign = NAMES.index(name), 1.0 if name in HIGHER_IS_BETTER else -1.0
    one, other = JudgedRows.of(scores, outcomes), JudgedRows.of(scores_against, outcomes)

    def difference(weights: np.ndarray) -> np.ndarray:
        return sign * (one(weights)[:, [place]] - other(weights)[:, [place]])

    (found,) = estimate_intervals(difference, outcomes.customer_ids, n_resamples=n_resamples, seed=seed)
    return Comparison(model, against, name, found)


def log_losses(probability: np.ndarray, churned: np.ndarray) -> np.ndarray:
    """Each row's -log(probability of what happened), in nats."""
    happened = np.where(churned, probability, 1.0 - probability)
    return -np.log(np.clip(happened, np.finfo(np.float64).eps, 1.0))


def calibration_bins(probability: np.ndarray, n_bins: int = N_BINS) -> np.ndarray:
    """The bin of each row, (n,) int from 0: bins of equally many rows, equal probabilities in the same one."""
    return bin_of(probability, bin_edges(probability, n_bins))


@dataclass(frozen=True)
class JudgedRows:
    """Scores beside what happened; called with weights (samples, rows) it gives (samples, figures of `NAMES`)."""

    ranked: RankedRows
    by_row: np.ndarray
    "(n, 4): log loss, squared error, probability, churned: figures that are means over rows."
    surplus_by_bin: np.ndarray
    "(n, bins): probability less churned, in the column of the row's bin."

    @classmethod
    def of(cls, scores: Scores, outcomes: Labels) -> Self:
        """Raises BadInput where rows do not match or a row is not mature."""
        _refuse_what_cannot_be_judged(scores, outcomes)
        probability, churned = scores.value, outcomes.churned.astype(np.float64)
        surplus = probability - churned
        by_row = np.column_stack([log_losses(probability, outcomes.churned), surplus**2, probability, churned])
        bins = calibration_bins(probability)
        return cls(RankedRows.of(probability, churned), by_row, surplus[:, None] * np.eye(bins.max() + 1)[bins])

    def __call__(self, weights: np.ndarray) -> np.ndarray:
        groups, total = self.ranked.groups(weights), weights.sum(axis=1)
        captured = {percent: groups.captured(percent / 100) for percent in (5, 10, 20)}
        log_loss, brier, probability, rate = ratio(weights @ self.by_row, total[:, None]).T
        calibration_error = ratio(np.abs(weights @ self.surplus_by_bin).sum(axis=1), total)
        figures = {
            "auc": groups.auc(),
            "average_precision": groups.average_precision(),
            **{f"lift@{percent}": share / (percent / 100) for percent, share in captured.items()},
            **{f"captured@{percent}": share for percent, share in captured.items()},
            "log_loss": log_loss,
            "brier": brier,
            "calibration_error": calibration_error,
            "mean_probability": probability,
            "observed_rate": rate,
        }
        return np.column_stack([figures[name] for name in NAMES])


@dataclass(frozen=True)
class GroupedRows:
    """Groups of rows judged each by itself; called like `JudgedRows`, it gives the mean over groups."""

    rows: tuple[np.ndarray, ...]
    judged: tuple[JudgedRows, ...]

    @classmethod
    def of(cls, scores: Scores, outcomes: Labels, groups: np.ndarray) -> Self:
        """Raises BadInput as `JudgedRows.of` does."""
        _refuse_what_cannot_be_judged(scores, outcomes)
        rows = tuple(np.flatnonzero(groups == group) for group in np.unique(groups))
        return cls(rows, tuple(JudgedRows.of(scores.take(some), outcomes.take(some)) for some in rows))

    def __call__(self, weights: np.ndarray) -> np.ndarray:
        return np.mean([one(weights[:, some]) for some, one in zip(self.rows, self.judged, strict=True)], axis=0)


def _refuse_what_cannot_be_judged(scores: Scores, outcomes: Labels) -> None:
    if not len(outcomes):
        raise BadInput("there is no row to judge a model on; take a cutoff at which there are customers")
    if len(scores) != len(outcomes) or (scores.customer_ids != outcomes.customer_ids).any():
        raise BadInput(f"{len(scores)} scores and {len(outcomes)} outcomes are not the same rows; align them")
    if not outcomes.mature.all():
        raise BadInput(f"{(~outcomes.mature).sum()} rows are not mature; judge a model on rows whose horizon is over")
