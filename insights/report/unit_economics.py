"""What a subscriber is worth: LTV of the year, month by month, and from the survival curve.

Twice: from the year's average churn (the simple form), and from how long customers really stayed (the survival curve),
where later money is worth less. Beyond the months that enough customers were watched, churn is taken as constant.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from core.intervals import Estimate, estimate_intervals
from insights.finance.lifetime import MIN_OBSERVED, SubscriberLifetimes, sum_discounted_months, sum_tail_months
from insights.report.breakdowns import SOURCE, Part
from insights.report.cac import cac_specs, spend_figures
from insights.report.calendar import Span
from insights.report.estimation import FigureSpec, estimate_figures, quotient
from insights.report.figure import Figure
from insights.report.mrr_panel import MrrPanel
from insights.report.report_data import ReportData
from models.metrics.weighted import ratio


def unit_economics_figures(facts: ReportData, part: Part) -> list[Figure]:
    """LTV, CAC and what follows from them, of one part of the book."""
    ledger = MrrPanel.of(facts, part)
    sought = [*_simple(ledger, part), *_by_month(ledger, part), *cac_specs(facts, part, ledger)]
    found = estimate_figures(sought, part.customer_ids)
    return [*found, *spend_figures(facts, part, ledger), *_curves(facts, part, ledger)]


def _simple(ledger: MrrPanel, part: Part) -> Iterator[FigureSpec]:
    year = ledger.calendar.year
    place, earns, stays = part.place(year.label), ledger.earns(year), ledger.stays(year)
    yield FigureSpec("margin", "share", (earns[0], ledger.mrr[:, -1]), quotient, place)
    yield FigureSpec("expected_months", "months", stays, ledger.months, place)
    yield FigureSpec("ltv", "money", (*earns, *stays), ledger.worth, place)


def _by_month(ledger: MrrPanel, part: Part) -> Iterator[FigureSpec]:
    """LTV as it was at each month's end, from the churn of the year to it."""
    for year in ledger.calendar.years:
        place = part.place(str(year.last))
        yield FigureSpec("ltv", "money", (*ledger.earns(year), *ledger.stays(year)), ledger.worth, place)


def _curves(facts: ReportData, part: Part, ledger: MrrPanel) -> list[Figure]:
    """The survival curve and what a customer is worth by it; of all also as it was at each month's end.

    None by plan: those who left are on no plan, so that a plan's curve would tell of survivors only.
    """
    if part.by in ("plan", SOURCE):
        return []
    found = []
    told = _curve(facts, part, ledger, facts.calendar.year)
    if told is not None:
        n, (observed, whole, *curve) = told
        found += [
            Figure("ltv_observed", "money", observed, n, part.place()),
            Figure("ltv_curve", "money", whole, n, part.place()),
            *(Figure("survival", "share", share, n, replace(part.place(), age=age)) for age, share in enumerate(curve)),
        ]
    for year in () if part.group else facts.calendar.years:
        told = _curve(facts, part, ledger, year)
        if told is not None:
            found.append(Figure("ltv_curve", "money", told[1][1], told[0], part.place(str(year.last))))
    return found


def _curve(facts: ReportData, part: Part, ledger: MrrPanel, year: Span) -> tuple[int, list[Estimate]] | None:
    """At the end of a year how many episodes there were, LTV within the curve, LTV, and the curve; None of too few."""
    lives = SubscriberLifetimes.of(facts.episodes.known_at(year.end))
    lives = lives.take(np.isin(lives.customer_ids, part.customer_ids))
    if len(lives.months) < MIN_OBSERVED:
        return None
    n_months = int(np.sort(lives.months)[-MIN_OBSERVED])
    rows = np.searchsorted(ledger.customer_ids, lives.customer_ids)
    money = [np.where(lives.is_last, column[rows], 0.0) for column in ledger.earns(year)]
    discount = facts.config.money.yearly_discount

    def figures(weights: np.ndarray) -> np.ndarray:
        curve = lives.survival(n_months, weights)
        earned = ratio(weights @ money[0], weights @ money[1])
        churn = ratio(weights @ lives.has_ended, weights @ lives.months)
        seen = sum_discounted_months(curve, discount)
        beyond = sum_tail_months(curve, np.clip(churn, 0, 1), yearly_discount=discount)
        return np.column_stack([earned * seen, earned * (seen + beyond), curve])

    return len(lives.months), estimate_intervals(figures, lives.customer_ids)
