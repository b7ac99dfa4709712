"""Churn without a contract: no purchase within the horizon.

cutoff   gap       horizon
[-------)[------------------)
         a purchase in here that is no return: the customer stayed
"""

from __future__ import annotations

import numpy as np

from core.config.training import ChurnDefinition
from features.labels.inactivity import label_first_inactivity, label_inactivity
from features.labels.protocol import Label, LabelQuery, LabelResult
from tables.orders import IS_PURCHASE
from tables.tables import Tables


class NoPurchase:
    """Churned without a purchase in the window. Returns are no purchases."""

    table = "purchases"
    waits_for_renewal = False
    is_daily = False

    def describe(self, churn: ChurnDefinition) -> str:
        """The definition in words."""
        return f"no purchase within {churn.horizon_days} days"

    def label(self, tables: Tables, query: LabelQuery) -> LabelResult:
        """Label customers without a purchase in the window."""
        return label_inactivity(tables[self.table].filter(IS_PURCHASE), query)

    def label_lifetimes(self, tables: Tables, query: LabelQuery, *, follow_days: int) -> LabelResult:
        """Label customers without a purchase for a whole horizon, at any time while they are followed."""
        wait_days = np.full(len(query.customer_ids), float(query.churn.horizon_days))
        purchases = tables[self.table].filter(IS_PURCHASE)
        return label_first_inactivity(purchases, query.over(follow_days), wait_days=wait_days)


LABEL: Label = NoPurchase()
