"""Features of loyalty points, on ledgers small enough to keep by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest

from core.config.loyalty import LoyaltySettings
from tests.engines import engine, every_engine
from tests.featured import features_at
from tests.worlds import config, frame, shop

OPENED = {"customer_id": "old", "event_time": "2020-01-01", "points": 1.0, "expires_at": None}


def features_of_ada(*entries: str, engine_name: str = "duckdb", **settings: Any) -> dict[str, float]:
    """Ada's features on 2024-03-08, from entries such as "2024-01-05 300 until=2024-06-30 kind=earn after=300"."""
    rows = [{**OPENED, **_entry(entry)} for entry in entries]
    tables = shop(
        "ada 2024-01-01",
        points=frame(OPENED, *rows),
        backend=engine(engine_name),
        settings=config(loyalty=LoyaltySettings(**settings)),
    )
    row = features_at(tables, "ada")
    return dict(zip(row.names, row.values[0].tolist(), strict=True))


def _entry(text: str) -> dict[str, Any]:
    when, points, *rest = text.split()
    more = dict(word.split("=") for word in rest)
    entry: dict[str, Any] = {"customer_id": "ada", "event_time": when, "points": float(points)}
    if "until" in more:
        entry["expires_at"] = more["until"]
    if "kind" in more:
        entry["kind"] = more["kind"]
    if "after" in more:
        entry["balance_after"] = float(more["after"])
    return entry


@every_engine
def test_points_are_spent_from_those_that_expire_first(engine_name):
    features = features_of_ada(
        "2023-12-01 100", "2024-01-05 300 until=2024-04-01", "2024-02-01 50 until=2024-05-01", "2024-03-01 -200",
        engine_name=engine_name,
    )  # fmt: skip

    assert (features["points_balance"], features["points_expiring_30d"], features["points_expiring_90d"]) == (
        250, 100, 150,
    )  # fmt: skip


@every_engine
def test_points_that_have_lapsed_are_not_spent_later(engine_name):
    features = features_of_ada(
        "2023-12-01 100 until=2023-12-31", "2024-01-05 300 until=2024-04-01", "2024-02-01 -200",
        engine_name=engine_name,
    )  # fmt: skip

    assert (features["points_balance"], features["points_expiring_30d"]) == (100, 100)


def test_points_that_were_spent_after_their_last_day_leave_no_balance_below_zero():
    assert features_of_ada("2023-12-01 100 until=2023-12-31", "2024-01-02 -100")["points_balance"] == 0


def test_points_are_good_until_the_end_of_their_last_day_and_gone_without_a_row_that_books_it():
    today = features_of_ada("2024-01-05 300 until=2024-03-08")
    yesterday = features_of_ada("2024-01-05 300 until=2024-03-07")

    assert (today["points_balance"], today["points_expiring_30d"]) == (300, 300)
    assert (yesterday["points_balance"], yesterday["points_expiring_30d"]) == (0, 0)


def test_an_expiry_that_is_booked_is_neither_spent_nor_taken_off_twice():
    features = features_of_ada("2023-03-08 300 until=2024-03-01", "2024-02-01 80", "2024-03-02 -300 kind=失効")

    assert (features["points_balance"], features["points_expired_365d"], features["points_spent_365d"]) == (80, 300, 0)


def test_the_business_says_which_kinds_are_expiries():
    entries = ("2024-01-05 100 kind=plus", "2024-02-01 -100 kind=Gone")

    assert features_of_ada(*entries)["points_spent_365d"] == 100
    assert features_of_ada(*entries, expiry_kinds=("gone",))["points_spent_365d"] == 0


def test_what_is_earned_and_spent_counts_in_its_window():
    features = features_of_ada("2022-01-01 1000", "2024-01-05 300", "2024-03-01 -200")

    assert (features["points_earned_90d"], features["points_earned_total"]) == (300, 1300)
    assert (features["points_spent_30d"], features["points_burn_rate_90d"]) == (200, pytest.approx(2 / 3))
    assert (features["days_since_points_earned"], features["days_since_points_spent"]) == (63, 7)
    assert math.isnan(features_of_ada("2022-01-01 1000")["points_burn_rate_90d"])


def test_the_newest_stated_balance_counts_points_from_before_the_record():
    features = features_of_ada("2024-01-05 100 after=600", "2024-02-01 -50 after=550", "2024-03-01 20")

    assert features["points_balance"] == 570


def test_rows_of_one_moment_do_not_decide_the_balance_by_their_order():
    features = features_of_ada(
        "2024-01-05 100 after=600", "2024-02-01 -50 after=570", "2024-02-01 20 after=620", "2024-03-01 0"
    )

    assert features["points_balance"] == 570


def test_points_that_expire_before_they_are_earned_have_no_expiry():
    features = features_of_ada("2024-01-05 300 until=2023-06-30")

    assert (features["points_balance"], features["points_expiring_90d"]) == (300, 0)


def test_points_from_before_the_record_are_spent_first():
    features = features_of_ada(
        "2024-01-05 100 until=2024-03-20 after=600", "2024-03-01 -450 until=2024-03-20 after=150"
    )

    assert (features["points_balance"], features["points_expiring_30d"]) == (150, 100)
