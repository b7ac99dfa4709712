"""Drift since a model was trained: of the label (churn rates by cutoff) and of the features.

The population stability index (PSI) compares two distributions over the same bins, sum((p - q) * ln(p / q)). By
convention, a PSI below 0.1 is stable and one above 0.25 is a shift (Siddiqi 2006, Credit Risk Scorecards, ch. 10).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from core.errors import DataError
from core.feature_table import FeatureTable
from core.intervals import Estimate, estimate_interval
from core.labels import Labels
from core.model_card import ModelCard
from features.cohort import select_cohort
from features.labels.labelling import label_outcomes
from features.pipeline import compute_features
from tables.tables import Tables

N_BINS = 10
SMALLEST_SHARE = 1e-4
"Replaces the share of an empty bin, whose logarithm is not defined."
SHIFTED_PSI = 0.25
"A feature with a higher PSI has shifted."


@dataclass(frozen=True, kw_only=True)
class ChurnRate:
    """The churn rate of the customers at one cutoff."""

    cutoff: date
    n_customers: int
    rate: Estimate


@dataclass(frozen=True, kw_only=True)
class FeatureDrift:
    """How far the distribution of one feature has moved."""

    feature: str
    psi: float
    missing_before: float
    "Share of rows without a value, 0 to 1."
    missing_after: float

    @property
    def is_shifted(self) -> bool:
        """Whether the PSI is above `SHIFTED_PSI`."""
        return self.psi > SHIFTED_PSI


@dataclass(frozen=True, kw_only=True)
class Drift:
    """How the data have moved since a model was trained."""

    churn_rates: list[ChurnRate]
    "By mature cutoff, oldest first."
    features: list[FeatureDrift]
    "The model's features, highest PSI first."
    n_training_rows: int
    n_customers: int
    "Customers at `cutoff`."
    cutoff: date
    "The default cutoff of the tables; its cohort is compared with the training rows."


def measure_drift(
    tables: Tables,
    card: ModelCard,
    *,
    label_cutoffs: Collection[date] = (),
    vocabularies: Mapping[str, tuple[str, ...]] | None = None,
) -> Drift:
    """Compare a churn model's training rows with the cohort at the default cutoff.

    Churn rates cover the training cutoffs and `label_cutoffs`. `vocabularies` are those that the model was fitted with;
    without them categorical features are coded by the words known today.
    """
    today = tables.default_cutoff()
    cutoffs = sorted({*card.training_cutoffs, *label_cutoffs})
    labels = label_outcomes(tables, select_cohort(tables, cutoffs))
    # One table for both, so that both have the same columns and the same codes of categories.
    features = compute_features(
        tables,
        select_cohort(tables, [*card.training_cutoffs, today]),
        vocabularies=vocabularies,
        names=card.features.keys(),
    )
    is_today = features.cutoffs == np.datetime64(today, "D")
    return Drift(
        churn_rates=estimate_churn_rates(labels),
        features=measure_feature_drift(features.take(~is_today), features.take(is_today)),
        n_training_rows=int((~is_today).sum()),
        n_customers=int(is_today.sum()),
        cutoff=today,
    )


def estimate_churn_rates(labels: Labels) -> list[ChurnRate]:
    """Estimate the churn rate of each mature cutoff, with a 90 % interval over customers; oldest first."""
    mature = labels.take(labels.is_mature)
    rates: list[ChurnRate] = []
    for cutoff in np.unique(mature.cutoffs):
        churned = mature.churned[mature.cutoffs == cutoff]
        ids = mature.customer_ids[mature.cutoffs == cutoff]
        rate = estimate_interval(lambda rows, churned=churned: float(churned[rows].mean()), ids)
        rates.append(ChurnRate(cutoff=cutoff.item(), n_customers=len(churned), rate=rate))
    return rates


def measure_feature_drift(before: FeatureTable, after: FeatureTable) -> list[FeatureDrift]:
    """Measure the PSI of each feature, highest first. Raises DataError where the columns differ."""
    if before.names != after.names:
        raise DataError("drift compares the same features; compute both tables with the same declarations")
    drifts = [
        FeatureDrift(
            feature=name,
            psi=population_stability_index(before.column(name), after.column(name)),
            missing_before=float(np.isnan(before.column(name)).mean()),
            missing_after=float(np.isnan(after.column(name)).mean()),
        )
        for name in before.names
    ]
    return sorted(drifts, key=lambda drift: -drift.psi)


def population_stability_index(before: NDArray[np.float64], after: NDArray[np.float64]) -> float:
    """The PSI of two samples of one number; 0 is no change.

    Bins are the deciles of `before`; NaN has a bin of its own.
    """
    present = before[~np.isnan(before)]
    edges = np.unique(np.quantile(present, np.linspace(0, 1, N_BINS + 1)[1:-1])) if len(present) else np.empty(0)
    p, q = _shares(before, edges), _shares(after, edges)
    return float(((p - q) * np.log(p / q)).sum())


def _shares(values: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """The share of the values in each bin, (len(edges) + 2,); the last bin is for NaN."""
    # searchsorted puts NaN behind every edge, where the highest values are too.
    bins = np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values, side="right"))
    counts = np.bincount(bins, minlength=len(edges) + 2)
    return np.maximum(counts / max(len(values), 1), SMALLEST_SHARE)
