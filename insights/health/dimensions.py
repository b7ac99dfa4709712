"""Which side of a customer's health each feature speaks of.

A name is looked up first, then the family; what neither knows speaks of the relationship.
"""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

import numpy as np

from core.feature_table import FeatureColumn
from core.health import DIMENSIONS

BY_NAME = {
    "usage_errors_*": "support",
    "ticket_satisfaction_*": "sentiment",
    "last_ticket_satisfaction": "sentiment",
    "days_since_first_*": "relationship",
    "subscription_tenure_days": "relationship",
    "reactivations_total": "relationship",
    "usage_kinds_*": "depth",
    "usage_admin_*": "depth",
    "days_since_admin_usage": "depth",
    "usage_items_*": "depth",
    "usage_value_*": "depth",
    "usage_events_per_day_*": "depth",
    "main_event": "depth",
}
"Patterns of names that belong elsewhere than their family."

BY_FAMILY = {
    "recency": "usage",
    "frequency": "usage",
    "rhythm": "usage",
    "timing": "usage",
    "usage": "usage",
    "seats": "depth",
    "variety": "depth",
    "quantity": "depth",
    "concentration": "depth",
    "support": "support",
    "sentiment": "sentiment",
    "subscription": "billing",
    "spend": "billing",
    "returns": "billing",
    "tenure": "relationship",
    "contacts": "relationship",
    "preferences": "relationship",
    "channels": "relationship",
    "attributes": "relationship",
}

ANYTHING_ELSE = "relationship"


def dimension_of(column: FeatureColumn) -> str:
    """The side of the customer's health that a feature speaks of."""
    for pattern, dimension in BY_NAME.items():
        if fnmatchcase(column.name, pattern):
            return dimension
    return BY_FAMILY.get(column.family, ANYTHING_ELSE)


def by_dimension(contributions: np.ndarray, columns: Sequence[FeatureColumn]) -> np.ndarray:
    """Sums of contributions (n, m) over the features of each of `DIMENSIONS`, (n, 6); NaN where it has none."""
    places = np.array([DIMENSIONS.index(dimension_of(column)) for column in columns], np.int64)
    belongs = places[:, None] == np.arange(len(DIMENSIONS))
    return np.where(belongs.any(axis=0), contributions @ belongs.astype(np.float64), np.nan)
