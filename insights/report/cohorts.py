"""Cohorts: of the customers who started in one month, the share that is still active in each later month.

    start    n     0     1     2     3   months later
    2026-01  120   1.00  .62   .48   .41
    2026-02   98   1.00  .59   .47
    2026-03  131   1.00  .61

An order cohort starts with the month of the first order, one of usage with the month of the first usage. A
subscription cohort starts with the first month at whose end the customer pays, and keeps that month's exchange rates.
Customers who started before the months of the report belong to no cohort.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from insights.finance.buying import DailyOrders
from insights.report.definitions import Sample
from insights.report.figure import Place
from insights.report.inputs import FigureInputs

Months = NDArray[np.datetime64]


@dataclass(frozen=True)
class CohortRows:
    """The customers of a cohort in a later month; every array is (n,)."""

    active_first: NDArray[Any]
    "Whether each was active in the first month: for subscriptions whether they paid, else whether they ordered."
    active: NDArray[Any]
    mrr_first: NDArray[Any]
    mrr: NDArray[Any]
    "At the rates of the first month; zeros where the cohort is of orders."

    def __len__(self) -> int:
        return len(self.active)


def order_cohorts(inputs: FigureInputs) -> Iterator[Sample[CohortRows]]:
    """Customers by the month of their first order."""
    months = inputs.data.calendar.months
    if not inputs.data.has_orders:
        return
    ids, starts, active = order_activity(inputs.data.orders.with_order, months)
    for column, members in _cohorts(starts):
        yield _sample(ids[members], column, months=months, active=active[members], mrr=None)


def usage_cohorts(inputs: FigureInputs) -> Iterator[Sample[CohortRows]]:
    """Customers by the month of their first usage."""
    usage, months = inputs.data.usage, inputs.data.calendar.months
    if not len(usage.months):
        return
    ids, starts, active = _activity(usage.customer_ids, usage.months, calendar=months)
    for column, members in _cohorts(starts):
        yield _sample(ids[members], column, months=months, active=active[members], mrr=None)


def order_activity(
    orders: DailyOrders, months: Months
) -> tuple[NDArray[np.str_], NDArray[np.int64], NDArray[np.bool_]]:
    """All customers with orders, (n,) sorted; the position of their first month, (n,), -1 if it is not among the
    months; and whether they ordered in each month, (n, m)."""
    return _activity(orders.customer_ids, orders.days.astype("datetime64[M]"), calendar=months)


def _activity(
    customer_ids: NDArray[np.str_], active_months: Months, *, calendar: Months
) -> tuple[NDArray[np.str_], NDArray[np.int64], NDArray[np.bool_]]:
    """As `order_activity`, of any customers and the months in which each was active, one row per month."""
    months = calendar
    ids, owners = np.unique(customer_ids, return_inverse=True)
    columns = (active_months - months[0]).astype(np.int64)
    starts = np.full(len(ids), len(months))
    np.minimum.at(starts, owners, columns)
    active = np.zeros((len(ids), len(months)), bool)
    inside = (columns >= 0) & (columns < len(months))
    active[owners[inside], columns[inside]] = True
    return ids, np.where((starts >= 0) & (starts < len(months)), starts, -1), active


def subscription_cohorts(inputs: FigureInputs) -> Iterator[Sample[CohortRows]]:
    """Customers by the first month at whose end they pay."""
    if not inputs.data.has_subscriptions:
        return
    book, months = inputs.data.book, inputs.data.calendar.months
    paid = book.units[:, 1:] > 0
    is_new = ~book.paid_earlier & (book.units[:, 0] == 0) & paid.any(axis=1)
    starts = np.where(is_new, paid.argmax(axis=1), -1)
    for column, members in _cohorts(starts):
        mrr = book.at_rates_of(column, column + 1)[:, 1:]
        yield _sample(book.customer_ids[members], column, months=months, active=paid[members], mrr=mrr[members])


def _cohorts(starts: NDArray[np.int64]) -> Iterator[tuple[int, NDArray[np.bool_]]]:
    """Each column in which a customer starts, with the mask of its customers."""
    for column in np.unique(starts[starts >= 0]):
        yield int(column), starts == column


def _sample(
    ids: NDArray[np.str_],
    column: int,
    *,
    months: Months,
    active: NDArray[np.bool_],
    mrr: NDArray[np.int64] | None,
) -> Sample[CohortRows]:
    """The cohort that starts in a column; `active` and `mrr` are (n, m)."""
    amounts = np.zeros(active.shape) if mrr is None else mrr
    cells = [
        (
            Place("cohort", str(months[column]), age=age),
            CohortRows(active[:, column], active[:, later], amounts[:, column], amounts[:, later]),
        )
        for age, later in enumerate(range(column, len(months)))
    ]
    return Sample(ids, {"age": cells})
