"""Metrics of churn models with bootstrap intervals, paired differences between models, and curves for plots.

The curves are ROC, precision-recall, lift and reliability.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Self

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput, UnknownName, did_you_mean
from core.intervals import N_RESAMPLES, estimate_intervals
from core.labels import Labels
from core.model_card import Comparison, Metric
from core.scores import Scores
from models.bins import bin_edges, bin_of
from models.metrics.weighted import Groups, RankedRows, ratio

N_BINS = 10
"Of the calibration error: bins with equal numbers of rows."

HIGHER_IS_BETTER = ("auc", "average_precision", "lift@5", "lift@10", "lift@20", "captured@10", "captured@20")
LOWER_IS_BETTER = ("log_loss", "brier", "calibration_error")
NAMES = (*HIGHER_IS_BETTER, *LOWER_IS_BETTER, "mean_probability", "observed_rate")


def churn_metrics(
    model: str,
    scores: Scores,
    *,
    outcomes: Labels,
    split: str = "test",
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
    groups: NDArray[np.int64] | None = None,
) -> tuple[Metric, ...]:
    """Every metric of `NAMES`, with its interval over customers.

    `lift@k` is the churn rate among the k % highest scores divided by the overall rate; `captured@k` is the share of
    churned customers among them. `calibration_error` is the mean distance between probability and observed rate over
    bins with equal numbers of rows; noise alone makes it greater than zero. Metrics that need both classes are NaN
    with one.

    `groups` has a code per row, (n,). Each group is measured on its own and the metrics are averaged, so that a
    customer who is scored several times is never ranked against their other scores.
    """
    evaluated = EvaluatedRows.of if groups is None else partial(EvaluatedGroups.of, groups=groups)
    distances = [NAMES.index("calibration_error")]
    values = estimate_intervals(
        evaluated(scores, outcomes), outcomes.customer_ids, n_resamples=n_resamples, seed=seed, distances=distances
    )
    return tuple(
        Metric(model=model, name=name, estimate=value, split=split) for name, value in zip(NAMES, values, strict=True)
    )


def compare(
    model: str,
    against: str,
    *,
    scores: Scores,
    scores_against: Scores,
    outcomes: Labels,
    metric: str = "log_loss",
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
) -> Comparison:
    """The paired difference of one metric on the same customers; positive means that the first model is better."""
    if metric not in HIGHER_IS_BETTER + LOWER_IS_BETTER:
        raise UnknownName(
            f"models cannot be compared by '{metric}'{did_you_mean(metric, HIGHER_IS_BETTER + LOWER_IS_BETTER)}"
        )
    place, sign = NAMES.index(metric), 1.0 if metric in HIGHER_IS_BETTER else -1.0
    one, other = EvaluatedRows.of(scores, outcomes), EvaluatedRows.of(scores_against, outcomes)

    def difference(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        return sign * (one(weights)[:, [place]] - other(weights)[:, [place]])

    (estimate,) = estimate_intervals(difference, outcomes.customer_ids, n_resamples=n_resamples, seed=seed)
    return Comparison(model=model, against=against, name=metric, difference=estimate)


def log_losses(probability: NDArray[np.float64], churned: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The log loss of each row in nats: -log(probability of what happened)."""
    likelihood = np.where(churned, probability, 1.0 - probability)
    return -np.log(np.clip(likelihood, np.finfo(np.float64).eps, 1.0))


def calibration_bins(probability: NDArray[np.float64], n_bins: int = N_BINS) -> NDArray[np.int64]:
    """The bin of each row, (n,) from 0: bins with equal numbers of rows; equal probabilities share a bin."""
    return bin_of(probability, bin_edges(probability, n_bins))


