"""Loading excludes rows that would corrupt a figure, and counts them by cause."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import DataError
from insights.finance.loading import ExcludedRows, load_orders, load_spans, load_survey_responses, load_waits
from insights.finance.money import Money
from tests.worlds import frame, shop

YEN = Money("JPY")
VISIT = frame({"customer_id": "ada", "event_time": "2024-01-01", "event": "visit"})


def span(began: str, ended: str | None, mrr: float) -> dict[str, object]:
    usual = {"customer_id": "ada", "subscription_id": "s", "plan": "pro", "currency": "USD"}
    return {**usual, "started_at": began, "ended_at": ended, "mrr": mrr}


def test_impossible_spans_are_excluded_and_counted_by_cause():
    rows = [
        span("2024-01-01", "2024-02-01", 10.0),
        span("2024-03-01", "2024-02-01", 10.0),
        span("2024-01-01", None, -5.0),
    ]
    excluded = ExcludedRows()

    spans = load_spans(shop(usage=VISIT, subscriptions=frame(*rows)), excluded)

    assert (spans.mrr.tolist(), spans.currencies.tolist()) == ([10.0], ["USD"])
    assert excluded.counts == {"subscriptions: ended_at: before started_at": 1, "subscriptions: mrr: below zero": 1}


def test_an_nps_of_eleven_is_excluded_and_no_missing_response():
    scores = [
        {"customer_id": "ada", "event_time": "2024-01-01", "kind": "NPS", "score": score} for score in (11.0, 9.0, None)
    ]
    excluded = ExcludedRows()

    responses = load_survey_responses(shop(usage=VISIT, surveys=frame(*scores)), "nps", excluded=excluded)

    assert responses.has_response.tolist() == [True, False]
    assert excluded.counts == {"surveys: score: no NPS of 0 to 10": 1}


def test_a_ticket_closed_before_it_opened_has_no_waiting_time():
    tickets = [
        {"customer_id": "ada", "opened_at": "2024-01-02T10:00", "closed_at": closed}
        for closed in ("2024-01-02T16:00", "2024-01-01", None)
    ]
    excluded = ExcludedRows()

    waits = load_waits(shop(usage=VISIT, tickets=frame(*tickets)), "closed_at", excluded=excluded)

    assert waits.hours.tolist() == [6.0]
    assert excluded.counts == {"tickets: closed_at: before opened_at": 1}


def test_a_day_with_only_returns_is_no_order():
    log = shop("ada 2024-01-01 30", "ada 2024-01-01 -10", "ada 2024-01-05 -20", "- 2024-01-06 9", "- 2024-01-06 9")
    excluded = ExcludedRows()

    orders = load_orders(log, YEN, excluded=excluded)

    assert (orders.days.tolist(), orders.amounts.tolist()) == ([np.datetime64("2024-01-01").item()], [20.0])
    assert excluded.counts == {"purchases: no customer": 2, "purchases: days with no more bought than returned": 1}


def test_purchases_in_another_currency_use_the_rate_of_their_month():
    rates = {"USD": {np.datetime64("2024-01"): 140.0, np.datetime64("2024-02"): 150.0}}
    log = shop(
        "ada 2024-01-01 30 currency=JPY", "ada 2024-01-01 2 currency=USD", "bo 2024-01-01 1 currency=USD",
        "bo 2024-02-01 1 currency=USD",
    )  # fmt: skip

    orders = load_orders(log, Money("JPY", rates), excluded=ExcludedRows())

    assert orders.amounts.tolist() == [310.0, 140.0, 150.0]
    with pytest.raises(DataError, match="no rate of USD to JPY for 2024-01"):
        load_orders(log, YEN, excluded=ExcludedRows())
