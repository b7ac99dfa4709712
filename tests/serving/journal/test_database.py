"""The journal on SQLite and PostgreSQL: durable, each event once, in the order of commits."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.errors import SourceUnavailable
from core.events import Purchase, View
from serving.journal import database as databases
from serving.journal.database import SELECT, Position, microseconds_of
from serving.journal.live import JournalPlace
from serving.journal.sqlite import SqliteJournal
from serving.journal.writer import JournalWriter
from tests.serving.databases import database_url

NOW = datetime(2026, 4, 2, 9, tzinfo=UTC)
CUTOFF = datetime(2026, 4, 2, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request, tmp_path):
    """Where an empty journal may be."""
    with database_url(request.param, tmp_path) as url:
        yield JournalPlace(url, tmp_path / "events.db")


@pytest.fixture
def journal(place):
    connection = place.connect("shop")
    yield connection
    connection.close()


def view(event_id: str, *, customer: str = "ada", at: datetime | None = None) -> View:
    return View(event_id=event_id, customer_id=customer, item_id="tea", event_time=at)


def ids_since(journal, position: Position) -> list[str]:
    return [stored.event.event_id for rows in journal.read_since(position) for stored in rows]


def test_reading_creates_no_journal(place, journal, tmp_path):
    assert ids_since(journal, Position()) == []
    assert journal.last_number() == 0
    assert not (tmp_path / "events.db").exists()


def test_an_event_is_stored_once_whoever_sends_it_again(journal):
    assert journal.append([[view("a"), view("b"), view("a")]], now=NOW) == [2]
    assert journal.append([[view("b")], [view("c")], [view("c")]], now=NOW) == [0, 1, 0]

    assert ids_since(journal, Position()) == ["a", "b", "c"]


def test_the_first_of_two_events_with_one_id_counts(journal):
    journal.append([[view("a", customer="ada")]], now=NOW)
    journal.append([[view("a", customer="bo")]], now=NOW)

    ((stored,),) = journal.read_since(Position())
    assert stored.event.subject == "ada"


@pytest.mark.parametrize(
    "name", [" ", "\N{MUSICAL SYMBOL EIGHTH NOTE}" * 128, "\N{HEBREW LETTER SHIN WITH DAGESH}" * 64]
)
def test_every_database_stores_an_event_without_a_fault(journal, name):
    event = view("a", customer=name)

    assert event.find_fault() or journal.append([[event]], now=NOW) == [1]


def test_data_sets_share_a_database_but_no_event(place, journal):
    other = place.connect("other")
    journal.append([[view("a")]], now=NOW)
    other.append([[view("a")]], now=NOW)

    assert ids_since(other, Position()) == ["a"]
    assert len(ids_since(journal, Position())) == 1
    other.close()


def test_an_event_comes_back_as_it_was_sent(journal):
    line = Purchase(
        event_id="o1-1", customer_id=" ａda", item_id="緑茶 'x' \"y\"", amount=-3.25, order_id="o1", event_time=NOW
    )
    journal.append([[line]], now=NOW)

    ((stored,),) = journal.read_since(Position())
    assert stored.event == line
    assert stored.event.subject == "ada"


def test_without_a_time_an_event_happened_when_it_was_received(journal):
    journal.append([[view("a")]], now=NOW)

    ((stored,),) = journal.read_since(Position())
    assert stored.event.event_time == NOW


def test_a_release_contains_what_was_stored_before_it_and_happened_before_its_cutoff(journal):
    before, after = datetime(2026, 4, 1, 12, tzinfo=UTC), datetime(2026, 4, 2, 1, tzinfo=UTC)
    journal.append([[view("old", at=before), view("today", at=after)]], now=NOW)
    position = Position(journal.last_number(), microseconds_of(CUTOFF))
    journal.append([[view("late", at=before), view("new", at=after)]], now=NOW)

    assert ids_since(journal, position) == ["today", "late", "new"]
    assert [one.event.event_id for one in journal.read_of(["ada"], position, limit=9)] == ["today", "late", "new"]
    assert [one.event.event_id for one in journal.read_of(["ada"], position, limit=2)] == ["late", "new"]
    assert journal.read_of(["bo"], position, limit=9) == []


def test_who_reads_after_the_last_number_misses_nothing_while_others_write(place):
    n_writers, n_each = 3, 25

    def write(writer: int) -> None:
        connection = place.connect("shop")
        for number in range(n_each):
            connection.append([[view(f"{writer}-{number}")]], now=NOW)
        connection.close()

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(n_writers)]
    for thread in threads:
        thread.start()
    reader, last, seen = place.connect("shop"), 0, list[str]()
    while any(thread.is_alive() for thread in threads) or reader.last_number() > last:
        for stored in reader.read_after(last):
            last = stored.number
            seen.append(stored.event.event_id)
    reader.close()

    assert sorted(seen) == sorted(f"{writer}-{number}" for writer in range(n_writers) for number in range(n_each))


def test_another_connection_sees_at_once_that_there_is_something_new(tmp_path):
    writer, reader = (SqliteJournal(tmp_path / "events.db", "shop") for _ in range(2))
    writer.append([[view("a")]], now=NOW)
    assert reader.has_changed()
    assert not reader.has_changed()

    writer.append([[view("b")]], now=NOW)

    assert reader.has_changed()


def test_a_file_that_was_replaced_is_read_anew(tmp_path):
    journal = SqliteJournal(tmp_path / "events.db", "shop")
    journal.append([[view("a")]], now=NOW)
    other = SqliteJournal(tmp_path / "backup.db", "shop")
    other.append([[view("b")]], now=NOW)
    other.close()
    for path in tmp_path.glob("events.db*"):
        path.unlink()
    (tmp_path / "backup.db").rename(tmp_path / "events.db")

    assert ids_since(journal, Position()) == ["b"]


def test_tables_of_another_version_are_refused(journal):
    journal.append([[view("a")]], now=NOW)
    with journal._cursor() as cursor:
        cursor.execute("UPDATE kizuna_events_schema SET version = 99")
    journal.close()

    with pytest.raises(SourceUnavailable, match="has format 99, this version reads 1; upgrade Kizuna"):
        journal.append([[view("b")]], now=NOW)


def test_a_row_that_is_no_event_is_logged_once_and_hides_no_other(journal, caplog, monkeypatch):
    monkeypatch.setattr(databases, "ROWS_AT_ONCE", 2)
    journal.append([[view(name)] for name in "abcdefg"], now=NOW)
    with journal._cursor() as cursor:
        cursor.execute("UPDATE kizuna_events SET content = '{}' WHERE event_id IN ('b', 'c', 'd', 'g')")

    assert ids_since(journal, Position()) == ["a", "e", "f"]
    assert [stored.event.event_id for stored in journal.read_after(1)] == ["e", "f"]
    assert [stored.event.event_id for stored in journal.read_of(["ada"], Position(), limit=9)] == ["a", "e", "f"]
    assert [record.message.split(" ")[1] for record in caplog.records] == ["2", "3", "4", "7"]


def test_events_are_acknowledged_whatever_becomes_of_the_answers(tmp_path):
    def fail():
        raise RuntimeError

    async def report_twice() -> list[int]:
        writer = JournalWriter(SqliteJournal(tmp_path / "events.db", "shop"), fail)
        async with asyncio.timeout(5):
            stored = [await writer.append([view(name)]) for name in "ab"]
        writer.stop()
        return stored

    assert asyncio.run(report_twice()) == [1, 1]


def test_a_damaged_file_is_no_journal_and_says_so(tmp_path):
    (tmp_path / "events.db").write_bytes(b"no database" * 1000)

    with pytest.raises(SourceUnavailable, match=r"the event journal .*events\.db is unavailable"):
        SqliteJournal(tmp_path / "events.db", "shop").append([[view("a")]], now=NOW)


def test_a_database_that_does_not_respond_is_named_without_its_password(tmp_path):
    journal = JournalPlace("postgresql://ann:secret@127.0.0.1:9/test", tmp_path / "events.db").connect("shop")

    with pytest.raises(SourceUnavailable) as error:
        journal.append([[view("a")]], now=NOW)

    assert "secret" not in str(error.value)
    assert "127.0.0.1" in str(error.value)


ACKNOWLEDGES = """
import itertools, sys
from datetime import UTC, datetime
from pathlib import Path
from core.events import View
from serving.journal.sqlite import SqliteJournal
from serving.journal.writer import JournalWriter

