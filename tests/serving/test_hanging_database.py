"""No request waits for the database: not where PostgreSQL hangs, and not where a release has many events to read."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from urllib.parse import urlsplit

import httpx
import pytest

from core.errors import SourceUnavailable
from core.events import View
from serving.journal.live import JournalPlace, LiveJournal
from serving.journal.postgres import PostgresJournal
from serving.journal.sqlite import SqliteJournal
from serving.tasks.database import TaskDatabase
from serving.tasks.store import TaskFilter, TaskStore
from tests.serving.conftest import run_service
from tests.serving.databases import database_url
from tests.serving.relay import run_relay
from tests.serving.sample_release import publish, sample_release

SECONDS = 0.5
NOW = datetime(2026, 4, 2, 9, tzinfo=UTC)
VIEWS = [[View(event_id=name, customer_id="ada", item_id="tea")] for name in "abc"]


@pytest.fixture
def hanging(tmp_path):
    """The relay, and the URL of an empty database behind it."""
    with database_url("postgresql", tmp_path) as url:
        address = urlsplit(url)
        with run_relay(address.port or 5432) as relay:
            yield relay, url.replace(f"{address.hostname}:{address.port}", f"127.0.0.1:{relay.port}")


def test_a_journal_that_hangs_is_unavailable_and_goes_on_later(hanging):
    relay, url = hanging
    journal = PostgresJournal(url, "shop", answer_seconds=SECONDS)
    assert journal.append(VIEWS[:1], now=NOW) == [1]

    relay.hang()
    with pytest.raises(SourceUnavailable, match=f"no answer within {SECONDS:g} seconds"):
        journal.append(VIEWS[1:2], now=NOW)
    relay.resume()

    assert journal.append(VIEWS[1:], now=NOW)[-1] == 1
    assert {stored.event.event_id for rows in [journal.read_after(0)] for stored in rows} == set("abc")
    journal.close()


def test_tasks_that_hang_are_unavailable_and_come_back(hanging, tmp_path):
    relay, url = hanging
    store = TaskStore(TaskDatabase.at(url, tmp_path, answer_seconds=SECONDS), "shop")
    store.database.create()

    relay.hang()
    started = time.monotonic()
    with pytest.raises(SourceUnavailable, match="timeout expired"):
        store.find(TaskFilter(), 10)
    assert time.monotonic() - started < 4  # it finds out, and then tries to connect for two seconds
    relay.resume()

    assert store.find(TaskFilter(), 10).tasks == []


def test_events_are_read_before_a_release_answers_and_those_since_then_when_it_does(tmp_path, monkeypatch):
    first, second = sample_release(), sample_release()
    journal = LiveJournal(JournalPlace(None, tmp_path / "events.db"), "shop")
    journal.follow(first)
    other = SqliteJournal(tmp_path / "events.db", "shop")
    other.append(VIEWS[:2], now=NOW)
    journal.prepare(second)
    other.append(VIEWS[2:], now=NOW)
    journal.follow(first)

    monkeypatch.setattr(SqliteJournal, "read_since", lambda *_: pytest.fail("a request reads all events"))
    journal.follow(second)

    assert journal.n_events == 3
    journal.stop()
    other.close()


def test_a_service_answers_while_its_database_hangs(hanging, tmp_path, monkeypatch):
    relay, url = hanging
    publish(tmp_path / "releases", sample_release())
    monkeypatch.setenv("KIZUNA_DATABASE_URL", url)
    event = {"type": "view", "event_id": "e1", "customer_id": "ada", "item_id": "tea"}
    with run_service(tmp_path, workers=1) as service, httpx.Client(base_url=service.address, timeout=30) as client:
        assert client.post("/v1/events", json={"events": [event]}).status_code == 200
        relay.hang()
        started, seconds, statuses = time.monotonic(), list[float](), set[int]()
        while time.monotonic() < started + 8:
            sent_at = time.monotonic()
            statuses.add(client.post("/v1/recommendations", json={"customer_id": "ada"}).status_code)
            seconds.append(time.monotonic() - sent_at)
            time.sleep(0.05)
        relay.resume()

    assert statuses == {200}
    assert max(seconds) < 1
