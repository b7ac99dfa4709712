"""What if: the economics now and under each supposition, with revenue over the coming three years."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from core.intervals import estimate_intervals
from insights.finance.economics import Economics, WhatIf, project_revenue
from insights.finance.lifetime import MONTHS_PER_YEAR
from insights.report.breakdowns import Part
from insights.report.cac import AcquiredCustomers, acquired_of_all
from insights.report.figure import Figure, Place, Unit
from insights.report.mrr_panel import MrrPanel
from insights.report.report_data import ReportData

YEARS_AHEAD = 3
NOW = "now"
OUTCOMES: dict[str, Unit] = {
    "mrr_a_customer": "money", "monthly_logo_churn": "share", "margin": "share", "cac": "money",
    "expected_months": "months", "ltv": "money", "ltv_over_cac": "times", "cac_payback_months": "months",
    "revenue_year_1": "money", "revenue_year_2": "money", "revenue_year_3": "money", "revenue_three_years": "money",
}  # fmt: skip


def scenario_figures(facts: ReportData, everybody: Part, what_ifs: Sequence[WhatIf]) -> list[Figure]:
    """Each outcome now and under each supposition; suppositions of a cost that nobody knows are left out."""
    ledger, year = MrrPanel.of(facts, everybody), facts.calendar.year
    acquired = acquired_of_all(facts, ledger, year)
    told = [what_if for what_if in what_ifs if acquired.is_known or _sets_cost(what_if)]
    cases = [WhatIf(label=NOW), *told]
    earned, paying = ledger.earns(year)
    new = ledger.new[:, ledger.calendar.columns(year)].any(axis=1) / year.n_months
    columns = np.column_stack(
        [earned, ledger.mrr[:, -1], paying, *ledger.stays(year), acquired.won, acquired.costs, new]
    )
    if not paying.any():
        return []

    def figures(weights: np.ndarray) -> np.ndarray:
        return np.stack([_outcomes(sums, ledger, acquired, cases) for sums in weights @ columns])

    found = iter(estimate_intervals(figures, ledger.customer_ids))
    n = int(paying.sum())
    return [
        Figure(name, unit, estimate, n, Place("what_if", case.label))
        for case in cases
        for (name, unit), estimate in zip(OUTCOMES.items(), found, strict=False)
        if not math.isnan(estimate.value)
    ]


def _sets_cost(what_if: WhatIf) -> bool:
    """Whether it says nothing of the cost, or what that is instead of how much more."""
    change = what_if.changes.get("cac")
    return change is None or change.factor == 0


def _outcomes(sums: np.ndarray, ledger: MrrPanel, acquired: AcquiredCustomers, cases: Sequence[WhatIf]) -> np.ndarray:
    """(cases x outcomes,) for the sums of one sample."""
    earned, mrr, paying, left, watched, won, costs, new = sums.tolist()
    if not (paying and watched and mrr):
        return np.full(len(cases) * len(OUTCOMES), np.nan)
    cac = float(acquired.cac(np.array(costs), np.array(won))) if acquired.is_known else 0.0
    now = Economics(
        mrr=mrr / paying, monthly_churn=min(1.0, left / watched), margin=earned / mrr, acquisition_cost=cac,
        whole_months=ledger.whole_months,
    )  # fmt: skip
    return np.concatenate([_of_case(case, now, paying, new) for case in cases])


def _of_case(case: WhatIf, now: Economics, n_customers: float, new_a_month: float) -> list[float]:
    then = case.apply(now)
    costs = then.acquisition_cost if then.acquisition_cost > 0 else math.nan
    months = project_revenue(
        then, n_customers=n_customers, new_per_month=new_a_month, n_months=YEARS_AHEAD * MONTHS_PER_YEAR
    )
    years = months.reshape(YEARS_AHEAD, MONTHS_PER_YEAR).sum(axis=1).tolist()
    paid_back = then.payback_months if costs > 0 else math.nan
    return [
        then.mrr, then.monthly_churn, then.margin, costs, then.lifetime_months, then.lifetime_value,
        then.lifetime_value / costs, paid_back, *years, sum(years),
    ]  # fmt: skip
