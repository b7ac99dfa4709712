"""The few figures that people ask for by one name, whatever a business sells: how lately, how often, how much.

    recency_days    days since the last purchase, or use
    frequency       orders of 365 days; days with usage where nothing is bought
    revenue_365d    bought in 365 days, returns taken off
    mrr             what running subscriptions cost a month
    tenure_days     days since the first subscription, purchase or use

Each is the first of its features that the data set has a value of; where the history is shorter than 365 days, all of
it counts. `value` is what a customer is worth to a segment: mrr, or revenue_365d where nobody subscribes.
"""

from __future__ import annotations

import numpy as np

from core.feature_names import (
    DAYS_SINCE_FIRST_PURCHASE,
    DAYS_SINCE_FIRST_USAGE,
    DAYS_SINCE_LAST_PURCHASE,
    DAYS_SINCE_LAST_USAGE,
    MRR_NOW,
    NET_SPEND_365D,
    NET_SPEND_TOTAL,
    ORDERS_365D,
    ORDERS_TOTAL,
    SUBSCRIPTION_TENURE_DAYS,
    USAGE_DAYS_30D,
    USAGE_DAYS_90D,
    USAGE_DAYS_365D,
    KeyFigure,
)
from core.feature_table import FeatureTable
from core.segmentation import ValueOf

KEY_FIGURES: dict[str, tuple[str, ...]] = {
    KeyFigure.RECENCY_DAYS: (DAYS_SINCE_LAST_PURCHASE, DAYS_SINCE_LAST_USAGE),
    KeyFigure.FREQUENCY: (ORDERS_365D, ORDERS_TOTAL, USAGE_DAYS_365D, USAGE_DAYS_90D, USAGE_DAYS_30D),
    KeyFigure.REVENUE_365D: (NET_SPEND_365D, NET_SPEND_TOTAL),
    KeyFigure.MRR: (MRR_NOW,),
    KeyFigure.TENURE_DAYS: (SUBSCRIPTION_TENURE_DAYS, DAYS_SINCE_FIRST_PURCHASE, DAYS_SINCE_FIRST_USAGE),
}
"By name, the features that may hold it, the best first."

VALUES: tuple[ValueOf, ...] = ("mrr", "revenue_365d")


def key_figure(features: FeatureTable, name: str) -> np.ndarray | None:
    """One key figure of each customer, (n,) float64; None where the data set cannot have it."""
    for source in KEY_FIGURES[name]:
        if source in features.names and not np.isnan(features.column(source)).all():
            return features.column(source)
    return None


def value_of(features: FeatureTable) -> tuple[ValueOf, np.ndarray]:
    """What each customer pays, (n,) float64, and what that is."""
    for name in VALUES:
        found = key_figure(features, name)
        if found is not None:
            return name, found
    return "", np.full(len(features), np.nan)
