"""The curves behind the figures, as points for plots."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.labels import Labels
from core.scores import Scores
from models.metrics.classification import N_BINS, calibration_bins
from models.metrics.weighted import Groups, RankedRows


@dataclass(frozen=True)
class Curve:
    """Points from left to right, (points,) each."""

    x: np.ndarray
    y: np.ndarray
    x_means: str
    y_means: str


def roc_curve(scores: Scores, outcomes: Labels) -> Curve:
    """What share of the stayers is disturbed to reach each share of the churners; from (0, 0) to (1, 1)."""
    groups = _groups(scores, outcomes)
    x, y = (_reached(weights) for weights in (groups.stayed, groups.churned))
    return Curve(x, y, "stayers flagged", "churners flagged")


def precision_recall_curve(scores: Scores, outcomes: Labels) -> Curve:
    """How many of those flagged leave, by the share of the churners that is flagged."""
    groups = _groups(scores, outcomes)
    churned, everyone = np.cumsum(groups.churned), np.cumsum(groups.churned + groups.stayed)
    return Curve(churned / churned[-1], churned / everyone, "churners flagged", "share of the flagged who churn")


def lift_curve(scores: Scores, outcomes: Labels) -> Curve:
    """The churn rate among the highest-scored share of customers, over that of all."""
    groups = _groups(scores, outcomes)
    share = _reached(groups.churned + groups.stayed)[1:]
    return Curve(share, _reached(groups.churned)[1:] / share, "share of customers, highest scores first", "lift")


def reliability_curve(scores: Scores, outcomes: Labels, n_bins: int = N_BINS) -> Curve:
    """Observed churn rate by mean probability, over bins of equally many rows; the diagonal is perfect."""
    bins = calibration_bins(scores.value, n_bins)
    used = np.bincount(bins) > 0
    means = [np.bincount(bins, values)[used] / np.bincount(bins)[used] for values in (scores.value, outcomes.churned)]
    return Curve(*means, x_means="mean probability", y_means="observed churn rate")


def _groups(scores: Scores, outcomes: Labels) -> Groups:
    return RankedRows.of(scores.value, outcomes.churned).groups(np.ones((1, len(scores))))


def _reached(weights: np.ndarray) -> np.ndarray:
    """Cumulated share, beginning with 0."""
    return np.concatenate([[0.0], np.cumsum(weights) / weights.sum()])
