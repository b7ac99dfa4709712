"""Items that only the service knows are rows of the items table; a row of the source wins."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.events import ItemChange
from serving.build.events import read_events
from serving.journal.live import JournalPlace
from tables.assortment import load_items
from tables.journal import add_events
from tables.tables import Tables
from tests.engines import engine, every_engine
from tests.serving.databases import database_url
from tests.worlds import config, frame, tables_from_frames

SETTINGS = config(attributes={"items": ("brand", "size", "organic")})
JAM = {"item_id": "jam", "category": "food", "price": 5.0, "brand": "hill", "size": 2.5, "organic": True}


@pytest.fixture(params=["sqlite", "postgres"])
def add(request, tmp_path):
    """Store changes of items, one after the other, and add them to tables."""
    with database_url(request.param, tmp_path) as url:

        def store_and_add(tables: Tables, *changes: ItemChange) -> Tables:
            journal = JournalPlace(url, tmp_path / "events.db").connect("shop")
            for day, change in enumerate(changes, start=1):
                journal.append([[change]], now=datetime(2024, 3, day, 12, tzinfo=UTC))
            stored = read_events(journal, ZoneInfo(tables.config.time_zone))
            journal.close()
            return add_events(tables, stored.tables, number=stored.number)

        yield store_and_add


def change(number: int, item_id: str = "oolong", **values: Any) -> ItemChange:
    return ItemChange(event_id=f"{number}", item_id=item_id, **values)


def items_of(tables: Tables) -> dict[str, Any]:
    today = load_items(tables)
    return dict(zip(today.attributes.item_ids.tolist(), today.descriptions, strict=True))


def source(*rows: dict[str, object], **columns: object) -> Tables:
    return tables_from_frames(SETTINGS, {"items": frame(*({**row, **columns} for row in rows or (JAM,)))})


def test_an_added_item_has_the_latest_of_each_value_in_the_types_of_the_source(add):
    tables = add(
        source(),
        change(
            1, title="Oolong", category="tea", price=3.0, attributes={"brand": "uji", "size": "38", "colour": "red"}
        ),
        change(2, price=4.0, attributes={"organic": "true"}),
    )

    assert items_of(tables)["oolong"] == {
        "title": "Oolong", "category": "tea", "price": 4.0, "brand": "uji", "size": 38.0, "organic": "true",
    }  # fmt: skip


@every_engine
def test_items_are_added_on_every_engine(engine_name, tmp_path):
    tables = tables_from_frames(SETTINGS, {"items": frame(JAM)}, backend=engine(engine_name))
    journal = JournalPlace(None, tmp_path / "events.db").connect("shop")
    journal.append([[change(1, category="tea")]], now=datetime(2024, 3, 1, tzinfo=UTC))

    tables = add_events(tables, read_events(journal, ZoneInfo("UTC")).tables, number=1)

    assert {item: row["category"] for item, row in items_of(tables).items()} == {"jam": "food", "oolong": "tea"}


def test_a_row_of_the_source_wins_altogether(add):
    tables = add(source(), change(1, "jam", price=9.0, title="Jam"), change(2, price=1.0))

    assert items_of(tables)["jam"]["price"] == 5.0
    assert items_of(tables)["jam"].get("title") is None


def test_an_added_item_that_is_sold_out_is_unavailable_although_the_source_says_nothing_of_stock(add):
    tables = add(source(), change(1, category="tea", available=False), change(2, "mate", category="tea"))

    today = load_items(tables)
    assert dict(zip(today.attributes.item_ids.tolist(), today.unavailable.tolist(), strict=True)) == {
        "jam": False, "mate": False, "oolong": True,
    }  # fmt: skip


def test_a_word_that_is_no_value_of_the_column_is_left_out(add):
    tables = add(source(), change(1, attributes={"size": "large", "organic": "perhaps", "brand": "uji"}))

    row = items_of(tables)["oolong"]
    assert (row["size"], row["organic"], row["brand"]) == (None, "perhaps", "uji")


def test_an_added_item_is_new_since_its_first_change(add):
    tables = add(source(available_from="2023-01-01"), change(1, category="tea"), change(2, category="tea", price=1.0))

    (is_new, is_old) = (load_items(tables).is_new(date(2024, 3, 11), new_days=days).tolist() for days in (10, 9))
    assert (is_new, is_old) == ([False, True], [False, False])


def test_dated_rows_hide_later_changes_from_earlier_cutoffs(add):
    tables = add(source(valid_from="2024-01-01"), change(1, price=3.0), change(2, price=4.0))

    def price_at(day: int) -> list[float]:
        rows = tables.at(date(2024, 3, day))["items"].to_pyarrow().to_pylist()
        return [row["price"] for row in rows if row["item_id"] == "oolong"]

    assert [price_at(day) for day in (1, 2, 3)] == [[], [3.0], [4.0]]
    assert items_of(tables)["oolong"]["price"] == 4.0


def test_without_an_items_table_changes_count_in_the_service_alone(add):
    purchases = frame({"customer_id": "ada", "event_time": "2024-03-01", "amount": 5.0, "item_id": "jam"})

    assert "items" not in add(tables_from_frames(config(), {"purchases": purchases}), change(1, category="tea"))
