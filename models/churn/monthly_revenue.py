"""What a customer pays a month, for the revenue that is expected of them."""

from __future__ import annotations

import numpy as np

from core.feature_names import DAYS_SINCE_FIRST_PURCHASE, MRR_NOW, NET_SPEND_365D
from core.feature_table import FeatureTable
from core.risk_curves import DAYS_A_MONTH

YEAR_DAYS = 365


def monthly_revenue(features: FeatureTable) -> np.ndarray:
    """(n,) base currency a month: the running subscriptions' price, otherwise what was bought in the last 365 days.

    Who first bought less than a year ago is counted from then, at least a month. NaN where neither is known.
    """
    known = features.column(MRR_NOW) if MRR_NOW in features.names else np.full(len(features), np.nan)
    if NET_SPEND_365D not in features.names or DAYS_SINCE_FIRST_PURCHASE not in features.names:
        return known
    months = np.clip(features.column(DAYS_SINCE_FIRST_PURCHASE), DAYS_A_MONTH, YEAR_DAYS) / DAYS_A_MONTH
    bought = np.maximum(features.column(NET_SPEND_365D), 0.0) / months
    return np.where(known > 0, known, np.where(np.isnan(bought), known, bought))
