"""ROC, precision-recall, lift and reliability curves, as points for plots."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.labels import Labels
from core.scores import Scores
from models.metrics.classification import N_BINS, calibration_bins
from models.metrics.weighted import Groups, RankedRows


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


def reliability_curve(scores: Scores, outcomes: Labels, n_bins: int = N_BINS) -> Curve:
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