journal = SqliteJournal(Path(sys.argv[1]), "shop")
for number in itertools.count():
    event_id = f"{sys.argv[2]}-{number}"
    journal.append([[View(event_id=event_id, customer_id="ada", item_id="tea")]], now=datetime.now(UTC))
    print(event_id, flush=True)
"""


def test_no_acknowledged_event_is_lost_where_the_process_is_killed(tmp_path):
    path, acknowledged = tmp_path / "events.db", set[str]()
    root = str(Path(__file__).resolve().parents[3])
    for run in range(10):
        with subprocess.Popen(
            [sys.executable, "-c", ACKNOWLEDGES, str(path), str(run)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=root,
            env=os.environ | {"PYTHONPATH": root},
        ) as process:
            assert process.stdout is not None
            acknowledged |= {process.stdout.readline().strip() for _ in range(3 + run)}
            process.send_signal(signal.SIGKILL)
            acknowledged |= set(process.stdout.read().split("\n")[:-1])

    assert len(acknowledged) >= 75
    assert acknowledged - {""} <= set(ids_since(SqliteJournal(path, "shop"), Position()))


def test_the_next_events_are_found_without_reading_the_others(tmp_path):
    journal = SqliteJournal(tmp_path / "events.db", "shop")
    journal.append([[view("a")]], now=NOW)
    with journal._cursor() as cursor:
        query = "EXPLAIN QUERY PLAN " + SELECT.format(where="number > ?", order="ASC", limit=9)
        plan = " ".join(row[3] for row in cursor.execute(query, ("shop", 1)))

    assert "data_set=? AND number>?" in plan
    assert "TEMP B-TREE" not in plan
