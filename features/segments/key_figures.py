"""Figures with one name for every business: recency, frequency, revenue, MRR and tenure.

    recency_days    days since the last purchase, or usage
    frequency       orders of 365 days; days with usage if nothing is bought
    revenue_365d    purchases of 365 days less returns
    mrr             monthly price of the running subscriptions
    tenure_days     days since the first subscription, purchase or usage

Each is the first of its features that the data set has a value for. If the history is shorter than 365 days, all of it
counts. The value of a customer is the MRR, or revenue_365d if the business has no subscriptions.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

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
from core.segmentation import ValueKind

KEY_FIGURES: dict[str, tuple[str, ...]] = {
    KeyFigure.RECENCY_DAYS: (DAYS_SINCE_LAST_PURCHASE, DAYS_SINCE_LAST_USAGE),
    KeyFigure.FREQUENCY: (ORDERS_365D, ORDERS_TOTAL, USAGE_DAYS_365D, USAGE_DAYS_90D, USAGE_DAYS_30D),
    KeyFigure.REVENUE_365D: (NET_SPEND_365D, NET_SPEND_TOTAL),
    KeyFigure.MRR: (MRR_NOW,),
    KeyFigure.TENURE_DAYS: (SUBSCRIPTION_TENURE_DAYS, DAYS_SINCE_FIRST_PURCHASE, DAYS_SINCE_FIRST_USAGE),
}
"By key figure: the features that may hold it, the preferred one first."

VALUES: tuple[ValueKind, ...] = ("mrr", "revenue_365d")
"Key figures that may be the value of a customer, the preferred one first."


def key_figure(features: FeatureTable, name: str) -> NDArray[np.float64] | None:
    """A key figure of each customer, (n,). None if the data set has no feature for it."""
    for source in KEY_FIGURES[name]:
        if source in features.names and not np.isnan(features.column(source)).all():
            return features.column(source)
    return None


def customer_value(features: FeatureTable) -> tuple[ValueKind, NDArray[np.float64]]:
    """The value of each customer, (n,), and which key figure it is ('' and NaN if there is none)."""
    for name in VALUES:
        value = key_figure(features, name)
        if value is not None:
            return name, value
    return "", np.full(len(features), np.nan)
