"""One part of the subscription book over a span of months: what its customers add to the figures of subscriptions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from insights.finance.mrr import retention_terms
from insights.report.acquired_customers import AcquiredCustomers
from insights.report.acquisition_data import Spend
from insights.report.breakdowns import SOURCE, Part
from insights.report.calendar import Span
from insights.report.definitions import Period, Sample
from insights.report.figure import ALL, Place
from insights.report.inputs import FigureInputs
from insights.report.mrr_panel import MrrPanel, churn_by_month
from insights.report.report_data import ReportData

Addends = tuple[NDArray[np.float64], ...]


@dataclass(frozen=True)
class BookRows:
    """The customers of a part over a span; every array is (n,), sorted by customer."""

    inputs: FigureInputs
    part: Part
    span: Span
    year: Span | None
    "The twelve months to the end of the span; None where the report does not cover all of them."

    @property
    def data(self) -> ReportData:
        """The data of the report."""
        return self.inputs.data

    @property
    def panel(self) -> MrrPanel:
        """MRR, profit and churn by month."""
        return self.inputs.panel(self.part)

    @property
    def _columns(self) -> slice:
        return self.data.calendar.columns(self.span)

    @property
    def closing(self) -> NDArray[np.int64]:
        """The MRR at the end of the span, in units of `money`."""
        return self.part.own.units[:, self._columns.stop]

    def amounts(self, units: NDArray[np.float64]) -> NDArray[np.float64]:
        """Units as amounts of the base currency."""
        return self.data.money.amounts(units)

    def movement(self, name: str) -> tuple[NDArray[np.int64]] | None:
        """A movement of the month that the span is; None where the part does not have it."""
        movements = self.part.movements[self._columns.start]
        return (movements[name],) if name in movements else None

    @cached_property
    def retention(self) -> Mapping[str, Addends]:
        """The sides of each retention figure, over the customers who belong to the part when the span begins."""
        start, stop = self._columns.start, self._columns.stop
        belongs = self.part.belongs[:, start]
        terms = retention_terms(self.part.book, start=start, end=stop)
        return {name: (above * belongs, below * belongs) for name, (above, below) in terms.items()}

    def monthly_churn(self, name: str) -> Addends:
        """What churned in the months of the span and what was at risk; `name` is logo_churn or revenue_churn."""
        churned, at_risk = (side[:, self._columns].sum(axis=1) for side in churn_by_month(self.part, name))
        return churned, at_risk

    @cached_property
    def ltv_terms(self) -> Addends | None:
        """The terms of `MrrPanel.ltv`: earnings at the end of the span, churn of the year to it."""
        if self.year is None:
            return None
        return (*self.panel.earnings_at(self.span), *self.panel.churn_over(self.year))

    @cached_property
    def spend(self) -> Spend | None:
        """The spend on the customers of the part; None where no table says so."""
        spend = self.data.acquisition.spend
        if not len(spend.months) or self.part.by not in (ALL, SOURCE):
            return None
        return spend.of(self.part.group) if self.part.by == SOURCE else spend

    @cached_property
    def customers_by_spend(self) -> AcquiredCustomers | None:
        """The customers won in the span with spend; None without spend."""
        if self.spend is None:
            return None
        acquired = AcquiredCustomers.from_spend(self.spend, self.panel, span=self.span)
        return acquired if acquired.has_cost else None

    @cached_property
    def customers_by_record(self) -> AcquiredCustomers | None:
        """The customers won in the span whose cost is recorded; None without any."""
        acquired = AcquiredCustomers.from_records(self.data, self.panel, span=self.span)
        return acquired if acquired.has_cost else None

    @property
    def new_customers(self) -> AcquiredCustomers | None:
        """The customers behind `cac`: from spend in a report with spend, else from recorded costs."""
        return self.customers_by_spend if len(self.data.acquisition.spend.months) else self.customers_by_record

    @property
    def customers_beside_spend(self) -> AcquiredCustomers | None:
        """The customers behind `recorded_cac`, which only a report with spend has."""
        return self.customers_by_record if len(self.data.acquisition.spend.months) else None


def subscribers(inputs: FigureInputs) -> Iterator[Sample[BookRows]]:
    """All subscribers, and each group and plan."""
    return (_sample(inputs, part) for part in inputs.parts)


def subscribers_and_channels(inputs: FigureInputs) -> Iterator[Sample[BookRows]]:
    """All subscribers, each group and plan, and each acquisition channel with spend."""
    return (_sample(inputs, part) for part in (*inputs.parts, *inputs.channels))


def _sample(inputs: FigureInputs, part: Part) -> Sample[BookRows]:
    calendar = inputs.data.calendar
    year, years = calendar.year, {year.last: year for year in calendar.years}
    cells: dict[Period, Sequence[tuple[Place, BookRows]]] = {
        "today": [(part.place(), BookRows(inputs, part, year, year))],
        "year": [(part.place(year.label), BookRows(inputs, part, year, year))],
        "month": [
            (part.place(month.label), BookRows(inputs, part, month, years.get(month.last)))
            for month in calendar.each_month
        ],
    }
    if not part.group:
        cells["fiscal_year"] = [
            (Place("fiscal_year", span.label, span.label), BookRows(inputs, part, span, years.get(span.last)))
            for span in calendar.fiscal_years
        ]
    return Sample(part.customer_ids, cells)
