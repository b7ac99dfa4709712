"""Requests a day, counted by several workers on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import SourceUnavailable
from serving.keys.database import KeyDatabase
from serving.keys.usage import DailyUsage, UsageTable
from tests.serving.databases import database_url
from tests.serving.keys.test_stores import SERVER_DOWN

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
TODAY, KEY = NOON.date(), "5f3a9c01"


@pytest.fixture(params=["sqlite", "postgresql"])
def table(request, tmp_path):
    """An empty table on either engine."""
    with database_url(request.param, tmp_path) as url:
        yield UsageTable(KeyDatabase.at(url, tmp_path / "unused.db"), "shop")


def take(usage, n_requests, *, quota=10, now=NOON):
    """How many of some requests are granted."""
    return sum(usage.take(KEY, quota, now=now) == 0 for _ in range(n_requests))


def test_workers_share_a_quota_once_they_have_exchanged_their_counts(table):
    one, other = DailyUsage(), DailyUsage()
    assert (take(one, 6), take(other, 3)) == (6, 3)
    for usage in (one, other, one):
        usage.exchange(table, today=TODAY)
    assert (take(one, 5), take(other, 5)) == (1, 1)
    restarted = DailyUsage()
    for usage in (one, other, restarted):
        usage.exchange(table, today=TODAY)
    assert take(restarted, 1) == 0
    assert table.add({}, today=TODAY) == {(KEY, TODAY): 11}, "refused requests do not count"


def test_a_quota_begins_again_at_midnight(table):
    usage = DailyUsage()
    assert take(usage, 12) == 10
    assert usage.take(KEY, 10, now=NOON) == 12 * 3600
    usage.exchange(table, today=TODAY)
    assert take(usage, 12, now=NOON + timedelta(hours=12)) == 10


def test_counts_wait_while_the_database_is_down(table, tmp_path):
    usage = DailyUsage()
    take(usage, 4)
    with pytest.raises(SourceUnavailable):
        usage.exchange(UsageTable(KeyDatabase.at(SERVER_DOWN, tmp_path / "unused.db"), "shop"), today=TODAY)
    assert take(usage, 10) == 6
    usage.exchange(table, today=TODAY)
    assert table.add({}, today=TODAY) == {(KEY, TODAY): 10}


def test_keys_and_data_sets_have_their_own_counts(table):
    table.add({(KEY, TODAY): 3, ("00000000", TODAY): 1, (KEY, TODAY - timedelta(days=1)): 9}, today=TODAY)
    assert UsageTable(table.database, "club").add({}, today=TODAY) == {}
    assert table.add({(KEY, TODAY): 2}, today=TODAY) == {(KEY, TODAY): 5, ("00000000", TODAY): 1}


@given(st.lists(st.integers(0, 30), max_size=20), st.integers(1, 50))
def test_one_worker_never_grants_more_than_the_quota(requests, quota):
    usage = DailyUsage()
    assert sum(take(usage, n, quota=quota) for n in requests) == min(sum(requests), quota)
