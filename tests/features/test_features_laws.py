"""Laws that every declared feature obeys, on random histories."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.config.money import ReportSettings
from core.feature_table import FeatureTable
from features.families.catalogue import all_features
from features.pipeline import compute_features
from tables.building import tables_from_frames
from tables.tables import Tables
from tests.engines import engine, every_engine
from tests.featured import CUTOFF, cohort, features_at
from tests.worlds import config, frame

NOON = datetime.fromisoformat(CUTOFF) + timedelta(hours=12)
CUSTOMERS = ("ada", "bo", "cyd", "dan", "eve")
SETTINGS = config(attributes={"customers": ("city", "age")}, report=ReportSettings(community_events=("visit", "post")))

few_examples = settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""Few but long histories: an example costs seconds, whatever its length.

The first one is the simplest that Hypothesis can draw: rows of one customer at one moment.
"""

Row = dict[str, Any]


def moments(first_day: int, last_day: int) -> st.SearchStrategy[datetime]:
    """Moments in whole hours, so that some coincide, within these days from the noon of the cutoff."""
    hours = st.integers(first_day * 24 - 12, last_day * 24 - 12)
    return st.builds(lambda count: NOON + timedelta(hours=count), hours)


def rows(moment: st.SearchStrategy[datetime], recorded: st.SearchStrategy[datetime | None]) -> dict[str, Any]:
    """Lists of rows of every table that happen and are recorded at these moments."""
    shared = {"customer_id": st.sampled_from(CUSTOMERS), "event_time": moment, "recorded_time": recorded}
    purchase = {
        **shared,
        "amount": st.integers(-20, 60).map(float),
        "item_id": st.sampled_from(["tea", "cup", None]),
        "order_id": st.sampled_from(["1", "2", "3", "4", None]),
        "channel": st.sampled_from(["web", "shop", None]),
        "quantity": st.sampled_from([1.0, 2.0, None]),
        "line_id": st.sampled_from(["l1", "l2", None]),
    }
    usage = {
        **shared,
        "event": st.sampled_from(["visit", "login"]),
        "session_id": st.sampled_from(["s1", "s2", None]),
        "item_id": st.sampled_from(["tea", "cup", None]),
        "value": st.sampled_from([0.5, 3.0, None]),
        "role": st.sampled_from(["admin", "member", None]),
        "errors": st.sampled_from([0, 2, None]),
    }
    later = st.none() | moments(-400, 200)
    attributes = {
        "customer_id": st.sampled_from(CUSTOMERS),
        "valid_from": moment,
        "city": st.sampled_from(["Oslo", "Rome"]),
        "age": st.integers(20, 60).map(float),
        "joined_at": later,
        "referred_by": st.sampled_from([*CUSTOMERS, None]),
    }
    subscription = {
        **{name: shared[name] for name in ("customer_id", "recorded_time")},
        "subscription_id": st.sampled_from(["s1", "s2"]),
        "plan": st.sampled_from(["basic", "pro"]),
        "mrr": st.sampled_from([10.0, 25.0]),
        "started_at": moment,
        "ended_at": later,
        "cancel_requested_at": later,
        "renews_at": later,
        "refunded": st.sampled_from([None, 3.0]),
        "seats": st.sampled_from([1, 5]),
        "term_months": st.sampled_from([1, 12]),
    }
    ticket = {
        "customer_id": shared["customer_id"],
        "opened_at": moment,
        "first_answered_at": later,
        "closed_at": later,
        "topic": st.sampled_from(["price", "bug", None]),
        "severity": st.sampled_from(["high", "low"]),
        "satisfaction": st.sampled_from([None, 1.0, 5.0]),
    }
    survey = {
        "customer_id": shared["customer_id"],
        "event_time": moment,
        "kind": st.sampled_from(["nps", "csat"]),
        "score": st.sampled_from([None, 2.0, 9.0]),
    }
    contact = {
        "customer_id": shared["customer_id"],
        "event_time": moment,
        "campaign_id": st.just("c"),
        "offer_id": st.just("o"),
        "channel": st.sampled_from(["mail", "line"]),
        "treated": st.booleans(),
        "opened_at": later,
        "clicked_at": later,
        "converted_at": later,
    }
    preference = {
        "customer_id": shared["customer_id"],
        "event_time": moment,
        "key": st.sampled_from(["colour", "size"]),
        "value": st.sampled_from(["red", "blue"]),
    }
    entry = {
        "customer_id": shared["customer_id"],
        "event_time": moment,
        "points": st.integers(-30, 50).map(float),
        "kind": st.sampled_from(["earn", "spend", "Expired", None]),
        "balance_after": st.sampled_from([None, 40.0]),
        "expires_at": later,
    }
    kinds = {
        "purchases": purchase,
        "usage": usage,
        "customers": attributes,
        "subscriptions": subscription,
        "tickets": ticket,
        "surveys": survey,
        "contacts": contact,
        "preferences": preference,
        "points": entry,
    }
    return {name: st.lists(st.fixed_dictionaries(columns), min_size=3, max_size=40) for name, columns in kinds.items()}


