"""What a customer pays a month, for the revenue that is expected of them."""

from __future__ import annotations

import numpy as np

from core.feature_table import FeatureTable
from core.risk_curves import DAYS_A_MONTH

MRR = "mrr_now"
YEAR, YEAR_DAYS = "net_spend_365d", 365
FIRST_DAY = "days_since_first_purchase"


def monthly_revenue(features: FeatureTable) -> np.ndarray:
    """(n,) base currency a month: the running subscriptions' price, otherwise what was bought in the last 365 days.

    Who first bought less than a year ago is counted from then, at least a month. NaN where neither is known.
    """
    known = features.column(MRR) if MRR in features.names else np.full(len(features), np.nan)
    if YEAR not in features.names or FIRST_DAY not in features.names:
        return known
    months = np.clip(features.column(FIRST_DAY), DAYS_A_MONTH, YEAR_DAYS) / DAYS_A_MONTH
    bought = np.maximum(features.column(YEAR), 0.0) / months
    return np.where(known > 0, known, np.where(np.isnan(bought), known, bought))
