"""MRR, gross profit and churn by customer and month: the addends of lifetime value.

months     | 1 | 2 | ... | 24 |
mrr          at each month's end; `earned` is what is left of it after the cost of service
churned      who churned in each month, among the customers `at_risk` in it
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from insights.finance.lifetime import count_whole_months
from insights.finance.mrr import retention_terms
from insights.report.breakdowns import Part
from insights.report.calendar import Calendar, Span
from insights.report.estimation import quotient
from insights.report.report_data import ReportData
from models.metrics.weighted import ratio


@dataclass(frozen=True, kw_only=True)
class MrrPanel:
    """One part of the book; every array is (n, months)."""

    customer_ids: NDArray[np.str_]
    "(n,)"
    calendar: Calendar
    mrr: NDArray[np.float64]
    earned: NDArray[np.float64]
    "MRR after the cost of service."
    churned: NDArray[np.float64]
    at_risk: NDArray[np.float64]
    new: NDArray[np.bool_]
    "Whether the month is the customer's first."
    whole_months: bool
    "Whether a lifetime counts complete months only."

    @classmethod
    def of(cls, data: ReportData, part: Part) -> MrrPanel:
        """The panel of one part of the book."""
        belongs = part.belongs[:, 1:] if part.by == "plan" else True
        mrr = data.money.amounts(part.book.units[:, 1:]) * belongs
        churned, at_risk = churn_by_month(part, "logo_churn")
        return cls(
            customer_ids=part.customer_ids,
            calendar=data.calendar,
            mrr=mrr,
            earned=mrr * _margins(data, part.customer_ids),
            churned=churned,
            at_risk=at_risk,
            new=np.column_stack([movements["new"] > 0 for movements in part.movements]),
            whole_months=data.config.report.whole_months,
        )

    def earnings_at(self, span: Span) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """At the end of a span, (n,) each: the earned MRR of each customer, and 1 if they pay."""
        last = self.calendar.columns(span).stop - 1
        return self.earned[:, last], (self.mrr[:, last] > 0).astype(float)

    def churn_over(self, span: Span) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Over a span, (n,) each: the months in which each customer churned, and the months at risk."""
        columns = self.calendar.columns(span)
        return self.churned[:, columns].sum(axis=1), self.at_risk[:, columns].sum(axis=1)

    def months_until_churn(self, churned: NDArray[np.float64], at_risk: NDArray[np.float64]) -> NDArray[np.float64]:
        """The expected lifetime in months, from sums of `churn_over`; infinite without churn."""
        months = ratio(at_risk, churned, otherwise=np.inf)
        return count_whole_months(months) if self.whole_months else months

    def ltv(self, *sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """LTV from average churn; the sums are those of `earnings_at`, then those of `churn_over`."""
        earned, paying, churned, at_risk = sums
        return quotient(earned, paying) * self.months_until_churn(churned, at_risk)


def churn_by_month(part: Part, name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What churned in each month and what was at risk, (n, months) each; `name` is logo_churn or revenue_churn."""
    months = range(part.book.units.shape[1] - 1)
    sides = [retention_terms(part.book, start=month, end=month + 1)[name] for month in months]
    churned, at_risk = (np.column_stack(cells) for cells in zip(*sides, strict=True))
    return churned * part.belongs[:, :-1], at_risk * part.belongs[:, :-1]


def _margins(data: ReportData, customer_ids: NDArray[np.str_]) -> NDArray[np.float64] | float:
    """(n, months): each customer's gross margin at each month's end, from their spans, else from the TOML.

    One number where no span has a margin.
    """
    default, spans = data.config.money.margin_rate, data.spans.take(np.isin(data.spans.customer_ids, customer_ids))
    if spans.margin_rates is None or np.isnan(spans.margin_rates).all():
        return default
    rows = np.searchsorted(customer_ids, spans.customer_ids)
    rates = np.where(np.isnan(spans.margin_rates), default, spans.margin_rates)
    margins = []
    for month in data.calendar.each_month:
        paid = np.where(spans.running_at(month.end - 1), np.maximum(spans.mrr, 0), 0)
        total = np.bincount(rows, paid, len(customer_ids))
        margins.append(ratio(np.bincount(rows, paid * rates, len(customer_ids)), total, otherwise=default))
    return np.column_stack(margins)
