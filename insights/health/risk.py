"""What the champion sees of everybody at one cutoff: each feature's value, and what it adds to the risk of leaving."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from core.feature_table import FeatureColumn, require_same_features
from features.cohort import select_cohort
from features.pipeline import compute_features
from models.churn.additive import AdditiveModel, aligned
from tables.consents import refused
from tables.tables import Tables


@dataclass(frozen=True)
class Risk:
    """Row i is one customer; a customer stands in it once, sorted by id.

    Values and contributions are kept of everybody, 4 bytes each: a million customers of 300 features take 2.4 GB.
    """

    cutoff: date
    customer_ids: np.ndarray
    "(n,) text 'U'."
    columns: tuple[FeatureColumn, ...]
    "The m features that the model was fitted on."
    values: np.ndarray
    "(n, m) float32, NaN is missing."
    contributions: np.ndarray
    "(n, m) float32: what each feature adds to the log-odds of leaving."
    average: float
    "Log-odds of leaving of a customer who is average in everything."

    def __len__(self) -> int:
        return len(self.customer_ids)

    @property
    def log_odds(self) -> np.ndarray:
        """Calibrated log-odds of leaving within the model's horizon, (n,)."""
        return self.average + self.contributions.sum(axis=1, dtype=np.float64)

    def rows_of(self, customer_ids: np.ndarray) -> np.ndarray:
        """Where these customers stand, (k,) int64; -1 for who is not among them."""
        if not len(self):
            return np.full(len(customer_ids), -1)
        places = np.minimum(np.searchsorted(self.customer_ids, customer_ids), len(self) - 1)
        return np.where(self.customer_ids[places] == customer_ids, places, -1)


def risk_at(tables: Tables, model: AdditiveModel, cutoff: date) -> Risk:
    """The risk of every customer of a cutoff who did not refuse to be scored, as known then.

    Raises BadInput where a feature is computed otherwise than when the model was fitted.
    """
    cohort = select_cohort(tables, [cutoff])
    vocabularies = {column.name: column.vocabulary for column in model.columns_ if column.vocabulary is not None}
    features = compute_features(tables, cohort, vocabularies=vocabularies)
    require_same_features(features, {column.name: column.digest for column in model.columns_}, "the champion", "churn")
    willing = features.take(~np.isin(features.customer_ids, refused(tables, "score", cutoff)))
    contributions = model.contributions(willing)
    return Risk(
        cutoff,
        willing.customer_ids,
        model.columns_,
        aligned(willing, model.columns_).astype(np.float32),
        contributions[:, :-1].astype(np.float32),
        float(contributions[0, -1]) if len(contributions) else 0.0,
    )
