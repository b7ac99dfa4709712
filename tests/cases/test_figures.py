"""Every figure is right on small inputs that once gave a wrong one."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from features.cohort import select_cohort
from features.pipeline import compute_features
from tests.cases.conftest import Case


def value_of(report: dict[str, Any], name: str, *, by: str = "all", group: str = "", period: str | None = None) -> Any:
    """The value of the one figure of a name and group; of the year or the day of the report, or of one period."""
    values = [
        figure["value"]
        for figure in report["figures"]
        if (figure["name"], figure["by"], figure["group"]) == (name, by, group)
        and (("-" not in figure["period"] or "/" in figure["period"]) if period is None else figure["period"] == period)
    ]
    assert len(values) == 1, values
    return values[0]


@pytest.mark.case("trial_plan")
def test_a_plan_that_nobody_pays_for_has_no_mrr(case: Case):
    report = case.report("2026-07-01")

    assert value_of(report, "mrr") == value_of(report, "mrr", by="plan", group="basic") == 2000
    assert value_of(report, "mrr", by="plan", group="trial") == 0


@pytest.mark.case("plan_within_month")
def test_a_pass_that_ends_within_its_month_has_no_mrr_at_any_months_end(case: Case):
    report = case.report("2026-07-01")

    assert value_of(report, "mrr") == 3000
    assert value_of(report, "mrr", by="plan", group="week_pass") == 0


@pytest.mark.case("first_month")
def test_a_firm_in_its_first_month_has_no_mrr_yet(case: Case):
    assert value_of(case.report("2026-07-26"), "mrr") == 0


@pytest.mark.case("rfm_one_time_buyers")
def test_buyers_of_one_order_are_neither_loyal_nor_at_risk(case: Case):
    report = case.report("2026-07-01")
    segments = {
        figure["group"]: figure["value"]
        for figure in report["figures"]
        if (figure["name"], figure["by"], figure["among_by"], figure["period"]) == ("customers", "rfm", "all", "")
    }
    n_of_frequency_1 = value_of(report, "customers", by="frequency_quintile", group="1", period="")

    assert sum(segments.values()) == 500
    assert n_of_frequency_1 >= 450
    assert sum(segments.get(name, 0) for name in ("champions", "loyal", "at risk")) <= 50


@pytest.mark.case("refund_on_later_day")
def test_a_return_on_a_later_day_is_taken_off_the_revenue(case: Case):
    report = case.report("2026-04-01")

    assert value_of(report, "revenue") == 4000
    assert value_of(report, "revenue_a_customer") == 100
    assert value_of(report, "average_order_value") == 50
    assert value_of(report, "orders") == 80
    assert sum(value_of(report, "revenue", period=f"2026-0{month}") for month in (1, 2, 3)) == 4000
    features = compute_features(case.tables, select_cohort(case.tables, [date(2026, 4, 1)]))
    assert features.column("net_spend_total").sum() == 4000
