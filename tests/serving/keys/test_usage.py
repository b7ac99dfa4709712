"""Requests a day, counted by several hosts on SQLite and PostgreSQL."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from core.access import ApiKey
from core.errors import SourceUnavailable
from serving.keys.database import KeyDatabase
from serving.keys.limits import KeyLimits
from serving.keys.usage import UsageTable
from tests.serving.databases import database_url
from tests.serving.keys.test_stores import SERVER_DOWN

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
TODAY, KEY = NOON.date(), "5f3a9c01"
OTHER_WORKER = """
import pathlib, sys
from serving.keys.slots import SlotFile
print(SlotFile(pathlib.Path(sys.argv[1])).lead())
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def table(request, tmp_path):
    """An empty table on either engine."""
    with database_url(request.param, tmp_path) as url:
        yield UsageTable(KeyDatabase.at(url, tmp_path / "unused.db"), "shop")


def limits_of(home, *, n_workers=1):
    """The limits of one worker of the host with this folder."""
    return KeyLimits(home / "key_limits.bin", n_workers=n_workers, has_database=True)


def take(limits, n_requests, *, quota=10, now=NOON):
    """How many of some requests are granted."""
    key = ApiKey(key_id=KEY, name="crm", scopes=(), digest="0" * 64, created_at=NOON, requests_per_day=quota)
    return sum(limits.take(key, None, now=now) is None for _ in range(n_requests))


def exchange(table, *hosts, today=TODAY):
    """Exchange the counts of hosts, one after another."""
    for limits in hosts:
        limits.exchange(table, key_ids=[KEY], today=today)


def test_hosts_share_a_quota_once_they_have_exchanged_their_counts(table, tmp_path):
    one, other = limits_of(tmp_path / "one"), limits_of(tmp_path / "other")
    assert (take(one, 6), take(other, 3)) == (6, 3)
    exchange(table, one, other, one)
    assert (take(one, 5), take(other, 5)) == (1, 1)
    empty = limits_of(tmp_path / "a third one")
    exchange(table, one, other, empty)
    assert take(empty, 1) == 0
    exchange(table, one, other, empty, one)
    assert table.add({}, today=TODAY) == {(KEY, TODAY): 11}, "refused requests do not count, nor any twice"


def test_workers_of_a_host_grant_a_quota_once_whoever_exchanges_it(table, tmp_path):
    one, other = limits_of(tmp_path, n_workers=2), limits_of(tmp_path, n_workers=2)
    granted = 0
    for first, second in ((one, other), (other, one), (one, other)):
        granted += take(first, 2)
        exchange(table, second)
        granted += take(second, 3)
        exchange(table, second, first)
    assert granted == 10
    assert table.add({}, today=TODAY) == {(KEY, TODAY): 10}


def test_requests_while_counts_are_exchanged_count_once(table, tmp_path):
    limits = limits_of(tmp_path)
    take(limits, 3)

    class Meanwhile(UsageTable):
        """Other requests come while the database answers; another worker exchanges nothing then."""

        def add(self, counts, *, today):
            take(limits, 2)
            others = sys.executable, "-c", OTHER_WORKER, str(tmp_path / "key_limits.bin")
            assert subprocess.run(others, check=True, capture_output=True, text=True).stdout == "False\n"
            return super().add(counts, today=today)

    exchange(Meanwhile(table.database, table.data_set), limits)
    assert table.add({}, today=TODAY) == {(KEY, TODAY): 3}
    assert take(limits, 20) == 5
    exchange(table, limits)
    assert table.add({}, today=TODAY) == {(KEY, TODAY): 10}


def test_counts_of_the_evening_are_stored_after_midnight(table, tmp_path):
    limits = limits_of(tmp_path)
    assert take(limits, 12) == 10
    exchange(table, limits, today=TODAY + timedelta(days=1))
    assert table.add({}, today=TODAY) == {(KEY, TODAY): 10}
    assert take(limits, 12, now=NOON + timedelta(hours=12)) == 10


def test_counts_wait_while_the_database_is_down(table, tmp_path):
    limits = limits_of(tmp_path)
    take(limits, 4)
    with pytest.raises(SourceUnavailable):
        exchange(UsageTable(KeyDatabase.at(SERVER_DOWN, tmp_path / "unused.db"), "shop"), limits)
    assert take(limits, 10) == 6
    exchange(table, limits)
    assert table.add({}, today=TODAY) == {(KEY, TODAY): 10}


def test_workers_without_a_file_exchange_their_own_counts(table, tmp_path):
    (tmp_path / "key_limits.bin").mkdir()
    one, other = limits_of(tmp_path, n_workers=2), limits_of(tmp_path, n_workers=2)
    assert (take(one, 6), take(other, 3)) == (6, 3)
    exchange(table, one, other, one)
    assert (take(one, 5), take(other, 5)) == (1, 1)


def test_keys_and_data_sets_have_their_own_counts(table):
    table.add({(KEY, TODAY): 3, ("00000000", TODAY): 1, (KEY, TODAY - timedelta(days=1)): 9}, today=TODAY)
    assert UsageTable(table.database, "club").add({}, today=TODAY) == {}
    assert table.add({(KEY, TODAY): 2}, today=TODAY) == {(KEY, TODAY): 5, ("00000000", TODAY): 1}