@dataclass(frozen=True)
class EvaluatedRows:
    """Scores and outcomes; called with weights (samples, rows) it gives the metrics of `NAMES`, (samples, metrics)."""

    ranked: RankedRows
    by_row: NDArray[np.float64]
    "(n, 4): log loss, squared error, probability, churned; their metrics are means over rows."
    residuals_by_bin: NDArray[np.float64]
    "(n, bins): probability minus churned, in the column of the row's bin."

    @classmethod
    def of(cls, scores: Scores, outcomes: Labels) -> Self:
        """Raises BadInput where rows do not match or a row is not mature."""
        _check_rows(scores, outcomes)
        probability, churned = scores.value, outcomes.churned.astype(np.float64)
        residual = probability - churned
        by_row = np.column_stack([log_losses(probability, outcomes.churned), residual**2, probability, churned])
        bins = calibration_bins(probability)
        return cls(RankedRows.of(probability, churned), by_row, residual[:, None] * np.eye(bins.max() + 1)[bins])

    def __call__(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        groups, total = self.ranked.groups(weights), weights.sum(axis=1)
        captured = {percent: groups.capture_rate(percent / 100) for percent in (5, 10, 20)}
        log_loss, brier, probability, rate = ratio(weights @ self.by_row, total[:, None]).T
        calibration_error = ratio(np.abs(weights @ self.residuals_by_bin).sum(axis=1), total)
        values = {
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
        return np.column_stack([values[name] for name in NAMES])


@dataclass(frozen=True)
class EvaluatedGroups:
    """Groups of rows, each evaluated on its own; called like `EvaluatedRows`, it gives the mean over groups."""

    rows: tuple[NDArray[np.int64], ...]
    evaluated: tuple[EvaluatedRows, ...]

    @classmethod
    def of(cls, scores: Scores, outcomes: Labels, *, groups: NDArray[np.int64]) -> Self:
        """Raises BadInput as `EvaluatedRows.of` does."""
        _check_rows(scores, outcomes)
        rows = tuple(np.flatnonzero(groups == group) for group in np.unique(groups))
        return cls(rows, tuple(EvaluatedRows.of(scores.take(some), outcomes.take(some)) for some in rows))

    def __call__(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.mean([one(weights[:, some]) for some, one in zip(self.rows, self.evaluated, strict=True)], axis=0)


def _check_rows(scores: Scores, outcomes: Labels) -> None:
    if not len(outcomes):
        raise BadInput("there is no row to evaluate a model on; choose a cutoff at which there are customers")
    if len(scores) != len(outcomes) or (scores.customer_ids != outcomes.customer_ids).any():
        raise BadInput(f"{len(scores)} scores and {len(outcomes)} outcomes are not the same rows; align them")
    if not outcomes.is_mature.all():
        raise BadInput(
            f"{(~outcomes.is_mature).sum()} rows are not mature; evaluate a model on rows whose horizon is over"
        )


@dataclass(frozen=True, kw_only=True)
class Curve:
    """Points from left to right, (points,) each, with the labels of the axes."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    x_label: str
    y_label: str


def roc_curve(scores: Scores, outcomes: Labels) -> Curve:
    """The share of churned customers flagged by the share of retained customers flagged, from (0, 0) to (1, 1)."""
    groups = _rank(scores, outcomes)
    x, y = (_cumulative_share(weights) for weights in (groups.retained, groups.churned))
    return Curve(x=x, y=y, x_label="share of retained customers flagged", y_label="share of churned customers flagged")


def precision_recall_curve(scores: Scores, outcomes: Labels) -> Curve:
    """The churn rate among flagged customers by the share of churned customers flagged."""
    groups = _rank(scores, outcomes)
    churned, total = np.cumsum(groups.churned), np.cumsum(groups.churned + groups.retained)
    return Curve(
        x=churned / churned[-1],
        y=churned / total,
        x_label="share of churned customers flagged",
        y_label="churn rate among the flagged",
    )


def lift_curve(scores: Scores, outcomes: Labels) -> Curve:
    """The churn rate among the share of customers with the highest scores, divided by the overall rate."""
    groups = _rank(scores, outcomes)
    share = _cumulative_share(groups.churned + groups.retained)[1:]
    return Curve(
        x=share,
        y=_cumulative_share(groups.churned)[1:] / share,
        x_label="share of customers, highest scores first",
        y_label="lift",
    )


def reliability_curve(scores: Scores, outcomes: Labels, *, n_bins: int = N_BINS) -> Curve:
    """The observed churn rate by mean probability, over bins with equal numbers of rows; the diagonal is perfect."""
    bins = calibration_bins(scores.value, n_bins)
    is_used = np.bincount(bins) > 0
    x, y = (
        np.bincount(bins, values)[is_used] / np.bincount(bins)[is_used] for values in (scores.value, outcomes.churned)
    )
    return Curve(x=x, y=y, x_label="mean probability", y_label="observed churn rate")


def _rank(scores: Scores, outcomes: Labels) -> Groups:
    return RankedRows.of(scores.value, outcomes.churned).groups(np.ones((1, len(scores))))


def _cumulative_share(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cumulative share, beginning with 0."""
    return np.concatenate([[0.0], np.cumsum(weights) / weights.sum()])
