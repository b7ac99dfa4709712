"""Loading excludes rows that would corrupt a figure, and counts them by cause."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import DataError
from insights.finance.loading import ExcludedRows, load_orders, load_spans, load_survey_responses, load_waits
from insights.finance.money import Money
from tests.featured import features_at
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
        span("2024-01-01", None, -4.0),
    ]
    excluded = ExcludedRows()

    spans = load_spans(shop(usage=VISIT, subscriptions=frame(*rows)), excluded)

    assert (sorted(spans.mrr.tolist()), set(spans.currencies.tolist())) == ([-4.0, 10.0], {"USD"})
    assert excluded.counts == {"subscriptions: ended_at: before started_at": 1}


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


def test_a_day_with_only_returns_has_revenue_and_no_order():
    log = shop("ada 2024-01-01 30", "ada 2024-01-01 -10", "ada 2024-01-05 -20", "- 2024-01-06 9", "- 2024-01-06 9")
    excluded = ExcludedRows()

    orders = load_orders(log, YEN, excluded=excluded)

    assert orders.days.astype(str).tolist() == ["2024-01-01", "2024-01-05"]
    assert (orders.amounts.tolist(), orders.n_orders.tolist()) == ([20, -20], [1, 0])
    assert excluded.counts == {"purchases: no customer": 2}


LINES = st.lists(
    st.tuples(
        st.sampled_from(["ada", "bo", "-"]), st.integers(1, 3), st.integers(0, 2), st.integers(-30, 60),
        st.sampled_from(["1", "2", "3"]) | st.none(),
    ),
    min_size=1, max_size=25,
)  # fmt: skip
"Customer, month, day in it, amount, order id."


def write_lines(lines: list[tuple[str, int, int, int, str | None]]) -> list[str]:
    return [
        f"{customer} 2024-{month:02d}-{day + 1:02d} {amount}{f' order_id={order}' if order else ''}"
        for customer, month, day, amount, order in lines
    ]


@settings(max_examples=15, deadline=None)
@given(LINES)
def test_net_revenue_is_the_sum_of_the_lines_with_a_customer_and_orders_are_those_of_features(lines):
    tables = shop("old 2023-12-01 1 order_id=0", *write_lines(lines))
    orders = load_orders(tables, YEN, excluded=ExcludedRows(), cutoff=date(2024, 4, 1))

    named = [amount for customer, _, _, amount, _ in lines if customer != "-"]
    assert orders.amounts.sum() == pytest.approx(1 + sum(named))
    features = features_at(tables, "ada", cutoff="2024-04-01")
    of_ada = orders.take(orders.customer_ids == "ada")
    assert of_ada.n_orders.sum() == features.column("orders_total")[0]
    assert of_ada.amounts.sum() == pytest.approx(features.column("net_spend_total")[0])


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
