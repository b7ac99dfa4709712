"""What-if scenarios: unit economics now and in each scenario, with the revenue of the next three years."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.intervals import estimate_intervals
from insights.finance.economics import Economics, WhatIf, project_revenue
from insights.finance.lifetime import MONTHS_PER_YEAR
from insights.report.breakdowns import Part
from insights.report.cac import AcquiredCustomers
from insights.report.figure import Figure, Place
from insights.report.mrr_panel import MrrPanel
from insights.report.report_data import ReportData

YEARS_AHEAD = 3
NOW = "now"
OUTCOMES = (
    "mrr_a_customer", "monthly_logo_churn", "margin", "cac", "expected_months", "ltv", "ltv_over_cac",
    "cac_payback_months", "revenue_year_1", "revenue_year_2", "revenue_year_3", "revenue_three_years",
)  # fmt: skip


def scenario_figures(data: ReportData, part: Part, *, what_ifs: Sequence[WhatIf]) -> list[Figure]:
    """Each outcome now and in each scenario. `part` is all customers.

    Where the acquisition cost is unknown, scenarios that change it by a percentage are skipped.
    """
    panel, year = MrrPanel.of(data, part), data.calendar.year
    acquired = AcquiredCustomers.of_all(data, panel, span=year)
    scenarios = [WhatIf(label=NOW), *(one for one in what_ifs if acquired.has_cost or not _scales_cost(one))]
    earned, paying = panel.earnings_at(year)
    new_a_month = panel.new[:, panel.calendar.columns(year)].any(axis=1) / year.n_months
    columns = np.column_stack(
        [earned, panel.mrr[:, -1], paying, *panel.churn_over(year), acquired.is_new, acquired.costs, new_a_month]
    )
    if not paying.any():
        return []

    def evaluate(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.stack([_outcomes(sums, panel, acquired=acquired, scenarios=scenarios) for sums in weights @ columns])

    estimates = iter(estimate_intervals(evaluate, panel.customer_ids))
    n = int(paying.sum())
    return [
        Figure(name, estimate, n, Place("what_if", scenario.label))
        for scenario in scenarios
        for name, estimate in zip(OUTCOMES, estimates, strict=False)
        if not math.isnan(estimate.value)
    ]


def _scales_cost(what_if: WhatIf) -> bool:
    """Whether it changes CAC by a percentage, which needs the CAC of today."""
    change = what_if.changes.get("cac")
    return change is not None and change.factor != 0


def _outcomes(
    sums: NDArray[np.float64], panel: MrrPanel, *, acquired: AcquiredCustomers, scenarios: Sequence[WhatIf]
) -> NDArray[np.float64]:
    """(scenarios x outcomes,) for the sums of one sample."""
    earned, mrr, paying, churned, at_risk, n_acquired, costs, new_a_month = sums.tolist()
    if not (paying and at_risk and mrr):
        return np.full(len(scenarios) * len(OUTCOMES), np.nan)
    cac = float(acquired.cac(np.array(costs), np.array(n_acquired))) if acquired.has_cost else 0.0
    now = Economics(
        mrr=mrr / paying,
        monthly_churn=min(1.0, churned / at_risk),
        margin=earned / mrr,
        acquisition_cost=cac,
        whole_months=panel.whole_months,
    )
    return np.concatenate([_scenario_outcomes(one, now, customers=(paying, new_a_month)) for one in scenarios])


def _scenario_outcomes(scenario: WhatIf, now: Economics, *, customers: tuple[float, float]) -> list[float]:
    """The outcomes in one scenario, for today's number of customers and the new customers per month."""
    then = scenario.apply(now)
    costs = then.acquisition_cost if then.acquisition_cost > 0 else math.nan
    n_customers, new_a_month = customers
    months = project_revenue(
        then, n_customers=n_customers, new_per_month=new_a_month, n_months=YEARS_AHEAD * MONTHS_PER_YEAR
    )
    years = months.reshape(YEARS_AHEAD, MONTHS_PER_YEAR).sum(axis=1).tolist()
    payback_months = then.payback_months if costs > 0 else math.nan
    return [
        then.mrr, then.monthly_churn, then.margin, costs, then.lifetime_months, then.lifetime_value,
        then.lifetime_value / costs, payback_months, *years, sum(years),
    ]  # fmt: skip
