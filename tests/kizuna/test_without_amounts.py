"""Purchases of which only customer, item and time are known: recommendations work, and nothing shows money."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from core.errors import NotEnoughHistory
from features.cohort import select_cohort
from features.families.catalogue import available_features
from features.labels.labelling import label_outcomes
from features.yearly_value import compute_yearly_value
from insights.report.building import build_report
from kizuna.main import run
from tables.building import tables_from_frames
from tables.tables import Tables
from tests.engines import engine, every_engine
from tests.kizuna.exports import init, write
from tests.worlds import config, frame

CUTOFF = date(2024, 3, 8)
LINES = ("ada 2024-03-01 tea 2", "ada 2024-03-02 mug 1", "bo 2024-03-03 tea 1", "bo 2024-03-09 tea -1")


def world(*, engine_name: str = "duckdb", **frames) -> Tables:
    rows = [
        dict(zip(("customer_id", "event_time", "item_id", "quantity"), line.split(), strict=True)) for line in LINES
    ]
    purchases = frame(*(row | {"quantity": float(row["quantity"])} for row in rows))
    return tables_from_frames(config(), {"purchases": purchases, **frames}, backend=engine(engine_name))


@every_engine
def test_lines_without_an_amount_are_bought_and_those_with_a_negative_quantity_returned(engine_name: str):
    tables = world(engine_name=engine_name)

    assert sorted(select_cohort(tables, [CUTOFF]).customer_ids) == ["ada", "bo"]
    rows = tables["purchases"].order_by("event_time").to_pyarrow().to_pylist()
    assert [row["amount"] > 0 for row in rows] == [True, True, True, False]
    assert "amount" not in tables.load_report("purchases").columns


def test_features_of_money_and_of_returns_are_absent_and_those_of_orders_are_not():
    names = {feature.name for feature in available_features(world())}

    assert not {name for name in names if "spend" in name or "return" in name or "order_value" in name}
    assert {"orders_365d", "days_since_last_purchase", "items_365d"} <= names


def test_the_value_of_customers_and_what_they_bought_later_are_unknown_instead_of_a_count():
    tables, ids = world(), np.array(["ada", "bo"])

    yearly = compute_yearly_value(tables, ids, cutoff=CUTOFF)
    labels = label_outcomes(tables, select_cohort(tables, [CUTOFF]))

    assert (yearly.kind, np.isnan(yearly.value).all(), np.isnan(labels.amount_after).all()) == ("", True, True)


def test_the_report_names_the_column_that_it_needs():
    with pytest.raises(NotEnoughHistory, match=r"the report needs amounts; .* \[tables\.purchases\.columns\] amount"):
        build_report(world(), CUTOFF)


def test_the_report_of_subscriptions_leaves_purchases_without_amounts_out_and_says_so():
    spans = frame(
        {"customer_id": "ada", "subscription_id": "s", "plan": "p", "mrr": 10.0, "started_at": "2023-12-01"},
    )

    report = build_report(world(subscriptions=spans), date(2024, 4, 1))

    assert "amount" in report.missing
    names = {figure.name for figure in report.figures}
    assert "mrr" in names
    assert not {"revenue", "order_value", "repeat_rate"} & names


def test_an_amount_that_is_missing_in_a_column_of_amounts_still_excludes_its_row():
    rows = frame(*({"customer_id": "ada", "event_time": "2024-03-01", "amount": amount} for amount in (1.0, None)))

    tables = tables_from_frames(config(), {"purchases": rows})

    assert tables.load_report("purchases").excluded == {"amount: missing": 1}


def test_init_check_and_segments_work_without_amounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd):
    monkeypatch.chdir(tmp_path)
    lines = ["customer_id,item_id,date,quantity"]
    lines += [f"c{n % 5},s{n % 11},2025-{1 + n % 12:02d}-{1 + n % 28:02d},1" for n in range(400)]

    toml = init(write("orders.csv", lines), "--yes")

    assert set(toml["tables"]["purchases"]["columns"]) == {"customer_id", "item_id", "event_time", "quantity"}
    assert "orders.csv: no column has amounts, so there are recommendations" in capfd.readouterr().out
    assert run(["segments", "--format", "json"]) == 0
    report = json.loads(capfd.readouterr().out)
    assert (report["value_kind"], report["segments"][1]["customers"]) == ("", 5)
