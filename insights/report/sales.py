"""Buying: revenue, orders, who comes back, and what a customer brings with time."""

from __future__ import annotations

import numpy as np

from core.window import DAYS_PER_MONTH
from insights.finance.buying import BUYING_FIGURES, Buyers, DailyOrders, estimate_buying_figures
from insights.finance.lifetime import MIN_OBSERVED, MONTHS_PER_YEAR
from insights.report.calendar import Span
from insights.report.estimation import FigureSpec, estimate_figures, plain, quotient
from insights.report.figure import ALL, Figure, Place, Unit
from insights.report.report_data import ReportData

UNITS: dict[str, Unit] = {
    "repeat_rate": "share", "average_order_value": "money", "orders_a_customer": "count",
    "revenue_a_customer": "money", "top_20_share": "share",
}  # fmt: skip


def sales_figures(facts: ReportData) -> list[Figure]:
    """Everything of a year's orders: of all, by group, by month; value by age; none without orders."""
    year = facts.calendar.year
    orders = within(facts.orders, year)
    if not len(orders.days):
        return []
    found = _buying(orders, ALL, "", year)
    for grouping in facts.groupings:
        for name, rows in grouping.masks(orders.customer_ids):
            found += _buying(orders.take(rows), grouping.by, name, year)
            found += _by_month(facts, grouping.by, name, grouping.members[name])
    found += _by_month(facts, ALL, "", np.unique(facts.orders.customer_ids))
    return found + _value_by_age(facts)


def within(orders: DailyOrders, span: Span) -> DailyOrders:
    """The orders of these months."""
    return orders.take(span.holds(orders.days))


def _buying(orders: DailyOrders, by: str, group: str, span: Span) -> list[Figure]:
    n_customers, place = len(np.unique(orders.customer_ids)), Place(by, group, span.label)
    told = estimate_buying_figures(orders)
    figures = [Figure(name, UNITS[name], told[name], n_customers, place) for name in BUYING_FIGURES]
    ones = np.ones(len(orders.days))
    sought = [
        FigureSpec("revenue", "money", (orders.amounts,), plain, place, n_customers),
        FigureSpec("orders", "count", (ones,), plain, place, n_customers),
    ]
    return figures + estimate_figures(sought, orders.customer_ids)


def _by_month(facts: ReportData, by: str, group: str, members: np.ndarray) -> list[Figure]:
    """Who came, came back and what they bought; who ordered twice in the year to each month's end."""
    orders = facts.orders.take(np.isin(facts.orders.customer_ids, members))
    ids, owners = np.unique(orders.customer_ids, return_inverse=True)
    first = np.full(len(ids), np.datetime64("9999-12"))
    np.minimum.at(first, owners, orders.days.astype("datetime64[M]"))
    sought: list[FigureSpec] = []
    for span in (facts.calendar.year, *facts.calendar.each_month):
        rows = span.holds(orders.days)
        n_orders = np.bincount(owners[rows], minlength=len(ids))
        active, came = n_orders > 0, (first >= span.first) & (first <= span.last)
        place, n = Place(by, group, span.label), int(active.sum())
        sought += [
            FigureSpec("active_customers", "customers", (active,), plain, place, n),
            FigureSpec("new_customers", "customers", (came,), plain, place, n),
            FigureSpec("returning_share", "share", (active & ~came, active), quotient, place, n),
        ]
        if place.is_month:
            revenue = np.bincount(owners[rows], orders.amounts[rows], len(ids))
            sought += [
                FigureSpec("revenue", "money", (revenue,), plain, place, n),
                FigureSpec("orders", "count", (n_orders,), plain, place, n),
                FigureSpec("average_order_value", "money", (revenue, n_orders), quotient, place, n),
            ]
    for year in facts.calendar.years:
        n_orders = np.bincount(owners[year.holds(orders.days)], minlength=len(ids))
        sides = (n_orders > 1, n_orders > 0)
        sought.append(FigureSpec("repeat_rate", "share", sides, quotient, Place(by, group, str(year.last))))
    return estimate_figures(sought, ids)


def _value_by_age(facts: ReportData) -> list[Figure]:
    """What a customer has brought by each month since the first order on record, after margin, later money worth less.

    Each month of age is averaged over the customers who have been watched through it, so that the young count as well.
    """
    orders = facts.orders.take(facts.orders.days < facts.calendar.end)
    buyers = Buyers.of(orders)
    rows = np.searchsorted(buyers.customer_ids, orders.customer_ids)
    ages = _months(orders.days - buyers.first_days[rows])
    watched = _months(facts.calendar.end - buyers.first_days)
    enough = np.sort(watched)[-MIN_OBSERVED] if len(watched) >= MIN_OBSERVED else 0
    n_ages = min(int(enough), len(facts.calendar.months))
    money = facts.config.money
    parts: list[np.ndarray] = []
    sought = []
    for age in range(n_ages):
        seen, lines = watched > age, ages == age
        worth = money.margin_rate / (1 + money.yearly_discount) ** (age / MONTHS_PER_YEAR)
        parts += [np.bincount(rows[lines], orders.amounts[lines], len(buyers)) * seen * worth, seen]
        n = int(seen.sum())
        sought.append(FigureSpec("value_by_age", "money", tuple(parts), _added_up, Place(age=age + 1), n))
        if age + 1 == MONTHS_PER_YEAR:
            sought.append(FigureSpec("ltv_first_year", "money", tuple(parts), _added_up, n=n))
    if sought:
        sought.append(FigureSpec("ltv_seen", "money", tuple(parts), _added_up, n=sought[-1].n))
    return estimate_figures(sought, buyers.customer_ids)


def _months(spans: np.ndarray) -> np.ndarray:
    """Whole months in spans of days, int64."""
    return np.floor(spans.astype(np.float64) / DAYS_PER_MONTH).astype(np.int64)


def _added_up(*sums: np.ndarray) -> np.ndarray:
    """Averages of one month of age after the other, added up."""
    return np.sum([quotient(*pair) for pair in zip(sums[::2], sums[1::2], strict=True)], axis=0)
