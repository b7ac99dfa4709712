"""Facts about a customer beside the churn score: monthly revenue, and whether the history is too short to trust it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.feature_names import (
    DAYS_SINCE_FIRST_PURCHASE,
    DAYS_SINCE_FIRST_USAGE,
    MEAN_GAP_DAYS,
    MRR_NOW,
    NET_SPEND_365D,
    USAGE_MEAN_GAP_DAYS,
)
from core.feature_table import FeatureTable
from core.window import DAYS_PER_MONTH

YEAR_DAYS = 365
MIN_HISTORY_DAYS = 30
"Since the first purchase or usage; a shorter history shows no rhythm."

HISTORY_FEATURES = (
    (DAYS_SINCE_FIRST_PURCHASE, MEAN_GAP_DAYS),
    (DAYS_SINCE_FIRST_USAGE, USAGE_MEAN_GAP_DAYS),
)
"Days since the first event and the usual gap, by purchases and by usage; one of them is enough."


def monthly_revenue(features: FeatureTable) -> NDArray[np.float64]:
    """Revenue per month in base currency, (n,): MRR of running subscriptions, otherwise purchases of the last 365 days.

    Customers who first bought less than a year ago are averaged over the time since then, at least a month. NaN where
    there is neither.
    """
    mrr = features.column(MRR_NOW) if MRR_NOW in features.names else np.full(len(features), np.nan)
    if NET_SPEND_365D not in features.names or DAYS_SINCE_FIRST_PURCHASE not in features.names:
        return mrr
    months = np.clip(features.column(DAYS_SINCE_FIRST_PURCHASE), DAYS_PER_MONTH, YEAR_DAYS) / DAYS_PER_MONTH
    spend = np.maximum(features.column(NET_SPEND_365D), 0.0) / months
    return np.where(mrr > 0, mrr, np.where(np.isnan(spend), mrr, spend))


def has_short_history(features: FeatureTable) -> NDArray[np.bool_]:
    """Whether a customer has no usual gap yet (fewer than two purchase days), or is known for less than 30 days, (n,).

    Purchases or usage are enough; without features of either, every history is short.
    """
    has_history = np.zeros(len(features), dtype=bool)
    for first_day, usual_gap in HISTORY_FEATURES:
        if first_day in features.names and usual_gap in features.names:
            # A missing day compares as False: a customer without events has no history.
            is_long = (features.column(first_day) >= MIN_HISTORY_DAYS) & ~np.isnan(features.column(usual_gap))
            has_history |= is_long
    return ~has_history
