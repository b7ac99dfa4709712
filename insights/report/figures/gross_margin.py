"""Gross margin of purchases: what is left of the revenue after the cost of the items."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from insights.report.calendar import Span
from insights.report.cost_data import ItemCosts
from insights.report.definitions import FigureDefinition, FigureSection, Sample, Sums, cells_by_period
from insights.report.figure import Place
from insights.report.inputs import FigureInputs


@dataclass(frozen=True)
class CostRows:
    """The revenue and cost of each row of `ItemCosts` that falls into a span; every array is (n,)."""

    costs: ItemCosts
    span: Span

    @property
    def revenue(self) -> NDArray[np.float64]:
        """Revenue with a known cost, 0 outside the span."""
        return np.where(self._in_span, self.costs.amounts, 0.0)

    @property
    def profit(self) -> NDArray[np.float64]:
        """That revenue less its cost."""
        return np.where(self._in_span, self.costs.amounts - self.costs.costs, 0.0)

    def sides(self) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        """Profit and revenue; None without revenue in the span."""
        return (self.profit, self.revenue) if self.revenue.sum() > 0 else None

    @property
    def n(self) -> int:
        """The number of customers with a purchase in the span."""
        return len(np.unique(self.costs.customer_ids[self._in_span]))

    @property
    def _in_span(self) -> NDArray[np.bool_]:
        return self.span.contains(self.costs.months)


def purchase_costs(inputs: FigureInputs) -> Iterator[Sample[CostRows]]:
    """All customers, and each group; nothing where no purchase has a cost."""
    data, calendar = inputs.data, inputs.data.calendar
    costs = data.item_costs
    if not len(costs.customer_ids):
        return
    groups = [(Place(), costs)]
    for grouping in data.groupings:
        groups += [(Place(grouping.by, name), costs.take(rows)) for name, rows in grouping.masks(costs.customer_ids)]
    for place, part in groups:
        yield Sample(part.customer_ids, cells_by_period(calendar, [(place, part)], rows_of=CostRows))


def _n(rows: CostRows) -> int:
    return rows.n


SECTION = FigureSection(
    position=51,
    figures=(
        FigureDefinition(
            "gross_profit",
            "money",
            sums=Sums(purchase_costs, ("year", "month"), CostRows.sides, lambda _, profit, revenue: profit, _n),
            views=("row", "month_chart", "group_column"),
            adds_up=True,
            is_exact=True,
        ),
        FigureDefinition(
            "gross_margin",
            "share",
            sums=Sums(purchase_costs, ("year", "month"), CostRows.sides, n=_n),
            views=("row", "month_chart", "group_column"),
            is_headline=True,
        ),
    ),
)
