"""Metrics of churn models with bootstrap intervals, paired differences between models, and curves for plots.

The curves are ROC, precision-recall, lift and reliability.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from typing import Self

import numpy as np
from numpy.typing import NDArray

from core.catalogue import Catalogue
from core.errors import BadInput, UnknownName, did_you_mean
from core.intervals import N_RESAMPLES, estimate_intervals
from core.labels import Labels
from core.model_card import Comparison, Metric
from core.retention import RetentionValues
from core.scores import Scores
from models.metrics.churn.data import N_BINS, ChurnMetric, ChurnMetricFamily, ScoredRows, WeightedRows, calibration_bins
from models.metrics.weighted import Groups, RankedRows

METRIC_FAMILIES: Catalogue[ChurnMetricFamily] = Catalogue.of_folder(
    "models.metrics.churn", attribute="METRICS", first=("discrimination", "calibration", "profit")
)
"A module that defines `METRICS` is a family; the order is that of cards."


@cache
def metric_families(*, with_money: bool) -> tuple[ChurnMetricFamily, ...]:
    """The families of metrics, in the order of cards; those that need money only where it is known."""
    return tuple(family for family in METRIC_FAMILIES.values() if with_money or not family.needs_money)


@cache
def churn_metric_list(*, with_money: bool = False) -> tuple[ChurnMetric, ...]:
    """The metrics of churn models, in the order of cards."""
    return tuple(metric for family in metric_families(with_money=with_money) for metric in family.metrics)


def metric_names(*, with_money: bool = False) -> tuple[str, ...]:
    """The names of the metrics, in the order of cards."""
    return tuple(metric.name for metric in churn_metric_list(with_money=with_money))


def find_metric(name: str) -> ChurnMetric:
    """The metric by which models are compared. Raises UnknownName for any other."""
    comparable = {metric.name: metric for metric in churn_metric_list() if metric.better}
    if name not in comparable:
        raise UnknownName(f"models cannot be compared by '{name}'{did_you_mean(name, comparable)}")
    return comparable[name]


def churn_metrics(
    model: str,
    scores: Scores,
    *,
    outcomes: Labels,
    split: str = "test",
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
    groups: NDArray[np.int64] | None = None,
    retention: RetentionValues | None = None,
) -> tuple[Metric, ...]:
    """Every metric, with its interval over customers. Metrics that need both classes are NaN with one.

    `groups` has a code per row, (n,). Each group is measured on its own and the metrics are averaged, so that a
    customer who is scored several times is never ranked against their other scores. `retention` is of the same rows;
    without it, no metric is in money.
    """
    evaluated = EvaluatedRows.of if groups is None else partial(EvaluatedGroups.of, groups=groups)
    metrics = churn_metric_list(with_money=retention is not None)
    distances = [place for place, metric in enumerate(metrics) if metric.is_distance]
    values = estimate_intervals(
        evaluated(scores, outcomes, retention=retention),
        outcomes.customer_ids,
        n_resamples=n_resamples,
        seed=seed,
        distances=distances,
    )
    return tuple(
        Metric(model=model, name=metric.name, estimate=value, split=split)
        for metric, value in zip(metrics, values, strict=True)
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
    sign = 1.0 if find_metric(metric).better == "higher" else -1.0
    one, other = EvaluatedRows.of(scores, outcomes), EvaluatedRows.of(scores_against, outcomes)

    def difference(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        return sign * (one.evaluate(metric, weights) - other.evaluate(metric, weights))[:, None]

    (estimate,) = estimate_intervals(difference, outcomes.customer_ids, n_resamples=n_resamples, seed=seed)
    return Comparison(model=model, against=against, name=metric, difference=estimate)


@dataclass(frozen=True)
class EvaluatedRows:
    """Scored rows; called with weights (samples, rows) it gives every metric, (samples, metrics)."""

    rows: ScoredRows

    @classmethod
    def of(cls, scores: Scores, outcomes: Labels, *, retention: RetentionValues | None = None) -> Self:
        """Raises BadInput where rows do not match or a row is not mature."""
        _check_rows(scores, outcomes)
        return cls(ScoredRows(scores.value, outcomes.churned, retention))

    def __call__(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        weighted, with_money = WeightedRows(self.rows, weights), self.rows.retention is not None
        families = metric_families(with_money=with_money)
        values = {name: value for family in families for name, value in family.evaluate(weighted).items()}
        return np.column_stack([values[name] for name in metric_names(with_money=with_money)])

    def evaluate(self, metric: str, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """One metric of each sample, (samples,); only its own family is computed."""
        families = METRIC_FAMILIES.values()
        family = next(one for one in families if metric in {of_family.name for of_family in one.metrics})
        return family.evaluate(WeightedRows(self.rows, weights))[metric]


@dataclass(frozen=True)
class EvaluatedGroups:
    """Groups of rows, each evaluated on its own; called like `EvaluatedRows`, it gives the mean over groups."""

    rows: tuple[NDArray[np.int64], ...]
    evaluated: tuple[EvaluatedRows, ...]

    @classmethod
    def of(
        cls,
        scores: Scores,
        outcomes: Labels,
        *,
        groups: NDArray[np.int64],
        retention: RetentionValues | None = None,
    ) -> Self:
        """Raises BadInput as `EvaluatedRows.of` does."""
        _check_rows(scores, outcomes)
        rows = tuple(np.flatnonzero(groups == group) for group in np.unique(groups))
        evaluated = (
            EvaluatedRows.of(
                scores.take(some),
                outcomes.take(some),
                retention=None if retention is None else retention.take(some),
            )
            for some in rows
        )
        return cls(rows, tuple(evaluated))

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
    happened, did_not = outcomes.words
    groups = _rank(scores, outcomes)
    x, y = (_cumulative_share(weights) for weights in (groups.retained, groups.churned))
    return Curve(x=x, y=y, x_label=_describe_flagged(did_not), y_label=_describe_flagged(happened))


def precision_recall_curve(scores: Scores, outcomes: Labels) -> Curve:
    """The churn rate among flagged customers by the share of churned customers flagged."""
    groups = _rank(scores, outcomes)
    happened, _ = outcomes.words
    churned, total = np.cumsum(groups.churned), np.cumsum(groups.churned + groups.retained)
    return Curve(
        x=churned / churned[-1],
        y=churned / total,
        x_label=_describe_flagged(happened),
        y_label=f"share of the flagged who {happened}",
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
    return Curve(x=x, y=y, x_label="mean probability", y_label=f"observed share who {outcomes.words[0]}")


def _describe_flagged(did: str) -> str:
    return f"flagged share of those who {did}"


def _rank(scores: Scores, outcomes: Labels) -> Groups:
    return RankedRows.of(scores.value, outcomes.churned).groups(np.ones((1, len(scores))))


def _cumulative_share(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cumulative share, beginning with 0."""
    return np.concatenate([[0.0], np.cumsum(weights) / weights.sum()])
