"""Subscription rows become spans: however a company writes its periods, corrections and items, figures are the same."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.config.sources import TableSource
from core.config.training import ChurnDefinition
from core.window import Cohort
from features.labels.labelling import label_outcomes
from features.pipeline import compute_features
from insights.finance.loading import ExcludedRows, load_spans
from insights.finance.money import Money
from insights.finance.mrr import MrrTable, months_between
from tables.tables import Tables
from tests.engines import engine, every_engine
from tests.featured import features_at
from tests.features.check.checked import find_kind, is_found
from tests.worlds import config, frame, shop

CUSTOMERS = ("ada", "bo", "cyd", "dan", "eve")
CHURN = ChurnDefinition(definition="subscription_ended", horizon_days=30, grace_days=10)
SETTINGS = config(churn=CHURN, watermark=date(2025, 6, 1))
MONTHS = months_between(np.datetime64("2024-01"), np.datetime64("2025-03"))

Period = tuple[str, int, int | None, float]
"Customer, first month since 2024-01, number of months (None runs on), price."

PERIODS = st.lists(
    st.tuples(
        st.sampled_from(CUSTOMERS), st.integers(0, 10), st.integers(1, 6) | st.none(), st.sampled_from([20.0, 50.0])
    ),
    max_size=6, unique_by=lambda period: period[0],
)  # fmt: skip
REGULARS: list[Period] = [(name, 0, 14, 10.0) for name in ("rae", "sam", "tia", "uma")]
"Their renewals show how ends are written."


def month_start(number: int) -> datetime:
    return datetime(2024 + number // 12, number % 12 + 1, 1)


def whole_row(period: Period) -> list[dict[str, Any]]:
    customer, first, n_months, price = period
    ended = None if n_months is None else month_start(first + n_months)
    return [row(customer, month_start(first), ended, price)]


def monthly_rows(period: Period, written: str) -> list[dict[str, Any]]:
    """A row for each month; one that runs on is written until March 2025, and its last row has no end."""
    customer, first, n_months, price = period
    rows = []
    for number in range(first, first + n_months if n_months is not None else 15):
        ended = month_start(number + 1) - {
            "exclusive": timedelta(0), "last second": timedelta(seconds=1), "last day": timedelta(days=1)
        }[written]  # fmt: skip
        rows.append(row(customer, month_start(number), ended, price))
    if n_months is None:
        rows[-1]["ended_at"] = None
    return rows


def row(customer: str, began: datetime, ended: datetime | None, price: float, **more: Any) -> dict[str, Any]:
    usual = {"customer_id": customer, "subscription_id": f"{customer}-1", "plan": "pro", "seats": 2}
    return {**usual, "started_at": began, "ended_at": ended, "mrr": price, **more}


def world(rows: list[dict[str, Any]], engine_name: str = "duckdb", **changes: Any) -> Tables:
    return shop(
        settings=config(churn=CHURN, watermark=date(2025, 6, 1), **changes),
        backend=engine(engine_name), subscriptions=frame(*rows),
    )  # fmt: skip


def mrr_of(tables: Tables, cutoff: date = date(2025, 6, 1)) -> MrrTable:
    spans = load_spans(tables, ExcludedRows(), cutoff=cutoff).shift_by_one_day()
    return MrrTable.of(spans, MONTHS, money=Money("JPY"))


def describe(tables: Tables, cutoff: date) -> dict[str, Any]:
    """Everything that may not depend on how rows are written."""
    everyone = [*CUSTOMERS, "rae", "sam", "tia", "uma"]
    cohort = Cohort(np.array(everyone), np.full(len(everyone), np.datetime64(cutoff, "D")))
    labels, mrr = label_outcomes(tables, cohort), mrr_of(tables)
    features = compute_features(tables, cohort)
    return {
        "churned": labels.churned.tolist(),
        "churned_at": labels.churned_at.astype(str).tolist(),
        "applies": (labels.observed_until > labels.cutoffs).tolist(),
        "mrr": dict(zip(mrr.customer_ids.tolist(), mrr.units.tolist(), strict=True)),
        "paid_earlier": mrr.paid_earlier.tolist(),
        "features": dict(zip(features.names, np.nan_to_num(features.values, nan=-1).T.tolist(), strict=True)),
    }


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    periods=PERIODS,
    cutoff=st.integers(0, 420),
    at_month_start=st.booleans(),
    written=st.sampled_from(["exclusive", "last second", "last day"]),
)
def test_how_the_periods_of_a_subscription_are_written_changes_no_figure(
    periods: list[Period], cutoff: int, at_month_start: bool, written: str
):
    day = date(2024, 1, 2) + timedelta(days=cutoff)
    day = day.replace(day=1) if at_month_start and day > date(2024, 1, 31) else day
    whole = describe(world([row for period in [*REGULARS, *periods] for row in whole_row(period)]), day)

    rows = [row for period in [*REGULARS, *periods] for row in monthly_rows(period, written)]
    assert describe(world(rows), day) == whole


@every_engine
@pytest.mark.parametrize("written", ["exclusive", "last second", "last day"])
def test_monthly_rows_are_one_span_on_every_engine(engine_name: str, written: str):
    tables = world([row for period in REGULARS for row in monthly_rows(period, written)], engine_name)

    spans = tables.latest()["subscriptions"].order_by("customer_id").to_pyarrow().to_pylist()

    assert [(span["started_at"], span["ended_at"]) for span in spans] == [
        (datetime(2024, 1, 1), datetime(2025, 3, 1))
    ] * 4
    assert is_found(tables, "last_day_ends") == (written == "last day")
    at_end = tables.at(date(2024, 2, 1))["subscriptions"].to_pyarrow().to_pylist()
    assert [span["ended_at"] for span in at_end] == [None] * 4


def test_the_toml_says_whether_ends_name_the_last_day():
    once = [row("ada", datetime(2024, 1, 1), datetime(2024, 1, 31), 10.0)]

    def end(**settings_of_source: Any) -> object:
        source = TableSource(path="s.csv", **settings_of_source)
        spans = world(once, tables={"subscriptions": source}).latest()["subscriptions"]
        return spans.to_pyarrow().to_pylist()[0]["ended_at"]

    assert end() == datetime(2024, 1, 31)
    assert end(last_day_included=True) == datetime(2024, 2, 1)


def test_renewals_on_the_day_of_the_end_show_that_it_is_not_paid_for():
    rows = [
        row(name, datetime(2024, month, 1), datetime(2024, month + 1, 1), 10.0)
        for name in CUSTOMERS
        for month in range(1, 6)
    ]
    lapsed = [row(name, datetime(2024, 8, 2), None, 10.0) for name in CUSTOMERS]
    late = [row(name, datetime(2024, 7, 1), datetime(2024, 8, 1), 10.0) for name in CUSTOMERS]

    assert not world([*rows, *late, *lapsed]).subscription_reading.last_day_included


@every_engine
@pytest.mark.parametrize(("price", "plan"), [(50.0, "pro"), (700.0, "pro"), (50.0, "basic")])
def test_of_spans_that_begin_together_the_one_recorded_last_counts(engine_name: str, price: float, plan: str):
    rows = [
        row("ada", datetime(2024, 1, 10), None, 500.0, recorded_time=datetime(2024, 1, 10)),
        row("ada", datetime(2024, 1, 10), None, price, plan=plan, recorded_time=datetime(2024, 1, 12)),
    ]
    tables = world(rows, engine_name)

    mrr = [features_at(tables, "ada", cutoff=day).column("mrr_now")[0] for day in ("2024-01-12", "2024-01-13")]

    assert mrr == [500, price]


@every_engine
def test_the_items_of_a_subscription_add_up(engine_name: str):
    rows = [
        row("ada", datetime(2024, 1, 10), None, 100.0, plan="basic"),
        row("ada", datetime(2024, 1, 10), None, 40.0, plan="support"),
        row("ada", datetime(2024, 2, 10), None, 30.0, plan="Storage add-on"),
        row("ada", datetime(2024, 2, 20), datetime(2024, 3, 1), -20.0, plan="basic"),
        row("ada", datetime(2024, 4, 1), None, 150.0, plan="pro"),
    ]
    tables = world(rows, engine_name)
    days = ("2024-02-01", "2024-02-15", "2024-02-25", "2024-03-15", "2024-04-15")

    features = [features_at(tables, "ada", cutoff=day) for day in days]

    assert [one.column("mrr_now")[0] for one in features] == [140, 170, 150, 170, 220]
    assert [one.column("subscriptions_running")[0] for one in features] == [1] * 5
    assert features[-1].column("upgrades_total")[0] == 1
    assert features[-1].vocabularies["main_plan"][int(features[-1].column("main_plan")[0])] == "pro"


def test_a_stated_item_says_which_rows_replace_each_other():
    rows = [
        row("ada", datetime(2024, 1, 10), None, 100.0, plan="basic", item="i1"),
        row("ada", datetime(2024, 2, 10), None, 30.0, plan="basic", item="i2"),
        row("ada", datetime(2024, 3, 10), None, 60.0, plan="basic", item="i2"),
    ]

    assert features_at(world(rows), "ada", cutoff="2024-04-01").column("mrr_now")[0] == 160


def test_a_discount_ends_with_the_subscription_that_it_reduces_and_takes_off_no_more_than_its_price():
    rows = [
        row("ada", datetime(2024, 1, 10), datetime(2024, 3, 10), 100.0),
        row("ada", datetime(2024, 1, 10), None, -120.0, plan="coupon", subscription_id="ada-c"),
        row("bo", datetime(2024, 1, 10), None, 100.0),
        row("cyd", datetime(2024, 1, 10), None, -5.0, plan="coupon"),
    ]
    tables = world(rows)
    mrr = mrr_of(tables)

    assert mrr.customer_ids.tolist() == ["ada", "bo"]
    finding = find_kind(tables, "void_discounts")
    assert (finding.count, finding.example) == (1, "cyd-1")
    assert (mrr.units.min(), mrr.units[0].sum()) == (0, 0)
    assert features_at(tables, "ada", "cyd", cutoff="2024-04-01").column("mrr_now").tolist() == [0, 0]


@every_engine
def test_a_move_to_a_free_plan_is_churn_and_a_company_without_prices_counts_every_plan(engine_name: str):
    def labels(price: float) -> list[bool]:
        rows = [
            row("ada", datetime(2024, 1, 10), datetime(2024, 4, 10), price),
            row("ada", datetime(2024, 4, 10), None, 0.0, plan="free", subscription_id="ada-2"),
            row("bo", datetime(2024, 1, 10), datetime(2024, 4, 10), 0.0, plan="free"),
        ]
        cohort = Cohort(np.array(["ada", "bo"]), np.full(2, np.datetime64("2024-04-01")))
        return label_outcomes(world(rows, engine_name), cohort).churned.tolist()

    assert labels(100.0) == [True, False]
    assert labels(0.0) == [False, True]


def test_someone_who_pays_again_after_a_free_time_is_reactivated():
    rows = [
        row("ada", datetime(2024, 1, 1), datetime(2024, 2, 1), 10.0),
        row("ada", datetime(2024, 2, 1), datetime(2024, 4, 1), 0.0, plan="free"),
        row("ada", datetime(2024, 4, 1), None, 10.0),
    ]

    assert features_at(world(rows), "ada", cutoff="2024-05-01").column("reactivations_total")[0] == 1
