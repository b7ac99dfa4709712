"""`kizuna campaign`: the size of a campaign, and the contacts of all of them."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from core.decisions import DecisionRow
from kizuna.main import run
from serving.decisions.store import DecisionStore

SHOP = """
name = "shop"
time_zone = "Europe/Berlin"
currency = "EUR"
active_days = 180

[tables.purchases]
path = "purchases.csv"
"""
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


def test_contacts_are_written_as_a_table(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KIZUNA_DATABASE_URL", raising=False)
    (tmp_path / "kizuna.toml").write_text(SHOP)
    store = DecisionStore.at(None, tmp_path / "var/shop/decisions.db", data_set="shop")
    decided_at = datetime(2026, 4, 1, 9)
    store.add([DecisionRow(decision_id="d1", customer_id="ada", decided_at=decided_at, offer_id="tea10")])

    assert run(["campaign", "contacts", "--out", "contacts.csv", "--format", "json"]) == 0

    assert json.loads(capsys.readouterr().out) == {"path": "contacts.csv", "rows": 1}
    header, row = (tmp_path / "contacts.csv").read_text().splitlines()
    assert header.startswith("customer_id,event_time,")
    assert row.startswith("ada,2026-04-01 09:00:00,")
