"""Has the world moved since the model was fitted: in what happens, and in who the customers are.

The population stability index compares two distributions over the same bins,
sum((p - q) * ln(p / q)); by custom, below .1 is calm and above .25 is a change
(Siddiqi 2006, Credit Risk Scorecards, ch. 10).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from core.errors import DataError
from core.feature_table import FeatureTable
from core.intervals import Estimate, estimate_interval
from core.labels import Labels

N_BINS = 10
SMALLEST_SHARE = 1e-4
"Stands for an empty bin, whose logarithm has no value."


@dataclass(frozen=True)
class LabelRate:
    """How many of the customers at one cutoff left."""

    cutoff: date
    n_customers: int
    churn_rate: Estimate


@dataclass(frozen=True)
class FeatureDrift:
    """How far one feature's distribution has moved."""

    feature: str
    stability_index: float
    missing_before: float
    "Share of rows without a value, 0 to 1."
    missing_after: float


def label_drift(outcomes: Labels) -> list[LabelRate]:
    """The churn rate of each mature cutoff with its interval, oldest first."""
    mature = outcomes.take(outcomes.is_mature)
    rates = []
    for cutoff in np.unique(mature.cutoffs):
        churned = mature.churned[mature.cutoffs == cutoff]
        ids = mature.customer_ids[mature.cutoffs == cutoff]
        rate = estimate_interval(lambda rows, churned=churned: float(churned[rows].mean()), ids)
        rates.append(LabelRate(cutoff.item(), len(churned), rate))
    return rates


def feature_drift(before: FeatureTable, after: FeatureTable) -> list[FeatureDrift]:
    """Each feature's population stability index, the furthest moved first; both tables have the same columns.

    Bins are the deciles of `before`; missing is a bin of its own. Raises DataError where the columns differ.
    """
    if before.names != after.names:
        raise DataError("drift compares the same features; compute both tables with the same declarations")
    moved = [
        FeatureDrift(
            name,
            stability_index(before.column(name), after.column(name)),
            float(np.isnan(before.column(name)).mean()),
            float(np.isnan(after.column(name)).mean()),
        )
        for name in before.names
    ]
    return sorted(moved, key=lambda drift: -drift.stability_index)


def stability_index(before: np.ndarray, after: np.ndarray) -> float:
    """The population stability index of two samples of one number, NaN counted as a value. 0 is no change."""
    present = before[~np.isnan(before)]
    edges = np.unique(np.quantile(present, np.linspace(0, 1, N_BINS + 1)[1:-1])) if len(present) else np.empty(0)
    p, q = _shares(before, edges), _shares(after, edges)
    return float(((p - q) * np.log(p / q)).sum())


def _shares(values: np.ndarray, edges: Sequence[float] | np.ndarray) -> np.ndarray:
    # NaN sorts behind every edge: give it the bin after the last.
    bins = np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values, side="right"))
    counts = np.bincount(bins, minlength=len(edges) + 2)
    return np.maximum(counts / max(len(values), 1), SMALLEST_SHARE)
