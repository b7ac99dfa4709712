"""Rows that contradict themselves are excluded and counted by reason, with an example; on every engine."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from core.errors import ConfigError
from tables.tables import Tables
from tests.engines import engine, every_engine
from tests.featured import features_at
from tests.worlds import config, frame, shop

OLD = {"customer_id": "old", "event_time": "2020-01-01", "event": "visit"}


def span(began: str, ended: str | None, mrr: float = 10.0, **more: Any) -> dict[str, Any]:
    usual = {"customer_id": "ada", "subscription_id": "s1", "plan": "pro"}
    return {**usual, "mrr": mrr, "started_at": began, "ended_at": ended, **more}


def ticket(opened: str, closed: str | None, answered: str | None = None, **more: Any) -> dict[str, Any]:
    usual = {"customer_id": "ada", "ticket_id": "t1", "topic": "bill"}
    return {**usual, "opened_at": opened, "closed_at": closed, "first_answered_at": answered, **more}


def answer(kind: str, score: float | None) -> dict[str, Any]:
    return {"customer_id": "ada", "event_time": "2024-03-01", "kind": kind, "score": score}


def world(engine_name: str = "duckdb", settings: Any = None, **frames: pa.Table) -> Tables:
    return shop(usage=frames.pop("usage", frame(OLD)), settings=settings, backend=engine(engine_name), **frames)


CONTRADICTORY = [
    ("subscriptions", span("2024-02-01", "2024-01-01"), "ended_at: before started_at", "s1"),
    ("subscriptions", span("2024-02-01", None, -1.0), "mrr: below zero", "s1"),
    ("usage", {**OLD, "customer_id": "ada", "errors": -1}, "errors: below zero", "ada"),
    ("tickets", ticket("2024-02-02", "2024-02-01"), "closed_at: before opened_at", "t1"),
    ("tickets", ticket("2024-02-02", None, "2024-02-01"), "first_answered_at: before opened_at", "t1"),
    ("surveys", answer("NPS", 11.0), "score: no NPS of 0 to 10", "ada"),
    ("surveys", answer("csat", 6.0), "score: not on the csat_scale", "ada"),
]
VALID = {
    "usage": {**OLD, "errors": 0},
    "subscriptions": span("2023-01-01", "2023-01-01", 0.0, subscription_id="s2"),
    "tickets": ticket("2023-01-01", "2023-01-01", "2023-01-01", ticket_id="t2"),
    "surveys": answer("nps", None),
}


@every_engine
@pytest.mark.parametrize(("table", "row", "reason", "example"), CONTRADICTORY)
def test_a_contradictory_row_is_excluded_with_its_reason_and_an_example(engine_name, table, row, reason, example):
    tables = world(engine_name, **{table: frame(row, VALID[table])})

    report = tables.load_report(table)

    assert (report.excluded, report.examples, report.n_usable) == ({reason: 1}, {reason: example}, 1)
    assert tables.latest()[table].count().to_pyarrow().as_py() == 1


def test_the_toml_may_set_another_csat_scale():
    tables = world(settings=config(csat_scale=(0.0, 100.0)), surveys=frame(answer("csat", 6.0), answer("csat", 101.0)))

    assert tables.load_report("surveys").excluded == {"score: not on the csat_scale": 1}


def membership(who: str, account: str, since: str | None = None) -> dict[str, Any]:
    return {"customer_id": who, "account_id": account, **({"valid_from": since} if since else {})}


@every_engine
def test_a_person_in_two_accounts_at_once_counts_for_neither(engine_name):
    used = [{**OLD, "customer_id": who, "event_time": "2024-03-01"} for who in ("ada", "bo")]
    people = frame(membership("ada", "acme"), membership("bo", "acme"), membership("bo", "zeta"))
    tables = world(engine_name, config(customer="account"), usage=frame(OLD, *used), customers=people)

    features = features_at(tables, "acme", "bo", "zeta")

    assert features.column("usage_events_30d").tolist() == [1, 0, 0]
    assert tables.load_report("customers").excluded == {"account_id: of two accounts at once": 2}
    assert tables.load_report("customers").examples["account_id: of two accounts at once"] == "bo"


def test_a_person_stays_in_the_earlier_account_until_the_new_one_is_certain():
    people = frame(
        membership("bo", "acme", "2023-01-01"),
        membership("bo", "acme", "2024-02-01"),
        membership("bo", "zeta", "2024-02-01"),
    )
    used = {**OLD, "customer_id": "bo", "event_time": "2024-03-01"}
    tables = world(settings=config(customer="account"), usage=frame(OLD, used), customers=people)

    assert features_at(tables, "acme", "zeta").column("usage_events_30d").tolist() == [1, 0]


def test_a_csat_scale_with_its_bounds_swapped_is_an_error():
    with pytest.raises((ConfigError, ValueError), match="lowest score and then the highest"):
        config(csat_scale=(5.0, 1.0))
