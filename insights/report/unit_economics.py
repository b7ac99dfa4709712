"""Lifetime value of subscribers: of the year, by month, and from the survival curve.

`ltv` follows from the average churn of the year. `ltv_curve` follows from the survival curve, with later money
discounted. Beyond the months through which enough customers were observed, the curve continues with constant churn.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.intervals import Estimate, estimate_intervals
from insights.finance.lifetime import MIN_OBSERVED, SubscriberLifetimes, sum_discounted_months, sum_tail_months
from insights.report.breakdowns import SOURCE, Part
from insights.report.cac import cac_specs, spend_figures
from insights.report.calendar import Span
from insights.report.estimation import FigureSpec, estimate_figures
from insights.report.figure import Figure
from insights.report.mrr_panel import MrrPanel
from insights.report.report_data import ReportData
from models.metrics.weighted import ratio


def unit_economics_figures(data: ReportData, part: Part) -> list[Figure]:
    """LTV, CAC and the figures that follow from them, of one part of the book."""
    panel = MrrPanel.of(data, part)
    specs = [*_yearly_specs(panel, part), *_monthly_specs(panel, part), *cac_specs(data, part, panel=panel)]
    figures = estimate_figures(specs, part.customer_ids)
    return [*figures, *spend_figures(data, part, panel=panel), *_curve_figures(data, part, panel=panel)]


def _yearly_specs(panel: MrrPanel, part: Part) -> Iterator[FigureSpec]:
    year = panel.calendar.year
    place, earnings, churn = part.place(year.label), panel.earnings_at(year), panel.churn_over(year)
    yield FigureSpec("margin", (earnings[0], panel.mrr[:, -1]), place=place)
    yield FigureSpec("expected_months", churn, formula=panel.months_until_churn, place=place)
    yield FigureSpec("ltv", (*earnings, *churn), formula=panel.ltv, place=place)


def _monthly_specs(panel: MrrPanel, part: Part) -> Iterator[FigureSpec]:
    """LTV at each month's end, from the churn of the year to it."""
    for year in panel.calendar.years:
        addends = (*panel.earnings_at(year), *panel.churn_over(year))
        yield FigureSpec("ltv", addends, formula=panel.ltv, place=part.place(str(year.last)))


def _curve_figures(data: ReportData, part: Part, *, panel: MrrPanel) -> list[Figure]:
    """The survival curve and the LTV from it; for all customers also the LTV at each month's end.

    None by plan: churned customers have no plan, so the curve of a plan would show survivors only.
    """
    if part.by in ("plan", SOURCE):
        return []
    figures = []
    curve = _estimate_curve(data, part, panel=panel, year=data.calendar.year)
    if curve is not None:
        figures += [
            Figure("ltv_observed", curve.ltv_observed, curve.n_episodes, part.place()),
            Figure("ltv_curve", curve.ltv, curve.n_episodes, part.place()),
            *(
                Figure("survival", share, curve.n_episodes, replace(part.place(), age=age))
                for age, share in enumerate(curve.survival)
            ),
        ]
    for year in () if part.group else data.calendar.years:
        curve = _estimate_curve(data, part, panel=panel, year=year)
        if curve is not None:
            figures.append(Figure("ltv_curve", curve.ltv, curve.n_episodes, part.place(str(year.last))))
    return figures


@dataclass(frozen=True, kw_only=True)
class _SurvivalLtv:
    """The survival curve at the end of a year, and the LTV from it."""

    n_episodes: int
    ltv_observed: Estimate
    "Within the observed months only."
    ltv: Estimate
    survival: list[Estimate]
    "By months since the start, from 0."


def _estimate_curve(data: ReportData, part: Part, *, panel: MrrPanel, year: Span) -> _SurvivalLtv | None:
    """The curve from the episodes known at the end of the year; None with fewer than `MIN_OBSERVED`."""
    lifetimes = SubscriberLifetimes.of(data.episodes.as_of(year.end))
    lifetimes = lifetimes.take(np.isin(lifetimes.customer_ids, part.customer_ids))
    if len(lifetimes.months) < MIN_OBSERVED:
        return None
    n_months = int(np.sort(lifetimes.months)[-MIN_OBSERVED])
    rows = np.searchsorted(panel.customer_ids, lifetimes.customer_ids)
    # A customer may have several episodes; the money counts once, with the last.
    money = [np.where(lifetimes.is_last, column[rows], 0.0) for column in panel.earnings_at(year)]
    discount = data.config.money.yearly_discount

    def evaluate(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        survival = lifetimes.survival(n_months, weights)
        earned = ratio(weights @ money[0], weights @ money[1])
        churn = ratio(weights @ lifetimes.has_ended, weights @ lifetimes.months)
        observed = sum_discounted_months(survival, discount)
        beyond = sum_tail_months(survival, np.clip(churn, 0, 1), yearly_discount=discount)
        return np.column_stack([earned * observed, earned * (observed + beyond), survival])

    observed, whole, *survival = estimate_intervals(evaluate, lifetimes.customer_ids)
    return _SurvivalLtv(n_episodes=len(lifetimes.months), ltv_observed=observed, ltv=whole, survival=survival)
