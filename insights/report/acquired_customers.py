"""The customers won in a span of months, and what they cost.

There are two bases, and a figure of one basis has the same name everywhere in a report:

    cac            spend divided by the customers who are new in the same months: of all customers, and of a channel,
                   where customers name it as their source. Without spend, the mean recorded cost of a customer.
    recorded_cac   that mean, in a report with spend: of all customers, and of any group

No table says for which group money was spent, so in a report with spend, groups have no `cac`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from insights.report.acquisition_data import Spend
from insights.report.calendar import Span
from insights.report.mrr_panel import MrrPanel
from insights.report.report_data import ReportData
from models.metrics.weighted import ratio


@dataclass(frozen=True)
class AcquiredCustomers:
    """The new customers of some months, as far as their cost is known, and that cost."""

    is_new: NDArray[np.float64]
    "(n,) 1.0 or 0.0"
    costs: NDArray[np.float64]
    "(n,) the recorded cost of each; 0 where the cost comes from spend."
    spend: float = 0.0
    "Spend on all of them together."

    @property
    def has_cost(self) -> bool:
        """Whether any cost is known."""
        return self.spend > 0 or bool(self.costs.any())

    def cac(self, costs: NDArray[np.float64], n_new: NDArray[np.float64]) -> NDArray[np.float64]:
        """CAC, from sums over customers; infinite for spend without a new customer."""
        return ratio(costs + self.spend, n_new, otherwise=np.inf if self.spend else np.nan)

    @classmethod
    def from_spend(cls, spend: Spend, panel: MrrPanel, *, span: Span) -> AcquiredCustomers:
        """The customers who are new in those months of the span that have spend."""
        columns = panel.calendar.columns(span)
        has_spend = np.isin(panel.calendar.months[columns], spend.months)
        is_new = panel.new[:, columns][:, has_spend].any(axis=1).astype(float)
        return cls(is_new, np.zeros(len(is_new)), spend.within(span))

    @classmethod
    def from_records(cls, data: ReportData, panel: MrrPanel, *, span: Span) -> AcquiredCustomers:
        """The customers who are new in the span and have a recorded cost."""
        records, ids = data.acquisition, panel.customer_ids
        is_new = panel.new[:, panel.calendar.columns(span)].any(axis=1) & np.isin(ids, records.customer_ids)
        costs = np.zeros(len(ids))
        costs[is_new] = records.costs[np.searchsorted(records.customer_ids, ids[is_new])]
        return cls(is_new.astype(float), costs)

    @classmethod
    def of_all(cls, data: ReportData, panel: MrrPanel, *, span: Span) -> AcquiredCustomers:
        """The basis of `cac` for all customers: spend where there is any, else recorded costs."""
        if len(data.acquisition.spend.months):
            return cls.from_spend(data.acquisition.spend, panel, span=span)
        return cls.from_records(data, panel, span=span)
