"""Unit economics and what-ifs against values computed by hand."""

from __future__ import annotations

import math

import pytest

from core.errors import BadInput
from insights.finance.economics import Economics, WhatIf, parse_what_if, project_revenue

NOW = Economics(mrr=10_000, monthly_churn=0.05, margin=0.8, acquisition_cost=64_000)


def test_payback_and_ltv_over_cac_follow_from_margin_and_cost():
    economics = Economics(mrr=10_000, monthly_churn=0.05, margin=0.8, acquisition_cost=64_000)

    assert economics.payback_months == 8
    assert economics.value_over_cost == pytest.approx(2.5)
    assert Economics(mrr=10_000, monthly_churn=0.05).value_over_cost == math.inf


def test_projected_revenue_counts_current_and_new_customers():
    halved, loyal = (Economics(mrr=100, monthly_churn=churn) for churn in (0.5, 0.0))

    assert project_revenue(halved, n_customers=8, new_per_month=4, n_months=3).tolist() == [800, 800, 800]
    assert project_revenue(loyal, n_customers=1, new_per_month=0).sum() == 3_600


def test_the_lifetime_value_of_economics_may_count_completed_months_only():
    assert Economics(mrr=400_000, monthly_churn=0.03, whole_months=True).lifetime_value == 13_200_000


def test_a_what_if_without_changes_changes_nothing():
    assert WhatIf().apply(NOW) == NOW


@pytest.mark.parametrize(
    ("text", "name", "then"),
    [
        ("churn=0.02", "monthly_churn", 0.02),
        ("churn=2%", "monthly_churn", 0.02),
        ("churn=-20%", "monthly_churn", 0.04),
        ("churn=+1pt", "monthly_churn", 0.06),
        ("price=+5%", "mrr", 10_500),
        ("price=12000", "mrr", 12_000),
        ("margin=+5pt", "margin", 0.85),
        ("margin=+50pt", "margin", 1.0),
        ("cac=-25%", "acquisition_cost", 48_000),
        ("cac=+1000", "acquisition_cost", 65_000),
    ],
)
def test_each_form_of_a_change(text: str, name: str, then: float):
    assert getattr(parse_what_if([text]).apply(NOW), name) == pytest.approx(then)


def test_a_set_value_replaces_an_infinite_cost():
    unbounded = Economics(mrr=100, monthly_churn=0.1, acquisition_cost=math.inf)

    assert parse_what_if(["cac=500"]).apply(unbounded).acquisition_cost == 500


def test_several_changes_apply_together():
    then = parse_what_if(["churn=0.02", "price=+10%"]).apply(NOW)

    assert then.lifetime_value == pytest.approx(11_000 * 0.8 / 0.02)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("chrun=0.02", "did you mean 'churn'"),
        ("churn", "reads like churn=0.02"),
        ("churn=2", "lies between 0 and 1, found 2; write churn=2%"),
        ("price=5%", "has no meaning"),
        ("margin=5pt", "has no meaning"),
    ],
)
def test_an_invalid_change_raises_an_error_with_the_fix(text: str, message: str):
    with pytest.raises(BadInput, match=message):
        parse_what_if([text])
