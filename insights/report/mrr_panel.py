"""What each customer adds to the sums that lifetime value follows from, month by month.

months     | 1 | 2 | ... | 24 |
mrr          at each month's end, with what is left of it after serving
left         who was lost in each month, of those who were watched through it
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from insights.finance.lifetime import count_whole_months
from insights.report.breakdowns import Part
from insights.report.calendar import Calendar, Span
from insights.report.estimation import quotient
from insights.report.recurring import churn_by_month
from insights.report.report_data import ReportData
from models.metrics.weighted import ratio


@dataclass(frozen=True)
class MrrPanel:
    """One part of the book; every array is (n, months)."""

    customer_ids: np.ndarray
    "(n,)"
    calendar: Calendar
    mrr: np.ndarray
    earned: np.ndarray
    "MRR after the cost of serving it."
    left: np.ndarray
    watched: np.ndarray
    new: np.ndarray
    "bool: whether the month is the customer's first."
    whole_months: bool
    "Whether a lifetime counts finished months only."

    @classmethod
    def of(cls, facts: ReportData, part: Part) -> MrrPanel:
        """Of one part of the book."""
        belongs = part.belongs[:, 1:] if part.by == "plan" else True
        mrr = facts.money.amounts(part.book.units[:, 1:]) * belongs
        left, watched = churn_by_month(part, "logo_churn")
        new = np.column_stack([moved["new"] > 0 for moved in part.moved])
        earned = mrr * _margins(facts, part.customer_ids)
        whole = facts.config.report.whole_months
        return cls(part.customer_ids, facts.calendar, mrr, earned, left, watched, new, whole)

    def earns(self, span: Span) -> tuple[np.ndarray, np.ndarray]:
        """At the end of some months, (n,) each: what each customer leaves after serving them, and whether they pay."""
        last = self.calendar.columns(span).stop - 1
        return self.earned[:, last], (self.mrr[:, last] > 0).astype(float)

    def stays(self, span: Span) -> tuple[np.ndarray, np.ndarray]:
        """Over some months, (n,) each: in how many they left, and in how many they could have."""
        columns = self.calendar.columns(span)
        return self.left[:, columns].sum(axis=1), self.watched[:, columns].sum(axis=1)

    def months(self, left: np.ndarray, watched: np.ndarray) -> np.ndarray:
        """From such sums the months until a customer leaves; infinite where nobody did."""
        months = ratio(watched, left, otherwise=np.inf)
        return count_whole_months(months) if self.whole_months else months

    def worth(self, earned: np.ndarray, paying: np.ndarray, left: np.ndarray, watched: np.ndarray) -> np.ndarray:
        """LTV of the simple form, from such sums."""
        return quotient(earned, paying) * self.months(left, watched)


def _margins(facts: ReportData, customer_ids: np.ndarray) -> np.ndarray | float:
    """(n, months) share of each customer's price that is left at each month's end: what their spans say, else the TOML.

    One number where no span says anything.
    """
    stated, spans = facts.config.money.margin_rate, facts.spans.take(np.isin(facts.spans.customer_ids, customer_ids))
    if spans.margin_rates is None or np.isnan(spans.margin_rates).all():
        return stated
    rows = np.searchsorted(customer_ids, spans.customer_ids)
    rates = np.where(np.isnan(spans.margin_rates), stated, spans.margin_rates)
    found = []
    for month in facts.calendar.each_month:
        paid = np.where(spans.running_at(month.end - 1), np.maximum(spans.mrr, 0), 0)
        whole = np.bincount(rows, paid, len(customer_ids))
        found.append(ratio(np.bincount(rows, paid * rates, len(customer_ids)), whole, otherwise=stated))
    return np.column_stack(found)
