"""How far a table of subscriptions is recorded: starts are rare in a small firm, ends count where they are events."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from tables.tables import Tables
from tests.features.check.checked import find_kind, is_found
from tests.worlds import frame, shop

TODAY = date(2024, 7, 1)


def row(customer: str, began: str, ended: str | None = None, **more: Any) -> dict[str, Any]:
    usual = {"customer_id": customer, "subscription_id": f"s-{customer}", "plan": "pro", "mrr": 9.0}
    return {**usual, "started_at": began, "ended_at": ended, **more}


def open_firm(*rows: dict[str, Any], today: date | None = TODAY) -> Tables:
    return replace(shop(subscriptions=frame(*rows)), today=today)


RUNS = row("ada", "2024-01-10")


@pytest.mark.parametrize(
    ("rows", "today", "watermark"),
    [
        pytest.param([RUNS, row("bo", "2024-02-01", "2024-06-20")], TODAY, "2024-06-20", id="the last event is an end"),
        pytest.param([RUNS, row("bo", "2024-02-01", "2024-06-20")], None, "2024-02-01", id="no day is known"),
        pytest.param([RUNS, row("bo", "2024-02-01", "2024-07-20")], TODAY, "2024-02-01", id="ends are planned"),
        pytest.param([row("bo", "2024-02-01", "2024-06-20")], TODAY, "2024-02-01", id="every row has an end"),
        pytest.param([RUNS, row("bo", "2024-08-01")], TODAY, "2024-01-10", id="a start is planned"),
        pytest.param([row("bo", "2024-02-01", recorded_time="2024-05-05")], TODAY, "2024-05-05", id="a correction"),
        pytest.param([row("bo", "2024-02-01", cancel_requested_at="2024-05-06")], TODAY, "2024-05-06", id="a request"),
    ],
)
def test_the_watermark_is_the_last_event_that_is_not_planned(
    rows: list[dict[str, Any]], today: date | None, watermark: str
):
    tables = open_firm(*rows, today=today)

    assert str(tables.watermark("subscriptions")) == watermark
    assert tables.default_cutoff() == tables.watermark("subscriptions")


def test_check_says_which_table_ends_before_the_other():
    def firm(last_usage: str) -> Tables:
        usage = {"customer_id": "ada", "event_time": last_usage, "event": "login"}
        purchases = {"customer_id": "ada", "event_time": "2024-03-01", "amount": 5.0}
        return shop(purchases=frame(purchases), usage=frame(usage))

    finding = find_kind(firm("2024-03-08"), "uneven_ends")

    assert (finding.table, finding.count, finding.setting) == ("purchases", 7, "watermark = 2024-03-08")
    assert firm("2024-03-08").default_cutoff() == date(2024, 3, 1)
    assert not is_found(firm("2024-03-03"), "uneven_ends")
