"""`kizuna campaign plan`: the size of a campaign."""

from __future__ import annotations

import json

import pytest

from kizuna.main import run

PLAN = ["campaign", "plan", "--base-rate", "0.03", "--effect", "0.01"]


def test_the_plan_names_customers_controls_weeks_and_what_the_available_ones_can_show(capsys):
    assert run([*PLAN, "--customers", "20000"]) == 0

    text = " ".join(capsys.readouterr().out.split())
    assert "customers show an effect of +1.00% on 3.00% with a power of 80%" in text
    assert "in the control group, over" in text
    assert "20,000 customers show an increase of" in text


def test_the_plan_is_json_for_programs(capsys):
    assert run([*PLAN, "--customers", "20000", "--format", "json"]) == 0

    document = json.loads(capsys.readouterr().out)
    assert document["n_control"] / document["n_customers"] == pytest.approx(0.1, abs=0.001)
    assert 0 < document["detectable_effect"] < 0.02


def test_customers_who_cannot_show_anything_are_no_campaign(capsys):
    assert run(["campaign", "plan", "--base-rate", "0.9", "--effect", "0.05", "--customers", "3"]) == 0
    assert "3 customers cannot show any increase of 90.00%" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (["--effect", "0"], "an effect of +0 on a share of 0.03 is not possible"),
        (["--control-share", "0"], "the control group is 0% of the customers"),
        (["--base-rate", "3"], "the share that converts without the campaign is 3.0; it must be between 0 and 1"),
        (["--contacts-per-week", "0"], "0 customers a week can be contacted"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_in_one_line(change, message, capsys):
    assert run([*PLAN, *change]) == 2

    error = capsys.readouterr().err
    assert message in error
    assert len(error.strip().splitlines()) == 1
