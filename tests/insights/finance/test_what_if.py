"""What boards suppose is understood as they say it, and nothing else changes."""

from __future__ import annotations

import math

import pytest

from core.errors import BadInput
from insights.finance.lifetime import Economics
from insights.finance.what_if import WhatIf, asked

NOW = Economics(mrr=10_000, monthly_churn=0.05, margin=0.8, acquisition_cost=64_000)


def test_what_if_nothing_changes_nothing_changes():
    assert WhatIf().applied(NOW) == NOW


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
def test_each_way_to_say_it(text, name, then):
    assert getattr(asked([text]).applied(NOW), name) == pytest.approx(then)


def test_what_is_set_replaces_even_a_cost_without_bound():
    endless = Economics(mrr=100, monthly_churn=0.1, acquisition_cost=math.inf)

    assert asked(["cac=500"]).applied(endless).acquisition_cost == 500


def test_several_changes_are_supposed_together():
    then = asked(["churn=0.02", "price=+10%"]).applied(NOW)

    assert then.lifetime_value == pytest.approx(11_000 * 0.8 / 0.02)


@pytest.mark.parametrize(
    ("text", "saying"),
    [
        ("chrun=0.02", "did you mean 'churn'"),
        ("churn", "reads like churn=0.02"),
        ("churn=2", "lies between 0 and 1, found 2; write churn=2%"),
        ("price=5%", "has no meaning"),
        ("margin=5pt", "has no meaning"),
    ],
)
def test_what_cannot_be_meant_is_one_line(text, saying):
    with pytest.raises(BadInput, match=saying):
        asked([text])
