"""Feature values and contributions of every customer at one cutoff, from the churn champion."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from core.feature_table import FeatureColumn, require_same_features
from core.model_kinds import CHURN
from features.cohort import select_cohort
from features.pipeline import compute_features
from models.churn.additive import AdditiveModel, align_values
from tables.consents import customers_refusing
from tables.tables import Tables


@dataclass(frozen=True)
class Risk:
    """One row per customer, sorted by id.

    Values and contributions take 4 bytes each: a million customers with 300 features take 2.4 GB.
    """

    cutoff: date
    customer_ids: NDArray[np.str_]
    "(n,)"
    columns: tuple[FeatureColumn, ...]
    "The m features that the model was fitted on."
    values: NDArray[np.float32]
    "(n, m), NaN is missing."
    contributions: NDArray[np.float32]
    "(n, m) log-odds of churn."
    average: float
    "Log-odds of churn of a customer with average features."

    def __len__(self) -> int:
        return len(self.customer_ids)

    @property
    def log_odds(self) -> NDArray[np.float64]:
        """Calibrated log-odds of churn within the model's horizon, (n,)."""
        return self.average + self.contributions.sum(axis=1, dtype=np.float64)

    def rows_of(self, customer_ids: NDArray[np.str_]) -> NDArray[np.int64]:
        """The rows of these customers, (k,); -1 for customers without a row."""
        if not len(self):
            return np.full(len(customer_ids), -1)
        places = np.minimum(np.searchsorted(self.customer_ids, customer_ids), len(self) - 1)
        return np.where(self.customer_ids[places] == customer_ids, places, -1)


def risk_at(tables: Tables, model: AdditiveModel, cutoff: date) -> Risk:
    """Score the cohort of a cutoff, without customers who opted out of scoring, from data known then.

    Raises BadInput where a feature's declaration has changed since the model was fitted.
    """
    cohort = select_cohort(tables, [cutoff])
    vocabularies = {column.name: column.vocabulary for column in model.columns_ if column.vocabulary is not None}
    features = compute_features(tables, cohort, vocabularies=vocabularies)
    require_same_features(
        features, {column.name: column.digest for column in model.columns_}, model="the champion", kind=CHURN.name
    )
    willing = features.take(~np.isin(features.customer_ids, customers_refusing(tables, "score", cutoff=cutoff)))
    contributions = model.contributions(willing)
    return Risk(
        cutoff,
        willing.customer_ids,
        model.columns_,
        align_values(willing, model.columns_).astype(np.float32),
        contributions[:, :-1].astype(np.float32),
        float(contributions[0, -1]) if len(contributions) else 0.0,
    )
