"""Logistic regression on recency, frequency, monetary value and tenure: the baseline that every shop can compute."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from core.errors import DataError
from core.feature_names import (
    DAYS_SINCE_FIRST_PURCHASE,
    DAYS_SINCE_FIRST_USAGE,
    DAYS_SINCE_LAST_PURCHASE,
    DAYS_SINCE_LAST_USAGE,
    DAYS_SINCE_SUBSCRIPTION_CHANGE,
    MRR_NOW,
    NET_SPEND_365D,
    ORDERS_365D,
    USAGE_DAYS_90D,
)
from core.feature_table import FeatureColumn
from models.churn.logistic import Logistic
from models.setting_types import Positive, Resamples

RFM_COLUMNS = (
    (DAYS_SINCE_LAST_PURCHASE, DAYS_SINCE_LAST_USAGE, DAYS_SINCE_SUBSCRIPTION_CHANGE),
    (ORDERS_365D, USAGE_DAYS_90D),
    (NET_SPEND_365D, MRR_NOW),
    (DAYS_SINCE_FIRST_PURCHASE, DAYS_SINCE_FIRST_USAGE),
)
"Recency, frequency, monetary value and tenure: of each, the first that the table has."


@dataclass(eq=False)
class Rfm(Logistic):
    """A logistic regression on four columns (Hughes 1994), of purchases, or else of usage and subscriptions."""

    name: ClassVar[str] = "rfm"

    n_resamples: Resamples = 20

    regularization: Positive | None = 1.0

    def choose_columns(self, columns: tuple[FeatureColumn, ...]) -> tuple[FeatureColumn, ...]:
        """At most one column for each of the four; raises DataError where there is none."""
        by_name = {column.name: column for column in columns}
        candidates = [next((by_name[name] for name in names if name in by_name), None) for names in RFM_COLUMNS]
        chosen = tuple(column for column in candidates if column is not None)
        if not chosen:
            raise DataError(f"rfm needs a feature called {', '.join(RFM_COLUMNS[0])}; the table has none")
        return chosen


MODEL = Rfm
