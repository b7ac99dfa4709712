"""The risk of every customer on one day, split by health dimension."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase

import numpy as np
from numpy.typing import NDArray

from core.feature_names import (
    DAYS_SINCE_ADMIN_USAGE,
    LAST_TICKET_SATISFACTION,
    MAIN_EVENT,
    REACTIVATIONS_TOTAL,
    SUBSCRIPTION_TENURE_DAYS,
    FeatureFamily,
)
from core.feature_table import FeatureColumn, require_same_features
from core.health import DIMENSIONS, Dimension
from core.model_kinds import CHURN
from core.window import Cohort
from features.cohort import select_cohort
from features.labels.labelling import can_churn
from features.pipeline import compute_features
from models.churn.aligned_values import align_values
from models.protocols import AdditiveChurnModel
from tables.consents import customers_refusing
from tables.tables import Tables

BY_NAME: Mapping[str, Dimension] = {
    "usage_errors_*": Dimension.SUPPORT,
    "ticket_satisfaction_*": Dimension.SENTIMENT,
    LAST_TICKET_SATISFACTION: Dimension.SENTIMENT,
    "days_since_first_*": Dimension.RELATIONSHIP,
    SUBSCRIPTION_TENURE_DAYS: Dimension.RELATIONSHIP,
    REACTIVATIONS_TOTAL: Dimension.RELATIONSHIP,
    "usage_kinds_*": Dimension.DEPTH,
    "usage_admin_*": Dimension.DEPTH,
    DAYS_SINCE_ADMIN_USAGE: Dimension.DEPTH,
    "usage_items_*": Dimension.DEPTH,
    "usage_value_*": Dimension.DEPTH,
    "usage_events_per_day_*": Dimension.DEPTH,
    MAIN_EVENT: Dimension.DEPTH,
}
"Name patterns of features whose dimension differs from their family's."
BY_FAMILY: Mapping[str, Dimension] = {
    FeatureFamily.RECENCY: Dimension.USAGE,
    FeatureFamily.FREQUENCY: Dimension.USAGE,
    FeatureFamily.RHYTHM: Dimension.USAGE,
    FeatureFamily.TIMING: Dimension.USAGE,
    FeatureFamily.USAGE: Dimension.USAGE,
    FeatureFamily.SEATS: Dimension.DEPTH,
    FeatureFamily.VARIETY: Dimension.DEPTH,
    FeatureFamily.QUANTITY: Dimension.DEPTH,
    FeatureFamily.CONCENTRATION: Dimension.DEPTH,
    FeatureFamily.SUPPORT: Dimension.SUPPORT,
    FeatureFamily.SENTIMENT: Dimension.SENTIMENT,
    FeatureFamily.SUBSCRIPTION: Dimension.BILLING,
    FeatureFamily.SPEND: Dimension.BILLING,
    FeatureFamily.RETURNS: Dimension.BILLING,
    FeatureFamily.TENURE: Dimension.RELATIONSHIP,
    FeatureFamily.CONTACTS: Dimension.RELATIONSHIP,
    FeatureFamily.PREFERENCES: Dimension.RELATIONSHIP,
    FeatureFamily.POINTS: Dimension.RELATIONSHIP,
    FeatureFamily.REFERRALS: Dimension.RELATIONSHIP,
    FeatureFamily.COMMUNITY: Dimension.COMMUNITY,
    FeatureFamily.CHANNELS: Dimension.RELATIONSHIP,
    FeatureFamily.ATTRIBUTES: Dimension.RELATIONSHIP,
}
DEFAULT_DIMENSION = Dimension.RELATIONSHIP


@dataclass(frozen=True, kw_only=True)
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


def risk_at(tables: Tables, model: AdditiveChurnModel, *, cutoff: date) -> Risk:
    """Score the customers of a cutoff who can churn and consent to it, from data known then.

    Raises BadInput where a feature's declaration has changed since the model was fitted.
    """
    cohort = select_cohort(tables, [cutoff])
    can = can_churn(tables, cohort)
    cohort = Cohort(cohort.customer_ids[can], cohort.cutoffs[can], cohort.definition)
    vocabularies = {column.name: column.vocabulary for column in model.columns_ if column.vocabulary is not None}
    features = compute_features(tables, cohort, vocabularies=vocabularies)
    require_same_features(
        features, {column.name: column.digest for column in model.columns_}, model="the champion", kind=CHURN.name
    )
    model.update_texts(features.columns)
    willing = features.take(~np.isin(features.customer_ids, customers_refusing(tables, "score", cutoff=cutoff)))
    contributions = model.contributions(willing)
    return Risk(
        cutoff=cutoff,
        customer_ids=willing.customer_ids,
        columns=model.columns_,
        values=align_values(willing, model.columns_).astype(np.float32),
        contributions=contributions[:, :-1].astype(np.float32),
        average=float(contributions[0, -1]) if len(contributions) else 0.0,
    )


def dimension_of(column: FeatureColumn) -> Dimension:
    """The health dimension of a feature."""
    for pattern, dimension in BY_NAME.items():
        if fnmatchcase(column.name, pattern):
            return dimension
    return BY_FAMILY.get(column.family, DEFAULT_DIMENSION)


def sum_by_dimension(contributions: NDArray[np.floating], columns: Sequence[FeatureColumn]) -> NDArray[np.float64]:
    """Sum contributions (n, m) by dimension, (n, dimensions): NaN for one without features."""
    places = np.array([DIMENSIONS.index(dimension_of(column)) for column in columns], np.int64)
    belongs = places[:, None] == np.arange(len(DIMENSIONS))
    return np.where(belongs.any(axis=0), contributions @ belongs.astype(np.float64), np.nan)
