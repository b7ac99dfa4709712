"""Cohorts: of the customers who began in one month, the share that is still there in each later one.

    began    n     0     1     2     3   months later
    2026-01  120   1.00  .62   .48   .41
    2026-02   98   1.00  .59   .47
    2026-03  131   1.00  .61

An order cohort begins with the month of the first order; a subscription cohort with the end of the first month that
the customer pays at, and keeps that month's rates. Who began before the months of the report belongs to none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from insights.finance.buying import DailyOrders
from insights.report.estimation import FigureSpec, estimate_figures, quotient
from insights.report.figure import Figure, Place
from insights.report.report_data import ReportData


def cohort_figures(facts: ReportData) -> list[Figure]:
    """Orders again, still subscribes, and revenue kept, by month of the beginning and by age."""
    return [*_of_orders(facts), *_of_subscriptions(facts)]


def _of_orders(facts: ReportData) -> list[Figure]:
    if not facts.has_orders:
        return []
    ids, began, active = order_activity(facts.orders, facts.calendar.months)
    return _curves("ordering", ids, began, lambda _: active, facts.calendar.months)


def order_activity(orders: DailyOrders, months: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every customer who ordered, (n,) sorted; in which of the months they began (-1 none of them), (n,) int64; and
    whether they ordered in each, (n, m) bool."""
    ids, owners = np.unique(orders.customer_ids, return_inverse=True)
    columns = (orders.days.astype("datetime64[M]") - months[0]).astype(np.int64)
    began = np.full(len(ids), len(months))
    np.minimum.at(began, owners, columns)
    active = np.zeros((len(ids), len(months)), bool)
    told = (columns >= 0) & (columns < len(months))
    active[owners[told], columns[told]] = True
    return ids, np.where((began >= 0) & (began < len(months)), began, -1), active


def _of_subscriptions(facts: ReportData) -> list[Figure]:
    if not facts.has_subscriptions:
        return []
    book = facts.book
    paid = book.units[:, 1:] > 0
    is_new = ~book.paid_earlier & (book.units[:, 0] == 0) & paid.any(axis=1)
    began = np.where(is_new, paid.argmax(axis=1), -1)

    def paid_by(column: int) -> np.ndarray:
        return book.at_rates_of(column, column + 1)[:, 1:]

    subscribing = _curves("subscribing", book.customer_ids, began, lambda _: paid, facts.calendar.months)
    return subscribing + _curves("revenue_kept", book.customer_ids, began, paid_by, facts.calendar.months)


def _curves(
    name: str, ids: np.ndarray, began: np.ndarray, level_of: Callable[[int], np.ndarray], months: np.ndarray
) -> list[Figure]:
    """Each cohort's level in each month over that of its first, with intervals over its customers."""
    found: list[Figure] = []
    for column in np.unique(began[began >= 0]):
        members, level = began == column, level_of(int(column)).astype(float)
        first = level[members, column]
        n, cohort = int(members.sum()), Place("cohort", str(months[column]))
        found += estimate_figures(
            (
                FigureSpec(name, "share", (level[members, later], first), quotient, replace(cohort, age=int(age)), n)
                for age, later in enumerate(range(column, len(months)))
            ),
            ids[members],
        )
    return found
