"""Whose score rests on too little: customers we have hardly met."""

from __future__ import annotations

import numpy as np

from core.feature_names import DAYS_SINCE_FIRST_PURCHASE, DAYS_SINCE_FIRST_USAGE, MEAN_GAP_DAYS, USAGE_MEAN_GAP_DAYS
from core.feature_table import FeatureTable

LEAST_DAYS = 30
"Since the first purchase (or usage): a month shows no rhythm."

SIGNS = (
    (DAYS_SINCE_FIRST_PURCHASE, MEAN_GAP_DAYS),
    (DAYS_SINCE_FIRST_USAGE, USAGE_MEAN_GAP_DAYS),
)
"First day and usual gap, by purchases and by usage; either suffices to know somebody."


def has_short_history(features: FeatureTable) -> np.ndarray:
    """(n,) bool: no usual gap yet (fewer than two days with a purchase), or first seen less than 30 days ago.

    Where there is usage as well, a customer known by either is known; where the table tells of neither, nobody is.
    """
    known = np.zeros(len(features), dtype=bool)
    for first_day, usual_gap in SIGNS:
        if first_day in features.names and usual_gap in features.names:
            # A missing day compares as False: never seen is not known.
            known |= (features.column(first_day) >= LEAST_DAYS) & ~np.isnan(features.column(usual_gap))
    return ~known