histories = st.fixed_dictionaries(rows(moments(-400, -1), st.none()))
futures = st.fixed_dictionaries(rows(moments(0, 200), st.none()))
late_records = st.fixed_dictionaries(rows(moments(-400, -1), moments(0, 200)))

OLD = datetime(2020, 1, 1)
FIRST: dict[str, list[Row]] = {
    "purchases": [
        {
            "customer_id": "old",
            "event_time": OLD,
            "recorded_time": OLD,
            "amount": 9.0,
            "item_id": "tea",
            "order_id": "0",
            "channel": "web",
            "quantity": 1.0,
            "line_id": "l0",
        }
    ],
    "usage": [
        {
            "customer_id": "old",
            "event_time": OLD,
            "recorded_time": OLD,
            "event": "visit",
            "session_id": "s0",
            "item_id": "tea",
            "value": 1.0,
            "role": "admin",
        }
    ],
    "subscriptions": [
        {
            "customer_id": "old",
            "recorded_time": OLD,
            "subscription_id": "s0",
            "plan": "basic",
            "mrr": 10.0,
            "started_at": OLD,
            "ended_at": OLD + timedelta(days=9),
            "cancel_requested_at": OLD + timedelta(days=8),
            "renews_at": OLD + timedelta(days=9),
            "refunded": 1.0,
            "seats": 1,
            "term_months": 1,
        }
    ],
    "tickets": [
        {
            "customer_id": "old",
            "opened_at": OLD,
            "first_answered_at": OLD,
            "closed_at": OLD,
            "topic": "bug",
            "severity": "low",
            "satisfaction": 3.0,
        }
    ],
    "surveys": [{"customer_id": "old", "event_time": OLD, "kind": "nps", "score": 8.0}],
    "contacts": [
        {
            "customer_id": "old",
            "event_time": OLD,
            "campaign_id": "c",
            "offer_id": "o",
            "channel": "mail",
            "treated": True,
            "opened_at": OLD,
            "clicked_at": OLD,
            "converted_at": OLD,
        }
    ],
    "points": [
        {
            "customer_id": "old",
            "event_time": OLD,
            "points": 5.0,
            "kind": "earn",
            "balance_after": 5.0,
            "expires_at": OLD + timedelta(days=900),
        }
    ],
    "preferences": [{"customer_id": "old", "event_time": OLD, "key": "colour", "value": "red"}],
    "customers": [
        {"customer_id": "old", "valid_from": OLD, "city": "Oslo", "age": 50.0, "joined_at": OLD, "referred_by": "ada"}
    ],
}
"When recording began, and one value of every column, so that each has a type."

ITEMS = frame(
    {"item_id": "tea", "category": "drinks", "valid_from": "2020-01-01"},
    {"item_id": "cup", "category": "tableware", "valid_from": "2020-01-01"},
)


def tables(*parts: dict[str, list[Row]], backend: Any = None) -> Tables:
    frames = {name: frame(*first, *(row for part in parts for row in part[name])) for name, first in FIRST.items()}
    return tables_from_frames(SETTINGS, {**frames, "items": ITEMS}, backend=backend)


