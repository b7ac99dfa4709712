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

from core.feature_table import FeatureTable
from core.segmentation import ValueOf

KEY_FIGURES: dict[str, tuple[str, ...]] = {
    "recency_days": ("days_since_last_purchase", "days_since_last_usage"),
    "frequency": ("orders_365d", "orders_total", "usage_days_365d", "usage_days_90d", "usage_days_30d"),
    "revenue_365d": ("net_spend_365d", "net_spend_total"),
    "mrr": ("mrr_now",),
    "tenure_days": ("subscription_tenure_days", "days_since_first_purchase", "days_since_first_usage"),
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
