"""What cannot be true is set aside, by cause and with an example, and corrupts nothing; on every engine."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from core.config.money import MoneySettings, ReportSettings
from core.config.training import ChurnDefinition
from core.errors import ConfigError
from features.check.checks import check_tables
from features.labels.labelling import label_outcomes
from tables.tables import Tables
from tests.engines import engine, every_engine
from tests.featured import cohort, features_at
from tests.worlds import config, frame, shop

OLD = {"customer_id": "old", "event_time": "2020-01-01", "event": "visit"}


def span(began: str, ended: str | None, mrr: float = 10.0, **more: Any) -> dict[str, Any]:
    stated = {"customer_id": "ada", "subscription_id": "s1", "plan": "pro"}
    return {**stated, "mrr": mrr, "started_at": began, "ended_at": ended, **more}


def ticket(opened: str, closed: str | None, answered: str | None = None, **more: Any) -> dict[str, Any]:
    stated = {"customer_id": "ada", "ticket_id": "t1", "topic": "bill"}
    return {**stated, "opened_at": opened, "closed_at": closed, "first_answered_at": answered, **more}


def answer(kind: str, score: float | None) -> dict[str, Any]:
    return {"customer_id": "ada", "event_time": "2024-03-01", "kind": kind, "score": score}


def world(engine_name: str = "duckdb", settings: Any = None, **frames: pa.Table) -> Tables:
    return shop(usage=frames.pop("usage", frame(OLD)), settings=settings, backend=engine(engine_name), **frames)


def ada(tables: Tables, cutoff: str = "2024-03-08") -> dict[str, float]:
    row = features_at(tables, "ada", cutoff=cutoff)
    return dict(zip(row.names, row.values[0].tolist(), strict=True))


CONTRADICTORY = [
    ("subscriptions", span("2024-02-01", "2024-01-01"), "ended_at: before started_at", "s1"),
    ("subscriptions", span("2024-02-01", None, -1.0), "mrr: below zero", "s1"),
    ("usage", {**OLD, "customer_id": "ada", "errors": -1}, "errors: below zero", "ada"),
    ("tickets", ticket("2024-02-02", "2024-02-01"), "closed_at: before opened_at", "t1"),
    ("tickets", ticket("2024-02-02", None, "2024-02-01"), "first_answered_at: before opened_at", "t1"),
    ("surveys", answer("NPS", 11.0), "score: no NPS of 0 to 10", "ada"),
    ("surveys", answer("csat", 6.0), "score: not on the csat_scale", "ada"),
]
FIT = {
    "usage": {**OLD, "errors": 0},
    "subscriptions": span("2023-01-01", "2023-01-01", 0.0, subscription_id="s2"),
    "tickets": ticket("2023-01-01", "2023-01-01", "2023-01-01", ticket_id="t2"),
    "surveys": answer("nps", None),
}


@every_engine
@pytest.mark.parametrize(("table", "row", "cause", "example"), CONTRADICTORY)
def test_a_row_that_contradicts_itself_is_set_aside_by_cause_with_an_example(engine_name, table, row, cause, example):
    tables = world(engine_name, **{table: frame(row, FIT[table])})

    load_report = tables.load_report(table)

    assert (load_report.excluded, load_report.examples, load_report.n_usable) == ({cause: 1}, {cause: example}, 1)
    assert tables.latest()[table].count().to_pyarrow().as_py() == 1


def test_another_scale_of_satisfaction_can_be_stated():
    tables = world(settings=config(csat_scale=(0.0, 100.0)), surveys=frame(answer("csat", 6.0), answer("csat", 101.0)))

    assert tables.load_report("surveys").excluded == {"score: not on the csat_scale": 1}


@every_engine
def test_a_span_that_overlaps_the_next_pays_until_that_begins(engine_name):
    tables = world(
        engine_name, subscriptions=frame(span("2024-01-01", "2024-06-01"), span("2024-03-01", None, 15.0, plan="max"))
    )

    before, after = ada(tables, "2024-02-01"), ada(tables, "2024-03-08")

    assert (before["mrr_now"], before["subscriptions_running"]) == (10, 1)
    assert (after["mrr_now"], after["subscriptions_running"], after["upgrades_total"]) == (15, 1, 1)
    odd = check_tables(tables).cross_row_issues[0]
    assert (odd.table, odd.rows, odd.example) == ("subscriptions", 1, "s1")


@every_engine
def test_a_span_within_an_older_one_counts_until_it_is_known_to_end_first(engine_name):
    tables = world(
        engine_name, subscriptions=frame(span("2023-01-01", "2024-06-01", 10.0), span("2024-01-01", "2024-02-01", 15.0))
    )

    assert [ada(tables, day)["mrr_now"] for day in ("2023-12-01", "2024-01-15", "2024-03-08")] == [10, 15, 10]


def test_of_spans_that_begin_at_once_the_dearest_counts():
    tables = world(subscriptions=frame(span("2024-01-01", None, 15.0), span("2024-01-01", None, 10.0)))

    assert (ada(tables)["mrr_now"], ada(tables)["subscriptions_running"]) == (15, 1)


def test_spans_of_different_subscriptions_may_run_side_by_side():
    tables = world(subscriptions=frame(span("2024-01-01", None), span("2024-02-01", None, 5.0, subscription_id="s2")))

    assert ada(tables)["mrr_now"] == 15
    assert [odd for odd in check_tables(tables).cross_row_issues if odd.table == "subscriptions"] == []


@every_engine
def test_an_overlap_makes_nobody_leave_who_stays(engine_name):
    ended = ChurnDefinition(definition="subscription_ended", horizon_days=30, grace_days=5)
    tables = world(
        engine_name, config(churn=ended, watermark=date(2024, 12, 1)),
        subscriptions=frame(
            span("2024-01-01", "2024-03-20"), span("2024-03-01", None),
            span("2024-01-01", "2024-03-10", customer_id="bo"), span("2024-03-01", "2024-03-20", customer_id="bo"),
        ),
    )  # fmt: skip

    assert label_outcomes(tables, cohort("ada", "bo")).churned.tolist() == [False, True]


@every_engine
def test_usage_outside_any_subscription_is_counted_and_stays_usage(engine_name):
    events = [{**OLD, "customer_id": "ada", "event_time": day} for day in ("2023-12-31", "2024-01-01", "2024-03-01")]
    tables = world(engine_name, usage=frame(*events), subscriptions=frame(span("2024-01-01", "2024-02-01")))

    issues = check_tables(tables).cross_row_issues
    assert [(issue.table, issue.rows, issue.example) for issue in issues] == [("usage", 2, "ada")]
    assert ada(tables)["usage_events_30d"] == 1


@every_engine
def test_mrr_without_a_rate_is_counted_and_missing_from_sums(engine_name, tmp_path):
    rates = tmp_path / "rates.csv"
    rates.write_text("month,currency,rate\n2024-01,USD,150\n2024-03,USD,999\n")
    spans = [
        span("2024-01-01", None, 2.0, subscription_id=name, currency=name) for name in ("USD", "JPY", "EUR", "usd")
    ]
    tables = world(engine_name, config(money=MoneySettings(rates=str(rates))), subscriptions=frame(*spans))

    assert ada(tables)["mrr_now"] == 602
    assert ada(tables)["subscriptions_running"] == 4
    odd = check_tables(tables).cross_row_issues[0]
    assert (odd.rows, odd.example) == (1, "EUR")
    assert "no rate to JPY" in odd.reason


@every_engine
def test_a_month_without_a_rate_is_told_of_who_paid_then(engine_name, tmp_path):
    rates = tmp_path / "rates.csv"
    rates.write_text("month,currency,rate\n" + "".join(f"2024-0{n},USD,150\n" for n in (1, 2, 4, 5)))
    spans = [
        span("2024-01-01", end, 2.0, subscription_id=name, currency="usd")
        for name, end in (("before", "2024-03-01"), ("through", None), ("yen", None))
    ]
    spans[-1]["currency"] = "JPY"
    stated = config(money=MoneySettings(rates=str(rates)), report=ReportSettings(months=5), watermark=date(2024, 6, 1))

    odd = check_tables(world(engine_name, stated, subscriptions=frame(*spans))).cross_row_issues[0]

    assert (odd.rows, odd.example) == (1, "through")
    assert odd.reason.startswith("USD has no rate to JPY for 2024-03, when they ran")


@every_engine
def test_purchases_are_added_up_in_one_currency(engine_name, tmp_path):
    rates = tmp_path / "rates.csv"
    rates.write_text("month,currency,rate\n2024-01,USD,150\n2024-02,USD,100\n")
    tables = shop(
        "old 2020-01-01 1", "ada 2024-01-10 10 currency=JPY", "ada 2024-02-10 2 currency=usd",
        "ada 2024-03-01 3 currency=USD", "ada 2024-02-02 5 currency=EUR", "bo 2024-03-09 4 currency=USD",
        "bo 2024-04-02 4 currency=USD",
        settings=config(money=MoneySettings(rates=str(rates))), backend=engine(engine_name),
    )  # fmt: skip

    assert ada(tables)["net_spend_total"] == 10 + 5 * 100
    issues = check_tables(tables).cross_row_issues
    assert [(issue.rows, issue.example) for issue in issues] == [(1, "ada"), (2, "ada")]
    assert issues[1].reason == "USD has no rate to JPY for 2024-03: `kizuna report` stops"


def of(who: str, account: str, since: str | None = None) -> dict[str, Any]:
    return {"customer_id": who, "account_id": account, **({"valid_from": since} if since else {})}


@every_engine
def test_who_is_of_two_accounts_at_once_counts_for_none(engine_name):
    used = [{**OLD, "customer_id": who, "event_time": "2024-03-01"} for who in ("ada", "bo")]
    people = frame(of("ada", "acme"), of("bo", "acme"), of("bo", "zeta"))
    tables = world(engine_name, config(customer="account"), usage=frame(OLD, *used), customers=people)

    found = features_at(tables, "acme", "bo", "zeta")

    assert found.column("usage_events_30d").tolist() == [1, 0, 0]
    assert tables.load_report("customers").excluded == {"account_id: of two accounts at once": 2}
    assert tables.load_report("customers").examples["account_id: of two accounts at once"] == "bo"


def test_who_was_of_one_account_before_stays_there_until_it_is_sure():
    people = frame(of("bo", "acme", "2023-01-01"), of("bo", "acme", "2024-02-01"), of("bo", "zeta", "2024-02-01"))
    used = {**OLD, "customer_id": "bo", "event_time": "2024-03-01"}
    tables = world(settings=config(customer="account"), usage=frame(OLD, used), customers=people)

    assert features_at(tables, "acme", "zeta").column("usage_events_30d").tolist() == [1, 0]


def test_a_scale_that_is_upside_down_is_refused():
    with pytest.raises((ConfigError, ValueError), match="lowest score and then the highest"):
        config(csat_scale=(5.0, 1.0))
