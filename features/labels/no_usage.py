"""Churn from a service that is used rather than bought: no usage within the horizon."""

from __future__ import annotations

import numpy as np

from core.config.training import ChurnDefinition
from features.labels.inactivity import label_first_inactivity, label_inactivity
from features.labels.protocol import Label, LabelQuery, LabelResult
from tables.tables import Tables


class NoUsage:
    """Churned without usage in the window. Any event is usage."""

    table = "usage"
    waits_for_renewal = False
    is_daily = False

    def describe(self, churn: ChurnDefinition) -> str:
        """The definition in words."""
        return f"no usage within {churn.horizon_days} days"

    def label(self, tables: Tables, query: LabelQuery) -> LabelResult:
        """Label customers without usage in the window."""
        return label_inactivity(tables[self.table], query)

    def label_lifetimes(self, tables: Tables, query: LabelQuery, *, follow_days: int) -> LabelResult:
        """Label customers without usage for a whole horizon, at any time while they are followed."""
        wait_days = np.full(len(query.customer_ids), float(query.churn.horizon_days))
        return label_first_inactivity(tables[self.table], query.over(follow_days), wait_days=wait_days)


LABEL: Label = NoUsage()
