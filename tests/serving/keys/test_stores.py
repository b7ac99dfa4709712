"""The keys in a file, in SQLite and in PostgreSQL: one protocol, and what a worker does when a database is down."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from msgspec.structs import replace

from core.access import BrowserAccess, Scope, new_key, split_key
from core.errors import BrokenArtifact, NotFound, SourceUnavailable
from serving.keys import live as live_keys
from serving.keys.database import KeyDatabase
from serving.keys.file import KeyFile
from serving.keys.live import KEEP_SECONDS, LiveKeys
from serving.keys.opening import open_key_store
from serving.keys.schema import KEYS
from serving.keys.table import KeyTable
from tests.serving.conftest import run_service, wait_until
from tests.serving.databases import database_url
from tests.serving.http.company import ADA, SCORE
from tests.serving.sample_release import publish, sample_release

NOW = datetime(2026, 12, 1, tzinfo=UTC)
SERVER_DOWN = "postgresql://postgres@127.0.0.1:9/test"


@pytest.fixture(params=["file", "sqlite", "postgresql"])
def store(request, tmp_path):
    """An empty store of each kind."""
    if request.param == "file":
        yield open_key_store(None, tmp_path / "keys.json", data_set="shop")
        return
    with database_url(request.param, tmp_path) as url:
        yield open_key_store(url, tmp_path / "unused.json", data_set="shop")


@pytest.fixture(params=["sqlite", "postgresql"])
def table(request, tmp_path):
    """An empty table of keys on either engine."""
    with database_url(request.param, tmp_path) as url:
        yield KeyTable(KeyDatabase.at(url, tmp_path / "unused.db"), "shop")


def add_key(store, name="crm", **options):
    """Store a new key; returns it and its text."""
    key, text = new_key(name, (Scope.SCORE,), now=options.pop("now", NOW), **options)
    store.add(key)
    return key, text


def test_keys_are_read_as_they_were_added_oldest_first(store):
    assert store.read() == ()
    access = BrowserAccess(origins=("https://shop.example",), public_key="PEM\n")
    later, _ = add_key(store, "pages", now=NOW + timedelta(hours=1), browser=access, requests_per_day=5)
    first, _ = add_key(store, requests_per_minute=10)
    assert set(store.read()) == {first, later}
    if isinstance(store, KeyTable):
        assert store.read() == (first, later)


def test_a_key_in_use_is_changed_and_others_are_not_found(store):
    key, _ = add_key(store)
    other, _ = add_key(store, "shop", now=NOW + timedelta(seconds=1))
    revoked = store.change(key.key_id, lambda one: replace(one, revoked_at=NOW))
    assert revoked.revoked_at == NOW
    assert store.read() == (revoked, other)
    for key_id in (key.key_id, "00000000"):
        with pytest.raises(NotFound, match=f"there is no key '{key_id}'; keys in use: {other.key_id}"):
            store.change(key_id, lambda one: one)


def allow_one_more(key):
    """The key with one more request a minute."""
    return replace(key, requests_per_minute=(key.requests_per_minute or 0) + 1)


def test_changes_at_the_same_time_are_all_kept(store):
    key, _ = add_key(store)
    with ThreadPoolExecutor(8) as pool:
        changes = [pool.submit(store.change, key.key_id, allow_one_more) for _ in range(16)]
        additions = [pool.submit(add_key, store, f"key {number}") for number in range(8)]
    assert not [one for one in (*changes, *additions) if one.exception()]
    assert {one.key_id: one for one in store.read()}[key.key_id].requests_per_minute == 16
    assert len(store.read()) == 9


def test_a_data_set_has_its_own_keys(table):
    add_key(table)
    assert KeyTable(table.database, "club").read() == ()


def test_a_row_that_is_no_key_is_named_without_its_content(table):
    add_key(table)
    with table.database.begin() as connection:
        connection.execute(KEYS.update().values(content='{"key_id": 7}'))
    with pytest.raises(BrokenArtifact, match="a row of kizuna_keys cannot be read") as fault:
        table.read()
    assert "7" not in str(fault.value)


def test_a_worker_notices_changes_of_the_table_with_its_next_look(table):
    key, text = add_key(table)
    keys = LiveKeys(None)
    assert keys.exist, "keys that were never read accept no request"
    assert keys.find(text, now=NOW) is None
    keys.poll(table)
    assert keys.find(text, now=NOW) == key
    table.change(key.key_id, lambda one: replace(one, revoked_at=NOW))
    keys.poll(table)
    assert keys.find(text, now=NOW) is None
    assert keys.exist


def test_an_empty_table_means_that_there_are_no_keys(table):
    keys = LiveKeys(None)
    keys.poll(table)
    assert not keys.exist


def test_while_the_database_is_down_the_last_known_keys_are_accepted_for_a_while(table, tmp_path, monkeypatch, caplog):
    now = [1_000.0]
    monkeypatch.setattr(live_keys.time, "monotonic", lambda: now[0])
    caplog.set_level("INFO", "kizuna.serving")
    key, text = add_key(table)
    down = KeyTable(KeyDatabase.at(SERVER_DOWN, tmp_path / "unused.db"), "shop")
    with pytest.raises(SourceUnavailable):
        down.read()
    keys = LiveKeys(None)
    keys.poll(table)
    for now[0] in (1_001.0, 1_000.0 + KEEP_SECONDS):
        keys.poll(down)
        assert keys.find(text, now=NOW) == key
    assert len(caplog.messages) == 1
    assert "the last known keys are accepted for 15 minutes at most: the key database" in caplog.text
    now[0] = 1_001.0 + KEEP_SECONDS
    keys.poll(down)
    assert keys.find(text, now=NOW) is None
    assert keys.exist
    assert "no key is accepted" in caplog.messages[-1]
    keys.poll(table)
    assert keys.find(text, now=NOW) == key
    assert caplog.messages[-1] == "the database of the keys responds again"
    secret = (split_key(text) or ("", ""))[1]
    assert secret not in caplog.text


def test_a_worker_that_starts_without_its_database_accepts_no_request(tmp_path):
    keys = LiveKeys(None)
    keys.poll(KeyTable(KeyDatabase.at(SERVER_DOWN, tmp_path / "unused.db"), "shop"))
    assert keys.exist


def test_the_file_is_read_without_a_database(tmp_path):
    store = open_key_store(None, tmp_path / "keys.json", data_set="shop")
    assert store == KeyFile(tmp_path / "keys.json")


def test_every_worker_of_a_running_service_follows_the_keys_and_counts_in_the_database(tmp_path, monkeypatch):
    publish(tmp_path / "releases", sample_release())
    with database_url("postgresql", tmp_path) as url:
        monkeypatch.setenv("KIZUNA_DATABASE_URL", url)
        store = open_key_store(url, tmp_path / "keys.json", data_set="shop")
        (key, text), (_, limited) = add_key(store), add_key(store, requests_per_day=1)
        with run_service(tmp_path, workers=2) as service:

            def ask(key_text):
                """Statuses of some requests, each with a connection of its own, so that both workers get some."""
                headers = {"authorization": f"Bearer {key_text}"}
                return {
                    httpx.post(f"{service.address}{SCORE}", headers=headers, json=ADA).status_code for _ in range(8)
                }

            wait_until(lambda: ask(text) == {200}, "the keys are not accepted")
            wait_until(lambda: ask(limited) == {429}, "the workers do not share the quota")
            store.change(key.key_id, lambda one: replace(one, revoked_at=NOW))
            wait_until(lambda: ask(text) == {401}, "a revoked key is accepted")
