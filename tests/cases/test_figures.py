"""Every figure is right on small inputs that once gave a wrong one."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from core.feature_table import FeatureTable
from features.cohort import select_cohort
from features.labels.labelling import label_outcomes
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


def features_of(case: Case, cutoff: date) -> FeatureTable:
    return compute_features(case.tables, select_cohort(case.tables, [cutoff]))


@pytest.mark.case("period_ends_2359")
def test_monthly_rows_that_end_in_the_last_minute_are_one_running_subscription(case: Case):
    report, features = case.report("2026-07-01"), features_of(case, date(2026, 5, 1))

    assert (value_of(report, "mrr"), value_of(report, "paying_customers")) == (3000, 30)
    assert sum(value_of(report, "mrr_churn", period=f"2026-0{month}") for month in range(2, 7)) == 0
    assert set(features.column("mrr_now").tolist()) == {100}
    assert set(features.column("subscriptions_running").tolist()) == {1}
    assert set(features.column("reactivations_total").tolist()) == {0}


@pytest.mark.case("period_ends_inclusive_day")
def test_monthly_rows_that_end_on_the_last_day_are_one_running_subscription(case: Case):
    report, features = case.report("2026-07-01"), features_of(case, date(2026, 5, 1))

    assert (value_of(report, "mrr"), value_of(report, "paying_customers")) == (3000, 30)
    assert set(features.column("mrr_now").tolist()) == {100}
    assert set(features.column("reactivations_total").tolist()) == {0}


@pytest.mark.case("negative_item")
def test_a_coupon_is_taken_off_the_plan_that_it_reduces(case: Case):
    report = case.report("2026-07-01")

    assert value_of(report, "mrr") == value_of(report, "mrr", by="plan", group="basic") == 2400
    assert report["left_out"] == {}
    assert set(features_of(case, date(2026, 7, 1)).column("mrr_now").tolist()) == {80}


@pytest.mark.case("subscription_corrected")
def test_a_corrected_price_counts_though_it_is_lower(case: Case):
    report = case.report("2026-07-01")

    assert value_of(report, "mrr_a_customer") == 50
    assert set(features_of(case, date(2026, 1, 12)).column("mrr_now").tolist()) == {500}
    assert set(features_of(case, date(2026, 1, 13)).column("mrr_now").tolist()) == {50}


@pytest.mark.case("freemium_downgrade")
def test_a_move_to_a_free_plan_is_churn_in_label_and_report(case: Case):
    report = case.report("2026-07-01")
    labels = label_outcomes(case.tables, select_cohort(case.tables, [date(2026, 4, 1)]))

    assert value_of(report, "mrr_churn", period="2026-04") == 1000
    assert value_of(report, "logo_churn", period="2026-04") == pytest.approx(1 / 3)
    assert value_of(report, "mrr", by="plan", group="free") == 0
    assert labels.churned.sum() == 10
    assert set(labels.churned_at[labels.churned].astype(str)) == {"2026-04-10"}