def assert_same(actual: FeatureTable, expected: FeatureTable) -> None:
    """Equal columns, and values equal to the 10th digit; a missing one equals only a missing one."""
    assert actual.names == expected.names
    np.testing.assert_allclose(actual.values, expected.values, rtol=1e-10, atol=1e-9, equal_nan=True)


@pytest.mark.slow
@few_examples
@given(history=histories, future=futures, late=late_records)
def test_facts_known_at_or_after_the_cutoff_change_nothing(history, future, late):
    recorded = ("purchases", "usage", "subscriptions")
    late_rows = {name: rows if name in recorded else [] for name, rows in late.items()}

    assert_same(
        features_at(tables(history, future, late_rows), *CUSTOMERS, "old"),
        features_at(tables(history), *CUSTOMERS, "old"),
    )


@pytest.mark.slow
@few_examples
@given(history=histories, place=st.integers(0, len(CUSTOMERS) - 1))
def test_the_features_of_a_customer_do_not_depend_on_other_customers(history, place):
    world = tables(history)
    together = features_at(world, *CUSTOMERS, "old")

    assert_same(features_at(world, CUSTOMERS[place]), together.take(np.array([place])))


@pytest.mark.slow
@few_examples
@given(history=histories, data=st.data())
def test_the_order_of_rows_is_irrelevant(history, data):
    dated = {**history, "customers": [], "purchases": [row | {"line_id": None} for row in history["purchases"]]}
    dated["subscriptions"] = [row | {"subscription_id": f"s{n}"} for n, row in enumerate(history["subscriptions"])]
    shuffled = {name: data.draw(st.permutations(rows_)) for name, rows_ in dated.items()}

    assert_same(features_at(tables(shuffled), *CUSTOMERS), features_at(tables(dated), *CUSTOMERS))


@pytest.mark.slow
@few_examples
@given(history=histories, late=late_records)
def test_the_engines_agree_on_every_feature_and_on_missing_values(history, late):
    by_engine = [
        features_at(tables(history, late, backend=engine(name)), *CUSTOMERS, "unknown")
        for name in ("duckdb", "postgres")
    ]

    assert_same(by_engine[1], by_engine[0])


def test_the_laws_cover_every_declared_feature():
    seen = features_at(tables({name: [] for name in FIRST}), "old").names

    per_word = ("via_channel", "usage_event", "main_", "_on_plan", "_severity_", "_topic_", "preference_question")
    per_word += ("active_people", "active_seat", "community_community_event")
    assert [f.name for f in all_features() if f.name not in seen and not any(word in f.name for word in per_word)] == []


@every_engine
@pytest.mark.parametrize(
    ("zone", "around"),
    [("Asia/Tokyo", "2024-03-01"), ("Europe/London", "2024-03-31"), ("America/New_York", "2024-11-03")],
)
def test_days_hours_and_weekdays_are_in_the_time_zone_of_the_business(engine_name, zone, around):
    start = datetime.fromisoformat(around).replace(tzinfo=ZoneInfo("UTC")) - timedelta(hours=30)
    instants = [start + timedelta(minutes=97 * step) for step in range(36)]
    local = [instant.astimezone(ZoneInfo(zone)) for instant in instants]
    ids = [f"c{step:02d}" for step in range(len(instants))]
    purchases = pa.table(
        {"customer_id": ids, "event_time": pa.array(instants, pa.timestamp("s", "UTC")), "amount": [9.0] * len(ids)}
    )
    cutoff = (datetime.fromisoformat(around) + timedelta(days=5)).date()

    table = compute_features(
        tables_from_frames(config(time_zone=zone), {"purchases": purchases}, backend=engine(engine_name)),
        cohort(*ids, cutoff=cutoff.isoformat()),
    )

    expected = {
        "days_since_last_purchase": [(cutoff - moment.date()).days for moment in local],
        "evening_order_share_total": [moment.hour >= 18 for moment in local],
        "weekend_order_share_total": [moment.weekday() >= 5 for moment in local],
    }
    for name, values in expected.items():
        np.testing.assert_array_equal(table.column(name), values)
