"""What winning customers costs, and when they have paid it back: CAC, LTV/CAC, payback.

Told of a basis that is one within a report's name for it:

    cac            spend over the customers who are new in the same months: of all, and of a channel where
                   customers name it as their source; where nothing was spent, the mean cost recorded of each
    recorded_cac   that mean where spend tells the first: of all, and of any group

Nobody says for which group a spend was, so that a group has no `cac` beside spend.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

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
    """Who was won in some months whose cost is known, and what it was."""

    won: np.ndarray
    "(n,) 1.0 or 0.0"
    costs: np.ndarray
    "(n,) what winning each is said to have cost; 0 where spend tells it."
    spend: float = 0.0
    "What was spent on all of them."

    @property
    def is_known(self) -> bool:
        """Whether there is any cost to tell of."""
        return self.spend > 0 or bool(self.costs.any())

    def cac(self, costs: np.ndarray, won: np.ndarray) -> np.ndarray:
        """CAC, from sums over customers; infinite where spend won nobody."""
        return ratio(costs + self.spend, won, otherwise=np.inf if self.spend else np.nan)


def acquired_by_spend(spend: Spend, ledger: MrrPanel, span: Span) -> AcquiredCustomers:
    """Who is new in those of the months that have spend."""
    columns = ledger.calendar.columns(span)
    told = np.isin(ledger.calendar.months[columns], spend.months)
    won = ledger.new[:, columns][:, told].any(axis=1).astype(float)
    return AcquiredCustomers(won, np.zeros(len(won)), spend.within(span))


def acquired_by_record(facts: ReportData, ledger: MrrPanel, span: Span) -> AcquiredCustomers:
    """Who is new in the months and has a cost on record."""
    known, ids = facts.winning, ledger.customer_ids
    won = ledger.new[:, ledger.calendar.columns(span)].any(axis=1) & np.isin(ids, known.customer_ids)
    costs = np.zeros(len(ids))
    costs[won] = known.costs[np.searchsorted(known.customer_ids, ids[won])]
    return AcquiredCustomers(won.astype(float), costs)


def acquired_of_all(facts: ReportData, ledger: MrrPanel, span: Span) -> AcquiredCustomers:
    """As `cac` tells it of everybody: by spend, else by what is recorded."""
    if len(facts.winning.spend.months):
        return acquired_by_spend(facts.winning.spend, ledger, span)
    return acquired_by_record(facts, ledger, span)


def cac_specs(facts: ReportData, part: Part, ledger: MrrPanel) -> Iterator[FigureSpec]:
    """The figures of one part: of the year, and of each month with the worth of the year to its end."""
    calendar, spend = facts.calendar, _spend_on(facts, part)
    moments = [(calendar.year, calendar.year), *((month, None) for month in calendar.each_month)]
    years = {year.last: year for year in calendar.years}
    for span, year in moments:
        lasting = year or years.get(span.last)
        if spend is not None:
            bought = acquired_by_spend(spend, ledger, span)
            if bought.is_known:
                yield FigureSpec("won_customers", "customers", (bought.won,), plain, part.place(span.label))
            yield from _costs(COST, bought, part, ledger, span, lasting)
        names = RECORDED_COST if len(facts.winning.spend.months) else COST
        yield from _costs(names, acquired_by_record(facts, ledger, span), part, ledger, span, lasting)


def spend_figures(facts: ReportData, part: Part, ledger: MrrPanel) -> Iterator[Figure]:
    """What was spent on a part's customers in the year and in each month; nothing is drawn for it, so it is exact."""
    spend = _spend_on(facts, part)
    if spend is None:
        return
    for span in (facts.calendar.year, *facts.calendar.each_month):
        bought = acquired_by_spend(spend, ledger, span)
        if bought.is_known:
            n = int(bought.won.sum())
            yield Figure("acquisition_spend", "money", Estimate(bought.spend), n, part.place(span.label))


def _spend_on(facts: ReportData, part: Part) -> Spend | None:
    """What was spent on winning a part's customers; None where nobody says."""
    if not len(facts.winning.spend.months) or part.by not in (ALL, SOURCE):
        return None
    return facts.winning.spend.of(part.group) if part.by == SOURCE else facts.winning.spend


def _costs(
    names: tuple[str, str, str], bought: AcquiredCustomers, part: Part, ledger: MrrPanel, span: Span, year: Span | None
) -> Iterator[FigureSpec]:
    """CAC, LTV/CAC and payback of one basis; LTV/CAC where a year lies behind."""
    if not bought.is_known:
        return
    cost, place = (bought.costs, bought.won), part.place(span.label)
    earns = ledger.earns(span)

    def worth_over_cost(*sums: np.ndarray) -> np.ndarray:
        worth, cac = ledger.worth(*sums[:4]), bought.cac(*sums[4:])
        return ratio(np.where(np.isinf(worth) & np.isinf(cac), np.nan, worth), cac)

    def paid_back(*sums: np.ndarray) -> np.ndarray:
        return ratio(bought.cac(*sums[2:]), quotient(*sums[:2]))

    yield FigureSpec(names[0], "money", cost, bought.cac, place)
    if year is not None:
        yield FigureSpec(names[1], "times", (*earns, *ledger.stays(year), *cost), worth_over_cost, place)
    yield FigureSpec(names[2], "months", (*earns, *cost), paid_back, place)
