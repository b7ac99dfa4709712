"""Stored events are rows of their tables, each once: a row of the source wins over the same event."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from core.config.journal import JournalSettings
from core.events import AnyEvent, Consent, Identify, Preference, Purchase, View
from serving.build.events import read_events
from serving.journal.sqlite import SqliteJournal
from tables.consents import customers_refusing, load_preferences
from tables.journal import add_events
from tables.tables import Tables
from tests.engines import engine, every_engine
from tests.worlds import config, frame, purchase_log, tables_from_frames

LATER = date(2024, 5, 1)
LINES = frame(
    {"customer_id": "ada", "event_time": "2024-03-01T09:00", "amount": 5.0, "order_id": "o1", "item_id": "tea"},
    {"customer_id": "ada", "event_time": "2024-03-02T09:00", "amount": 6.0, "order_id": "o2", "item_id": "jam"},
)
"The source is complete before 2024-03-03."


@pytest.fixture
def add(tmp_path):
    """Store events, and add them to tables."""

    def store_and_add(tables: Tables, *events: AnyEvent) -> Tables:
        journal = SqliteJournal(tmp_path / "events.db", "shop")
        journal.append([events], now=datetime(2024, 3, 9, tzinfo=UTC))
        stored = read_events(journal, ZoneInfo(tables.config.time_zone))
        journal.close()
        return add_events(tables, stored.tables, number=stored.number)

    return store_and_add


def day(number: int) -> datetime:
    return datetime(2024, 3, number, 12, tzinfo=UTC)


def purchase(event_id: str, item: str, *, on: int, order: str | None = None, **who: str) -> Purchase:
    return Purchase(
        event_id=event_id,
        event_time=day(on),
        item_id=item,
        amount=9,
        order_id=order,
        customer_id=who.get("customer_id", None if who else "ada"),
        anonymous_id=who.get("anonymous_id"),
    )


def lines_of(tables: Tables) -> list[tuple[str | None, str]]:
    rows = tables.at(LATER)["purchases"].to_pyarrow().to_pylist()
    return sorted((row["customer_id"], row["item_id"]) for row in rows)


@every_engine
def test_a_line_that_the_source_has_counts_once_on_every_engine(engine_name, add):
    tables = tables_from_frames(config(), {"purchases": LINES}, backend=engine(engine_name))

    tables = add(tables, purchase("1", "tea", on=4, order="o1"), purchase("2", "cup", on=4, order="o1"))

    assert lines_of(tables) == [("ada", "cup"), ("ada", "jam"), ("ada", "tea")]


def test_an_event_from_before_the_watermark_that_the_source_lacks_was_cancelled(add):
    tables = add(tables_from_frames(config(), {"purchases": LINES}), purchase("1", "cup", on=1, order="o9"))

    assert ("ada", "cup") not in lines_of(tables)


def test_events_do_not_move_the_watermark(add):
    before = tables_from_frames(config(), {"purchases": LINES})
    after = add(before, purchase("1", "cup", on=8))

    assert ("ada", "cup") in lines_of(after)
    assert after.watermark("purchases") == before.watermark("purchases")


def test_a_purchase_of_a_visitor_belongs_to_the_customer_that_the_visitor_became(add):
    link = Identify(event_id="2", event_time=day(8), anonymous_id="v1", customer_id="ada")
    tables = add(
        tables_from_frames(config(), {"purchases": LINES}),
        purchase("1", "cup", on=8, anonymous_id="v1"), link, purchase("3", "pot", on=8, anonymous_id="v2"),
    )  # fmt: skip

    rows = tables.at(LATER)["purchases"].to_pyarrow().to_pylist()
    assert {row["item_id"]: row["customer_id"] for row in rows if row["item_id"] in ("cup", "pot")} == {
        "cup": "ada", "pot": None,
    }  # fmt: skip


def test_views_are_added_to_a_table_of_usage_that_records_none(add):
    usage = frame({"customer_id": "ada", "event_time": "2024-03-02T09:00", "event": "login"})
    frames = {"purchases": purchase_log("ada 2024-03-01"), "usage": usage}
    early = View(event_id="1", event_time=day(1), customer_id="ada", item_id="tea")

    tables = add(tables_from_frames(config(), frames), early)

    assert sorted(tables.at(LATER)["usage"].to_pyarrow()["event"].to_pylist()) == ["login", "view"]


def test_views_alone_make_no_table_of_usage_unless_the_toml_says_so(add):
    view = View(event_id="1", event_time=day(1), customer_id="ada", item_id="tea")
    frames = {"purchases": purchase_log("ada 2024-03-01")}

    assert "usage" not in add(tables_from_frames(config(), frames), view)
    settings = config(journal=JournalSettings(tables=("usage",)))
    assert "usage" in add(tables_from_frames(settings, frames), view)


def test_preferences_and_consents_are_known_from_their_time_on(add):
    tables = add(
        tables_from_frames(config(), {"purchases": LINES}),
        Preference(event_id="1", event_time=day(5), customer_id="ada", key="category", values=("tea", "jam")),
        Consent(event_id="2", event_time=day(5), customer_id="ada", purpose="contact", granted=False),
    )

    assert load_preferences(tables, LATER) == {"ada": {"category": ("jam", "tea")}}
    assert customers_refusing(tables, "contact", cutoff=LATER).tolist() == ["ada"]
    assert customers_refusing(tables, "contact", cutoff=date(2024, 3, 5)).tolist() == []


def test_a_table_without_events_in_the_journal_is_unknown_to_the_toml():
    with pytest.raises(ValueError, match="no events belong to a table 'purchase'; did you mean 'purchases'"):
        JournalSettings(tables=("purchase",))


def test_the_tables_remember_the_last_event(add):
    tables = add(
        tables_from_frames(config(), {"purchases": LINES}), purchase("1", "cup", on=8), purchase("2", "pot", on=8)
    )

    assert tables.journal_number == 2
