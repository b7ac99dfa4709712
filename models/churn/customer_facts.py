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
    NET_SPEND_TOTAL,
    SUBSCRIPTION_TENURE_DAYS,
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

    Customers who first bought less than a year ago are averaged over the time since then, at least a month; where the
    record is shorter than a year, all purchases count. Who has never bought has a revenue of 0. NaN where the data set
    has neither subscriptions nor purchases.
    """
    mrr = _column(features, MRR_NOW)
    # A record of less than a year has no feature of a year, and then all of it lies within one.
    year, total = _column(features, NET_SPEND_365D), _column(features, NET_SPEND_TOTAL)
    spend = np.maximum(np.where(np.isnan(year), total, year), 0.0)
    days = np.clip(_column(features, DAYS_SINCE_FIRST_PURCHASE), DAYS_PER_MONTH, YEAR_DAYS)
    a_month = spend / (np.where(np.isnan(days), YEAR_DAYS, days) / DAYS_PER_MONTH)
    return np.where(mrr > 0, mrr, np.where(np.isnan(a_month), mrr, a_month))


def _column(features: FeatureTable, name: str) -> NDArray[np.float64]:
    return features.column(name) if name in features.names else np.full(len(features), np.nan)


def has_short_history(features: FeatureTable) -> NDArray[np.bool_]:
    """Whether a customer has no usual gap yet (fewer than two purchase days), or is known for less than 30 days, (n,).

    Purchases or usage are enough. Where the data set has neither, only the days since the first subscription count.
    """
    has_history = np.zeros(len(features), dtype=bool)
    if not any(first_day in features.names for first_day, _ in HISTORY_FEATURES):
        return ~(_column(features, SUBSCRIPTION_TENURE_DAYS) >= MIN_HISTORY_DAYS)
    for first_day, usual_gap in HISTORY_FEATURES:
        if first_day in features.names and usual_gap in features.names:
            # A missing day compares as False: a customer without events has no history.
            is_long = (features.column(first_day) >= MIN_HISTORY_DAYS) & ~np.isnan(features.column(usual_gap))
            has_history |= is_long
    return ~has_history
