"""Channels and stores: where customers buy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from insights.report.calendar import Span
from insights.report.definitions import (
    FigureDefinition,
    FigureSection,
    Period,
    Sample,
    Sums,
    View,
    cells_by_period,
    take_total,
)
from insights.report.figure import Place
from insights.report.inputs import FigureInputs
from insights.report.outlet_data import OUTLETS, OutletSales


@dataclass(frozen=True)
class OutletRows:
    """The customers of all outlets over a span, and what they bought at one; every array is (customers,)."""

    sales: OutletSales
    owners: NDArray[np.int64]
    "(n,) the customer of each row of the sales."
    n_customers: int
    outlet: str
    span: Span

    @cached_property
    def all_revenue(self) -> NDArray[np.float64]:
        """What each customer paid at all outlets."""
        return self._sum(self.sales.amounts, self._in_span)

    @cached_property
    def revenue(self) -> NDArray[np.float64]:
        """What each customer paid at the outlet."""
        return self._sum(self.sales.amounts, self._in_span & (self.sales.outlets == self.outlet))

    @cached_property
    def n_orders(self) -> NDArray[np.float64]:
        """The number of orders at the outlet."""
        return self._sum(self.sales.n_orders, self._in_span & (self.sales.outlets == self.outlet))

    @property
    def n(self) -> int:
        """The number of customers with an order at the outlet."""
        return int((self.n_orders > 0).sum())

    @property
    def _in_span(self) -> NDArray[np.bool_]:
        return self.span.contains(self.sales.months)

    def _sum(self, values: NDArray[np.float64], rows: NDArray[np.bool_]) -> NDArray[np.float64]:
        return np.bincount(self.owners[rows], values[rows], self.n_customers).astype(np.float64)


def outlets(inputs: FigureInputs) -> Iterator[Sample[OutletRows]]:
    """Each channel and each store with sales in the year, highest revenue first."""
    calendar = inputs.data.calendar
    for by, sales in inputs.data.outlets.items():
        ids, owners = np.unique(sales.customer_ids, return_inverse=True)
        in_year = calendar.year.contains(sales.months)
        names, places = np.unique(sales.outlets[in_year], return_inverse=True)
        ranked = names[np.argsort(-np.bincount(places, sales.amounts[in_year], len(names)), kind="stable")]
        groups = [(Place(by, str(name)), str(name)) for name in ranked]
        rows_of = partial(OutletRows, sales, owners, len(ids))
        yield Sample(ids, cells_by_period(calendar, groups, rows_of=rows_of))


def _n(rows: OutletRows) -> int:
    return rows.n


_SPANS: tuple[Period, ...] = ("year", "month")
_VIEWS: tuple[View, ...] = ("own_group_column",)

SECTION = FigureSection(
    position=52,
    groupings=tuple(OUTLETS),
    figures=(
        FigureDefinition(
            "outlet_revenue",
            "money",
            sums=Sums(outlets, _SPANS, lambda rows: (rows.revenue,), take_total, _n),
            views=_VIEWS,
            is_exact=True,
        ),
        FigureDefinition(
            "outlet_revenue_share",
            "share",
            sums=Sums(outlets, _SPANS, lambda rows: (rows.revenue, rows.all_revenue), n=_n),
            views=_VIEWS,
        ),
        FigureDefinition(
            "outlet_orders",
            "count",
            sums=Sums(outlets, _SPANS, lambda rows: (rows.n_orders,), take_total, _n),
            views=_VIEWS,
            is_exact=True,
        ),
        FigureDefinition(
            "outlet_customers",
            "customers",
            sums=Sums(outlets, _SPANS, lambda rows: (rows.n_orders > 0,), take_total, _n),
            views=_VIEWS,
            is_exact=True,
        ),
        FigureDefinition(
            "outlet_order_value",
            "money",
            sums=Sums(outlets, _SPANS, lambda rows: (rows.revenue, rows.n_orders), n=_n),
            views=_VIEWS,
        ),
    ),
)
