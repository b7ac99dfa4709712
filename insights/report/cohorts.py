"""Cohorts: of the customers who started in one month, the share that is still active in each later month.

    start    n     0     1     2     3   months later
    2026-01  120   1.00  .62   .48   .41
    2026-02   98   1.00  .59   .47
    2026-03  131   1.00  .61

An order cohort starts with the month of the first order. A subscription cohort starts with the first month at whose end
the customer pays, and keeps that month's exchange rates. Customers who started before the months of the report belong
to no cohort.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from insights.finance.buying import DailyOrders
from insights.report.estimation import FigureSpec, estimate_figures
from insights.report.figure import Figure, Place
from insights.report.report_data import ReportData

Months = NDArray[np.datetime64]


def cohort_figures(data: ReportData) -> list[Figure]:
    """Repeat orders, retention and revenue retention, by start month and age."""
    return [*_order_cohorts(data), *_subscription_cohorts(data)]


def _order_cohorts(data: ReportData) -> list[Figure]:
    if not data.has_orders:
        return []
    ids, starts, active = order_activity(data.orders.with_order, data.calendar.months)
    return _cohort_curves("ordering", ids, starts=starts, level_of=lambda _: active, months=data.calendar.months)


def order_activity(
    orders: DailyOrders, months: Months
) -> tuple[NDArray[np.str_], NDArray[np.int64], NDArray[np.bool_]]:
    """All customers with orders, (n,) sorted; the position of their first month, (n,), -1 if it is not among the
    months; and whether they ordered in each month, (n, m)."""
    ids, owners = np.unique(orders.customer_ids, return_inverse=True)
    columns = (orders.days.astype("datetime64[M]") - months[0]).astype(np.int64)
    starts = np.full(len(ids), len(months))
    np.minimum.at(starts, owners, columns)
    active = np.zeros((len(ids), len(months)), bool)
    inside = (columns >= 0) & (columns < len(months))
    active[owners[inside], columns[inside]] = True
    return ids, np.where((starts >= 0) & (starts < len(months)), starts, -1), active


def _subscription_cohorts(data: ReportData) -> list[Figure]:
    if not data.has_subscriptions:
        return []
    book, months = data.book, data.calendar.months
    paid = book.units[:, 1:] > 0
    is_new = ~book.paid_earlier & (book.units[:, 0] == 0) & paid.any(axis=1)
    starts = np.where(is_new, paid.argmax(axis=1), -1)

    def mrr_at_rates_of(column: int) -> NDArray[Any]:
        return book.at_rates_of(column, column + 1)[:, 1:]

    retention = _cohort_curves("subscribing", book.customer_ids, starts=starts, level_of=lambda _: paid, months=months)
    return retention + _cohort_curves(
        "revenue_kept", book.customer_ids, starts=starts, level_of=mrr_at_rates_of, months=months
    )


def _cohort_curves(
    name: str,
    ids: NDArray[np.str_],
    *,
    starts: NDArray[np.int64],
    level_of: Callable[[int], NDArray[Any]],
    months: Months,
) -> list[Figure]:
    """The level of each cohort in each month divided by that of its first month.

    `level_of` gives the level of every customer in every month, (n, m), for the cohort that starts in a column.
    """
    figures: list[Figure] = []
    for column in np.unique(starts[starts >= 0]):
        members, level = starts == column, level_of(int(column)).astype(float)
        first = level[members, column]
        n, cohort = int(members.sum()), Place("cohort", str(months[column]))
        figures += estimate_figures(
            (
                FigureSpec(name, (level[members, later], first), place=replace(cohort, age=int(age)), n=n)
                for age, later in enumerate(range(column, len(months)))
            ),
            ids[members],
        )
    return figures
