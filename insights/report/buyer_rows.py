"""Buyers over a span of months: what each adds to the figures of purchases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from insights.finance.buying import DailyOrders
from insights.report.activity import ActivityRows, find_first_months, sample_groups
from insights.report.calendar import Span
from insights.report.definitions import Sample, cells_by_period
from insights.report.figure import Place
from insights.report.inputs import FigureInputs


def select_orders(orders: DailyOrders, span: Span) -> DailyOrders:
    """The orders of the months of a span."""
    return orders.take(span.contains(orders.days))


@dataclass(frozen=True)
class BuyerRows(ActivityRows):
    """All customers who ever bought or returned anything, over a span; every array is (n,), sorted by customer."""

    orders: DailyOrders
    "Of all time."

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


def all_buyers(inputs: FigureInputs) -> Iterator[Sample[BuyerRows]]:
    """All customers and each group with a purchase in the year; nothing without purchases in the year."""
    orders, year = inputs.data.orders, inputs.data.calendar.year
    return sample_groups(
        inputs,
        lambda group, members: _sample(inputs, group, members=members),
        year_ids=select_orders(orders, year).customer_ids,
    )


def _sample(inputs: FigureInputs, group: Place, *, members: NDArray[np.str_] | None) -> Sample[BuyerRows]:
    orders = inputs.data.orders
    orders = orders if members is None else orders.take(np.isin(orders.customer_ids, members))
    ids, owners = np.unique(orders.customer_ids, return_inverse=True)
    has_order = orders.n_orders > 0
    first = find_first_months(owners[has_order], orders.days[has_order].astype("datetime64[M]"), n=len(ids))

    def rows_of(orders: DailyOrders, span: Span) -> BuyerRows:
        return BuyerRows(owners, first, span, orders)

    cells = cells_by_period(inputs.data.calendar, [(group, orders)], rows_of=rows_of)
    years = inputs.data.calendar.years
    cells["rolling_year"] = [(Place(group.by, group.group, str(year.last)), rows_of(orders, year)) for year in years]
    return Sample(ids, cells)
