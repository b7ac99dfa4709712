"""Clicks and purchases are credited to the recommendation that they name, each item shown once."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from core.errors import DataError
from core.events import AnyEvent, Exposure, Purchase, View
from insights.attribution import Attribution, attribute
from serving.build.events import read_events
from serving.journal.sqlite import SqliteJournal
from tables.journal import add_events
from tables.tables import Tables
from tests.engines import engine, every_engine
from tests.worlds import config, frame, tables_from_frames

START, END = date(2024, 3, 1), date(2024, 4, 1)
ORDERS = frame(
    {"customer_id": "ada", "event_time": "2024-03-05T09:00", "amount": 5.0, "order_id": "o1", "item_id": "tea"},
    {"customer_id": "bo", "event_time": "2024-03-06T09:00", "amount": 40.0, "order_id": "o2", "item_id": "pot"},
)
SHOWN = [
    {"customer_id": "ada", "item_id": "tea", "recommendation_id": "r1", "position": 1, "channel": "web"},
    {"customer_id": "ada", "item_id": "jam", "recommendation_id": "r1", "position": 2, "channel": "web"},
    {"customer_id": "bo", "item_id": "tea", "recommendation_id": "r2", "position": 1, "channel": "app"},
    {"customer_id": "bo", "item_id": "tea", "recommendation_id": "r2", "position": 12, "channel": "app"},
    {"customer_id": "cyd", "item_id": "cup", "recommendation_id": "r3", "position": 11},
]


def on(day: int) -> datetime:
    return datetime(2024, 3, day, 12, tzinfo=UTC)


def exposures() -> list[AnyEvent]:
    return [Exposure(event_id=f"x{place}", event_time=on(4), **fields) for place, fields in enumerate(SHOWN)]


def view(event_id: str, customer: str, item: str, *, credit: str | None) -> View:
    return View(event_id=event_id, event_time=on(4), customer_id=customer, item_id=item, recommendation_id=credit)


def purchase(event_id: str, customer: str, item: str, *, order: str, credit: str | None, day: int = 7) -> Purchase:
    return Purchase(
        event_id=event_id,
        event_time=on(day),
        customer_id=customer,
        item_id=item,
        order_id=order,
        amount=9,
        recommendation_id=credit,
    )


@pytest.fixture
def credit(tmp_path):
    """Credit the recommendations of March with stored events."""

    def store_and_credit(*events: AnyEvent, orders: pa.Table = ORDERS, engine_name: str = "duckdb") -> Attribution:
        journal = SqliteJournal(tmp_path / "events.db", "shop")
        journal.append([events], now=datetime(2024, 3, 9, tzinfo=UTC))
        tables: Tables = tables_from_frames(config(), {"purchases": orders}, backend=engine(engine_name))
        stored = read_events(journal, ZoneInfo(tables.config.time_zone))
        journal.close()
        return attribute(add_events(tables, stored.tables, number=stored.number), START, end=END)

    return store_and_credit


def counts(result: Attribution, name: str = "all") -> tuple[int, int, int, float]:
    """Items shown, clicked and bought, and their revenue."""
    (group,) = [group for group in result.groups if group.name == name]
    clicked, bought = (round(rate.value * group.shown) for rate in (group.click_rate, group.purchase_rate))
    return group.shown, clicked, bought, group.revenue


@every_engine
def test_what_names_a_recommendation_is_credited_to_it(credit, engine_name):
    result = credit(
        *exposures(),
        view("v1", "ada", "tea", credit="r1"),
        view("v2", "ada", "tea", credit="r1"),
        view("v3", "bo", "tea", credit=None),
        purchase("p1", "ada", "tea", order="o1", credit="r1"),
        purchase("p2", "bo", "tea", order="o8", credit="r2"),
        engine_name=engine_name,
    )

    # The warehouse's amount of o1 counts, 5; that of o8, which it does not have yet, is the event's, 9.
    assert counts(result) == (4, 1, 2, 14.0)
    assert (counts(result, "1"), counts(result, "2")) == ((2, 1, 2, 14.0), (1, 0, 0, 0.0))
    assert (counts(result, "after 10"), counts(result, "app")) == ((1, 0, 0, 0.0), (1, 0, 1, 9.0))
    assert (result.recommendations, result.unseen_purchases) == (3, 0)


def test_an_item_is_shown_once_at_its_best_place(credit):
    assert counts(credit(*exposures()), "1")[0] == 2


def test_a_purchase_that_the_warehouse_lacks_was_cancelled(credit):
    assert counts(credit(*exposures(), purchase("p1", "ada", "tea", order="o9", credit="r1", day=4)))[2] == 0


def test_what_names_a_recommendation_that_showed_something_else_is_counted_apart(credit):
    result = credit(
        *exposures(),
        view("v1", "ada", "cup", credit="r1"),
        purchase("p1", "ada", "cup", order="o8", credit="r1"),
        purchase("p2", "ada", "tea", order="o9", credit="r7"),
    )

    assert counts(result)[1:] == (0, 0, 0.0)
    assert result.unseen_purchases == 2


def test_a_warehouse_may_have_the_ids_itself(credit):
    orders = frame(
        {
            "customer_id": "ada",
            "event_time": "2024-03-05T09:00",
            "amount": 5.0,
            "item_id": "tea",
            "recommendation_id": "r1",
        }
    )

    assert counts(credit(*exposures(), orders=orders))[2:] == (1, 5.0)


def test_without_exposures_the_error_says_how_to_report_them(credit):
    with pytest.raises(DataError, match=r"POST /v1/events.*\[tables.exposures\]"):
        credit(view("v1", "ada", "tea", credit="r1"))
