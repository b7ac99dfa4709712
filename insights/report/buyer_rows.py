"""Buyers over a span of months: what each adds to the figures of purchases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from insights.finance.buying import DailyOrders
from insights.report.calendar import Span
from insights.report.definitions import Period, Sample
from insights.report.figure import ALL, Place
from insights.report.inputs import FigureInputs


def select_orders(orders: DailyOrders, span: Span) -> DailyOrders:
    """The orders of the months of a span."""
    return orders.take(span.contains(orders.days))


@dataclass(frozen=True)
class BuyerRows:
    """All customers who ever bought or returned anything, over a span; every array is (n,), sorted by customer."""

    orders: DailyOrders
    "Of all time."
    owners: NDArray[np.int64]
    "(orders,) the customer of each order."
    first_months: NDArray[np.datetime64]
    span: Span

    @cached_property
    def _rows(self) -> NDArray[np.bool_]:
        return self.span.contains(self.orders.days)

    @cached_property
    def n_orders(self) -> NDArray[Any]:
        """The number of orders in the span."""
        return np.bincount(self.owners[self._rows], self.orders.n_orders[self._rows], len(self.first_months))

    @cached_property
    def revenue(self) -> NDArray[Any]:
        """What was bought in the span less what was returned in it."""
        return np.bincount(self.owners[self._rows], self.orders.amounts[self._rows], len(self.first_months))

    @property
    def active(self) -> NDArray[np.bool_]:
        """Whether the customer ordered in the span."""
        return self.n_orders > 0

    @property
    def is_new(self) -> NDArray[np.bool_]:
        """Whether the first order of all is in the span."""
        return (self.first_months >= self.span.first) & (self.first_months <= self.span.last)

    @property
    def n_active(self) -> int:
        """The number of customers who ordered in the span."""
        return int(self.active.sum())


def all_buyers(inputs: FigureInputs) -> Iterator[Sample[BuyerRows]]:
    """All customers and each group with a purchase in the year; nothing without purchases in the year."""
    data = inputs.data
    year_ids = select_orders(data.orders, data.calendar.year).customer_ids
    if not len(year_ids):
        return
    yield _sample(inputs, Place(), members=np.unique(data.orders.customer_ids))
    for grouping in data.groupings:
        for name, _ in grouping.masks(year_ids):
            yield _sample(inputs, Place(grouping.by, name), members=grouping.members[name])


def _sample(inputs: FigureInputs, group: Place, *, members: NDArray[np.str_]) -> Sample[BuyerRows]:
    calendar, orders = inputs.data.calendar, inputs.data.orders
    orders = orders.take(np.isin(orders.customer_ids, members)) if group.by != ALL else orders
    ids, owners = np.unique(orders.customer_ids, return_inverse=True)
    first = np.full(len(ids), np.datetime64("9999-12"))
    has_order = orders.n_orders > 0
    np.minimum.at(first, owners[has_order], orders.days[has_order].astype("datetime64[M]"))

    def cell(period: str, span: Span) -> tuple[Place, BuyerRows]:
        return Place(group.by, group.group, period), BuyerRows(orders, owners, first, span)

    cells: dict[Period, Sequence[tuple[Place, BuyerRows]]] = {
        period: [cell(span.label, span) for span in spans] for period, spans in calendar.spans.items()
    }
    cells["rolling_year"] = [cell(str(year.last), year) for year in calendar.years]
    return Sample(ids, cells)
