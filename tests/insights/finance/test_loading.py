"""What would corrupt a figure stays out of it, and is counted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.config.money import MoneySettings
from core.errors import DataError, SourceUnavailable
from insights.finance.loading import ExcludedRows, load_orders, load_spans, load_survey_responses, load_waits
from insights.finance.money import Money
from insights.finance.rates import money_of
from tests.worlds import config, frame, shop

YEN = Money("JPY")
VISIT = frame({"customer_id": "ada", "event_time": "2024-01-01", "event": "visit"})


def span(began: str, ended: str | None, mrr: float) -> dict[str, object]:
    stated = {"customer_id": "ada", "subscription_id": "s", "plan": "pro", "currency": "USD"}
    return {**stated, "started_at": began, "ended_at": ended, "mrr": mrr}


def test_impossible_spans_are_counted_by_cause_and_left_out():
    rows = [
        span("2024-01-01", "2024-02-01", 10.0),
        span("2024-03-01", "2024-02-01", 10.0),
        span("2024-01-01", None, -5.0),
    ]
    left_out = ExcludedRows()

    spans = load_spans(shop(usage=VISIT, subscriptions=frame(*rows)), left_out)

    assert (spans.mrr.tolist(), spans.currencies.tolist()) == ([10.0], ["USD"])
    assert left_out.counts == {"subscriptions: ended_at: before started_at": 1, "subscriptions: mrr: below zero": 1}


def test_an_nps_of_eleven_is_no_answer_and_no_silence():
    scores = [
        {"customer_id": "ada", "event_time": "2024-01-01", "kind": "NPS", "score": score} for score in (11.0, 9.0, None)
    ]
    left_out = ExcludedRows()

    answers = load_survey_responses(shop(usage=VISIT, surveys=frame(*scores)), "nps", left_out)

    assert answers.answered.tolist() == [True, False]
    assert left_out.counts == {"surveys: score: no NPS of 0 to 10": 1}


def test_a_ticket_closed_before_it_opened_has_no_waiting_time():
    tickets = [
        {"customer_id": "ada", "opened_at": "2024-01-02T10:00", "closed_at": closed}
        for closed in ("2024-01-02T16:00", "2024-01-01", None)
    ]
    left_out = ExcludedRows()

    waits = load_waits(shop(usage=VISIT, tickets=frame(*tickets)), "closed_at", left_out)

    assert waits.hours.tolist() == [6.0]
    assert left_out.counts == {"tickets: closed_at: before opened_at": 1}


def test_a_day_that_was_all_returns_is_no_order():
    log = shop("ada 2024-01-01 30", "ada 2024-01-01 -10", "ada 2024-01-05 -20", "- 2024-01-06 9", "- 2024-01-06 9")
    left_out = ExcludedRows()

    orders = load_orders(log, YEN, left_out)

    assert (orders.days.tolist(), orders.amounts.tolist()) == ([np.datetime64("2024-01-01").item()], [20.0])
    assert left_out.counts == {"purchases: no customer": 2, "purchases: days with no more bought than returned": 1}


def test_purchases_in_another_currency_are_converted_at_their_months_rate():
    rates = {"USD": {np.datetime64("2024-01"): 140.0, np.datetime64("2024-02"): 150.0}}
    log = shop(
        "ada 2024-01-01 30 currency=JPY", "ada 2024-01-01 2 currency=USD", "bo 2024-01-01 1 currency=USD",
        "bo 2024-02-01 1 currency=USD",
    )  # fmt: skip

    orders = load_orders(log, Money("JPY", rates), ExcludedRows())

    assert orders.amounts.tolist() == [310.0, 140.0, 150.0]
    with pytest.raises(DataError, match="no rate of USD to JPY for 2024-01"):
        load_orders(log, YEN, ExcludedRows())


def rated(path: Path, text: str):
    path.write_text(text, encoding="utf-8")
    return money_of(config(money=MoneySettings(rates=str(path))))


def test_rates_are_read_by_month(tmp_path: Path):
    money = rated(tmp_path / "rates.csv", "month,currency,rate\n2024-01,usd,148.1\n2024-02-01,USD,150\n")

    assert money.rates_in(np.array(["USD", ""]), np.datetime64("2024-02")).tolist() == [150.0, 1.0]


@pytest.mark.parametrize(
    ("text", "saying"),
    [
        ("month,rate\n", "needs the columns month, currency, rate"),
        (
            "month,currency,rate\n2024-01,USD,x\n",
            "line 2: expected a month such as 2026-04 and a rate, found '2024-01' and 'x'",
        ),
        ("month,currency,rate\n2024-01,USD,-1\n", "line 2: a rate is above 0, found -1"),
    ],
)
def test_a_broken_file_of_rates_is_one_line_that_names_the_place(tmp_path: Path, text: str, saying: str):
    with pytest.raises(DataError, match=saying):
        rated(tmp_path / "rates.csv", text)


def test_rates_that_are_not_there_are_said_to_be():
    with pytest.raises(SourceUnavailable, match="no exchange rates at"):
        money_of(config(money=MoneySettings(rates="nowhere.csv")))
