"""Maps features to health dimensions: by name first, then by family; anything else is relationship."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from core.feature_table import FeatureColumn
from core.health import DIMENSIONS, Dimension

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
    FeatureFamily.CHANNELS: Dimension.RELATIONSHIP,
    FeatureFamily.ATTRIBUTES: Dimension.RELATIONSHIP,
}

DEFAULT = Dimension.RELATIONSHIP


def dimension_of(column: FeatureColumn) -> Dimension:
    """The health dimension of a feature."""
    for pattern, dimension in BY_NAME.items():
        if fnmatchcase(column.name, pattern):
            return dimension
    return BY_FAMILY.get(column.family, DEFAULT)


def sum_by_dimension(contributions: NDArray[np.floating], columns: Sequence[FeatureColumn]) -> NDArray[np.float64]:
    """Sum contributions (n, m) over the features of each of `DIMENSIONS`: (n, 6), NaN for one without features."""
    places = np.array([DIMENSIONS.index(dimension_of(column)) for column in columns], np.int64)
    belongs = places[:, None] == np.arange(len(DIMENSIONS))
    return np.where(belongs.any(axis=0), contributions @ belongs.astype(np.float64), np.nan)
