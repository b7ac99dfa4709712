"""Customer acquisition cost, LTV/CAC and CAC payback.

There are two bases, and a figure of one basis has the same name everywhere in a report:

    cac            spend divided by the customers who are new in the same months: of all customers, and of a channel,
                   where customers name it as their source. Without spend, the mean recorded cost of a customer.
    recorded_cac   that mean, in a report with spend: of all customers, and of any group

No table says for which group money was spent, so in a report with spend, groups have no `cac`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.intervals import Estimate
from insights.report.acquisition_data import Spend
from insights.report.breakdowns import SOURCE, Part
from insights.report.calendar import Span
from insights.report.estimation import FigureSpec, plain, quotient
from insights.report.figure import ALL, Figure
from insights.report.mrr_panel import MrrPanel
from insights.report.report_data import ReportData
from models.metrics.weighted import ratio

COST = ("cac", "ltv_over_cac", "cac_payback_months")
RECORDED_COST = ("recorded_cac", "ltv_over_recorded_cac", "recorded_cac_payback_months")


@dataclass(frozen=True)
class AcquiredCustomers:
    """The new customers of some months, as far as their cost is known, and that cost."""

    is_new: NDArray[np.float64]
    "(n,) 1.0 or 0.0"
    costs: NDArray[np.float64]
    "(n,) the recorded cost of each; 0 where the cost comes from spend."
    spend: float = 0.0
    "Spend on all of them together."

    @property
    def has_cost(self) -> bool:
        """Whether any cost is known."""
        return self.spend > 0 or bool(self.costs.any())

    def cac(self, costs: NDArray[np.float64], n_new: NDArray[np.float64]) -> NDArray[np.float64]:
        """CAC, from sums over customers; infinite for spend without a new customer."""
        return ratio(costs + self.spend, n_new, otherwise=np.inf if self.spend else np.nan)

    @classmethod
    def from_spend(cls, spend: Spend, panel: MrrPanel, *, span: Span) -> AcquiredCustomers:
        """The customers who are new in those months of the span that have spend."""
        columns = panel.calendar.columns(span)
        has_spend = np.isin(panel.calendar.months[columns], spend.months)
        is_new = panel.new[:, columns][:, has_spend].any(axis=1).astype(float)
        return cls(is_new, np.zeros(len(is_new)), spend.within(span))

    @classmethod
    def from_records(cls, data: ReportData, panel: MrrPanel, *, span: Span) -> AcquiredCustomers:
        """The customers who are new in the span and have a recorded cost."""
        records, ids = data.acquisition, panel.customer_ids
        is_new = panel.new[:, panel.calendar.columns(span)].any(axis=1) & np.isin(ids, records.customer_ids)
        costs = np.zeros(len(ids))
        costs[is_new] = records.costs[np.searchsorted(records.customer_ids, ids[is_new])]
        return cls(is_new.astype(float), costs)

    @classmethod
    def of_all(cls, data: ReportData, panel: MrrPanel, *, span: Span) -> AcquiredCustomers:
        """The basis of `cac` for all customers: spend where there is any, else recorded costs."""
        if len(data.acquisition.spend.months):
            return cls.from_spend(data.acquisition.spend, panel, span=span)
        return cls.from_records(data, panel, span=span)


def cac_specs(data: ReportData, part: Part, *, panel: MrrPanel) -> Iterator[FigureSpec]:
    """CAC, LTV/CAC and payback of one part: of the year, and of each month with the LTV of the year to its end."""
    calendar, spend = data.calendar, _spend_on(data, part)
    years = {year.last: year for year in calendar.years}
    for span in (calendar.year, *calendar.each_month):
        year = years.get(span.last)
        if spend is not None:
            acquired = AcquiredCustomers.from_spend(spend, panel, span=span)
            if acquired.has_cost:
                place = part.place(span.label)
                yield FigureSpec("won_customers", (acquired.is_new,), formula=plain, place=place)
            yield from _cost_specs(COST, acquired, part=part, panel=panel, span=span, year=year)
        names = RECORDED_COST if len(data.acquisition.spend.months) else COST
        acquired = AcquiredCustomers.from_records(data, panel, span=span)
        yield from _cost_specs(names, acquired, part=part, panel=panel, span=span, year=year)


def spend_figures(data: ReportData, part: Part, *, panel: MrrPanel) -> Iterator[Figure]:
    """Spend on the customers of a part, in the year and in each month. It is no sample, so it has no interval."""
    spend = _spend_on(data, part)
    if spend is None:
        return
    for span in (data.calendar.year, *data.calendar.each_month):
        acquired = AcquiredCustomers.from_spend(spend, panel, span=span)
        if acquired.has_cost:
            n = int(acquired.is_new.sum())
            yield Figure("acquisition_spend", Estimate(acquired.spend), n, part.place(span.label))


def _spend_on(data: ReportData, part: Part) -> Spend | None:
    """The spend on the customers of a part; None where no table says so."""
    if not len(data.acquisition.spend.months) or part.by not in (ALL, SOURCE):
        return None
    return data.acquisition.spend.of(part.group) if part.by == SOURCE else data.acquisition.spend


def _cost_specs(
    names: tuple[str, str, str],
    acquired: AcquiredCustomers,
    *,
    part: Part,
    panel: MrrPanel,
    span: Span,
    year: Span | None,
) -> Iterator[FigureSpec]:
    """CAC, LTV/CAC and payback from one basis; LTV/CAC only where the year to the span's end is in the calendar."""
    if not acquired.has_cost:
        return
    cost, place = (acquired.costs, acquired.is_new), part.place(span.label)
    earnings = panel.earnings_at(span)

    def ltv_over_cac(*sums: NDArray[np.float64]) -> NDArray[np.float64]:
        ltv, cac = panel.ltv(*sums[:4]), acquired.cac(*sums[4:])
        return ratio(np.where(np.isinf(ltv) & np.isinf(cac), np.nan, ltv), cac)

    def payback_months(*sums: NDArray[np.float64]) -> NDArray[np.float64]:
        return ratio(acquired.cac(*sums[2:]), quotient(*sums[:2]))

    yield FigureSpec(names[0], cost, formula=acquired.cac, place=place)
    if year is not None:
        addends = (*earnings, *panel.churn_over(year), *cost)
        yield FigureSpec(names[1], addends, formula=ltv_over_cac, place=place)
    yield FigureSpec(names[2], (*earnings, *cost), formula=payback_months, place=place)
