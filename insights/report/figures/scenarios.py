"""What-if scenarios: unit economics now and in each scenario, with the revenue of the next three years."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.intervals import Estimate, estimate_intervals
from insights.finance.economics import Economics, WhatIf, project_revenue
from insights.finance.lifetime import MONTHS_PER_YEAR
from insights.report.acquired_customers import AcquiredCustomers
from insights.report.definitions import FigureDefinition, FigureSection, Outlook, figures_in_scenarios
from insights.report.figure import NOW, Figure, Place
from insights.report.inputs import FigureInputs
from insights.report.mrr_panel import MrrPanel

YEARS_AHEAD = 3
CHURN_CHANGE, RETENTION_POINTS = 0.01, 0.05
"One percent less churn; five percentage points more yearly retention, as in Reichheld & Sasser 1990."
GAINS = ("profit_of_less_churn", "profit_of_more_retention")
"What each of both adds to the profit of the coming years."


def scenario_figures(inputs: FigureInputs) -> list[Figure]:
    """Each figure that scenarios change, now and in each scenario, for all subscribers.

    Where the acquisition cost is unknown, scenarios that change it by a percentage are skipped. Where no customer
    churned, or all did, there are no intervals: every sample would have the same churn.
    """
    if not inputs.parts:
        return []
    panel, year = inputs.panel(inputs.parts[0]), inputs.data.calendar.year
    acquired = AcquiredCustomers.of_all(inputs.data, panel, span=year)
    scenarios = [WhatIf(label=NOW), *(one for one in inputs.what_ifs if acquired.has_cost or not _scales_cost(one))]
    earned, paying = panel.earnings_at(year)
    new_a_month = panel.new[:, panel.calendar.columns(year)].any(axis=1) / year.n_months
    columns = np.column_stack(
        [earned, panel.mrr[:, -1], paying, *panel.churn_over(year), acquired.is_new, acquired.costs, new_a_month]
    )
    if not paying.any():
        return []

    def evaluate(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.stack([_outcomes(sums, panel, acquired=acquired, scenarios=scenarios) for sums in weights @ columns])

    drawn = estimate_intervals(evaluate, panel.customer_ids, n_resamples=inputs.n_resamples)
    estimates = iter(drawn if _varies(panel.churn_over(year)) else [Estimate(one.value) for one in drawn])
    n = int(paying.sum())
    gains = [Figure(name, next(estimates), n) for name in GAINS]
    return [figure for figure in gains if not math.isnan(figure.value)] + [
        Figure(definition.name, estimate, n, Place("what_if", scenario.label))
        for scenario in scenarios
        for definition, estimate in zip(figures_in_scenarios(), estimates, strict=False)
        if not math.isnan(estimate.value)
    ]


def _varies(churn: tuple[NDArray[np.number], NDArray[np.number]]) -> bool:
    """Whether some of the months at risk ended with churn, and others did not."""
    churned, at_risk = churn
    return bool(0 < churned.sum() < at_risk.sum())


def _scales_cost(what_if: WhatIf) -> bool:
    """Whether it changes CAC by a percentage, which needs the CAC of today."""
    change = what_if.changes.get("cac")
    return change is not None and change.factor != 0


def _outcomes(
    sums: NDArray[np.float64], panel: MrrPanel, *, acquired: AcquiredCustomers, scenarios: Sequence[WhatIf]
) -> NDArray[np.float64]:
    """The `GAINS`, then scenarios x figures, for the sums of one sample."""
    earned, mrr, paying, churned, at_risk, n_acquired, costs, new_a_month = sums.tolist()
    if not (paying and at_risk and mrr):
        return np.full(len(GAINS) + len(scenarios) * len(figures_in_scenarios()), np.nan)
    cac = float(acquired.cac(np.array(costs), np.array(n_acquired))) if acquired.has_cost else 0.0
    now = Economics(
        mrr=mrr / paying,
        monthly_churn=min(1.0, churned / at_risk),
        margin=earned / mrr,
        acquisition_cost=cac,
        whole_months=panel.whole_months,
    )
    less_churn = replace(now, monthly_churn=now.monthly_churn * (1 - CHURN_CHANGE))
    today, *changed = (
        _look_ahead(then, paying, new_a_month=new_a_month) for then in (now, less_churn, _with_more_retention(now))
    )
    gains = [_profit_gained(today, then) for then in changed]
    outlooks = [_look_ahead(scenario.apply(now), paying, new_a_month=new_a_month) for scenario in scenarios]
    return np.array([*gains, *(_outcome(one, outlook) for outlook in outlooks for one in figures_in_scenarios())])


def _outcome(definition: FigureDefinition, outlook: Outlook) -> float:
    return math.nan if definition.in_scenario is None else definition.in_scenario(outlook)


def _look_ahead(then: Economics, n_customers: float, *, new_a_month: float) -> Outlook:
    """The coming years with today's number of customers and the new customers per month."""
    months = project_revenue(
        then, n_customers=n_customers, new_per_month=new_a_month, n_months=YEARS_AHEAD * MONTHS_PER_YEAR
    )
    years = months.reshape(YEARS_AHEAD, MONTHS_PER_YEAR).sum(axis=1).tolist()
    n_new = new_a_month * YEARS_AHEAD * MONTHS_PER_YEAR
    return Outlook(then, has_cost=then.acquisition_cost > 0, revenue=years, n_new=n_new)


def _profit_gained(now: Outlook, then: Outlook) -> float:
    """The additional profit as a share of today's; NaN without a profit today."""
    return then.profit / now.profit - 1 if now.profit > 0 else math.nan


def _with_more_retention(now: Economics) -> Economics:
    """The economics with five percentage points more yearly retention, at most all of it."""
    yearly = min(1.0, (1 - now.monthly_churn) ** MONTHS_PER_YEAR + RETENTION_POINTS)
    return replace(now, monthly_churn=1 - yearly ** (1 / MONTHS_PER_YEAR))


def _revenue_of_year(place: int) -> FigureDefinition:
    return FigureDefinition(
        f"revenue_year_{place + 1}",
        "money",
        computed_by=scenario_figures,
        in_scenario=lambda outlook: outlook.revenue[place],
        views=("scenario_row",),
    )


SECTION = FigureSection(
    position=40,
    figures=(
        *(_revenue_of_year(place) for place in range(YEARS_AHEAD)),
        FigureDefinition(
            "revenue_three_years",
            "money",
            computed_by=scenario_figures,
            in_scenario=lambda outlook: sum(outlook.revenue),
            views=("scenario_row",),
        ),
        FigureDefinition(
            "profit_three_years",
            "money",
            computed_by=scenario_figures,
            in_scenario=lambda outlook: outlook.profit,
            views=("scenario_row",),
        ),
        *(FigureDefinition(name, "share", computed_by=scenario_figures) for name in GAINS),
    ),
)
