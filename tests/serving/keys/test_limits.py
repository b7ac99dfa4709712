"""Rates and quotas that the workers of a host count together, in real processes and on files of every kind."""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import stat
import struct
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.access import ApiKey
from serving.keys import limits as key_limits
from serving.keys import slots
from serving.keys.limits import KeyLimits

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
N_WORKERS = 3


def create_key(key_id="5f3a9c01", *, rate=None, quota=None):
    """A key with limits."""
    return ApiKey(
        key_id=key_id, name="crm", scopes=(), digest="0" * 64, created_at=NOON,
        requests_per_minute=rate, requests_per_day=quota,
    )  # fmt: skip


def take(limits, key, n_requests, *, customer_id=None, now=NOON):
    """How many of some requests are granted."""
    return sum(limits.take(key, customer_id, now=now) is None for _ in range(n_requests))


def take_with_others(path, key, n_requests):
    """How many of some requests another worker grants, which begins once all are there."""
    limits = KeyLimits(path, n_workers=N_WORKERS)
    path.with_name(f"{os.getpid()}.ready").touch()
    while len([*path.parent.glob("*.ready")]) < N_WORKERS:
        time.sleep(0.001)
    return take(limits, key, n_requests)


@pytest.fixture
def path(tmp_path):
    """Where the file of the workers is."""
    return tmp_path / "var" / "key_limits.bin"


@pytest.fixture
def clock(monkeypatch):
    """Seconds since the start of the host, as a list of one number."""
    now = [1_000.0]
    monkeypatch.setattr(key_limits.time, "monotonic", lambda: now[0])
    return now


@pytest.mark.parametrize("limits", [{"quota": 40_000}, {"rate": 40_000}])
def test_workers_that_count_at_the_same_time_grant_a_limit_once(path, limits):
    path.parent.mkdir()
    key, started = create_key(**limits), time.monotonic()
    with ProcessPoolExecutor(N_WORKERS, mp_context=multiprocessing.get_context("spawn")) as workers:
        runs = [workers.submit(take_with_others, path, key, 40_000) for _ in range(N_WORKERS)]
        granted = [run.result() for run in runs]
    refilled = 0 if "quota" in limits else 40_000 / 60 * (time.monotonic() - started)
    assert 40_000 <= sum(granted) <= 40_000 + refilled


@pytest.mark.parametrize("per_worker", [(10, 0), (5, 5), (1, 9)])
def test_a_client_may_use_its_whole_limit_whichever_workers_answer(path, clock, per_worker):
    key = create_key(rate=10, quota=12)
    workers = KeyLimits(path, n_workers=2), KeyLimits(path, n_workers=2)
    assert tuple(take(one, key, n) for one, n in zip(workers, per_worker, strict=True)) == per_worker
    assert [take(one, key, 1) for one in workers] == [0, 0]
    clock[0] += 60
    assert [take(one, key, 5) for one in workers] == [2, 0], "refused requests do not count"


def test_a_limit_of_one_request_grants_one(path, clock):
    workers = [KeyLimits(path, n_workers=8) for _ in range(8)]
    for limits in ({"rate": 1}, {"quota": 1}):
        key = create_key(next(iter(limits)).rjust(8, "0"), **limits)
        assert sum(take(one, key, 2) for one in workers) == 1


@given(
    st.lists(st.tuples(st.floats(0, 100), st.integers(0, 2), st.integers(1, 30)), min_size=1, max_size=40),
    st.integers(1, 600),
)
def test_workers_together_never_grant_more_than_a_minute_and_the_rate(tmp_path_factory, steps, rate):
    path, key, now = tmp_path_factory.mktemp("host") / "limits", create_key(rate=rate), [5.0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(key_limits.time, "monotonic", lambda: now[0])
        workers, granted = [KeyLimits(path, n_workers=3) for _ in range(3)], 0
        for pause, worker, n_requests in steps:
            now[0] += pause
            granted += take(workers[worker], key, n_requests)
            assert granted <= rate * (1 + (now[0] - 5) / 60) + 1e-3
        now[0] += 60
        assert take(workers[0], key, rate + 1) == rate, "after a minute of silence the bucket is full"


@given(st.lists(st.integers(0, 30), max_size=20), st.integers(1, 50))
def test_workers_together_grant_the_quota_exactly(tmp_path_factory, requests, quota):
    path, key = tmp_path_factory.mktemp("host") / "limits", create_key(quota=quota)
    workers = [KeyLimits(path, n_workers=3) for _ in range(3)]
    granted = sum(take(workers[place % 3], key, n) for place, n in enumerate(requests))
    assert granted == min(sum(requests), quota)


def test_a_quota_survives_a_restart_and_ends_at_midnight(path):
    key = create_key(quota=10)
    assert take(KeyLimits(path), key, 7) == 7
    restarted = KeyLimits(path)
    assert take(restarted, key, 7) == 3
    refusal = restarted.take(key, None, now=NOON)
    assert refusal == (12 * 3600, True)
    assert take(restarted, key, 20, now=NOON + timedelta(hours=12)) == 10


def test_a_clock_that_goes_back_over_midnight_finds_the_count_of_the_day_before(path):
    key, limits = create_key(quota=10), KeyLimits(path)
    for now in (NOON, NOON + timedelta(days=1), NOON, NOON + timedelta(days=1)):
        take(limits, key, 6, now=now)
    assert [take(limits, key, 6, now=NOON + timedelta(days=days)) for days in (0, 1)] == [0, 0]
    assert take(limits, key, 20, now=NOON + timedelta(days=400)) == 10
    assert take(limits, key, 20, now=NOON + timedelta(days=401)) == 10, "a clock that was wrong locks no key out"


@pytest.mark.parametrize("uptime", [3.0, 1e9])
def test_a_host_that_starts_anew_neither_locks_a_key_out_nor_grants_more_than_a_minute(path, clock, uptime):
    key = create_key(rate=30)
    assert take(KeyLimits(path), key, 40) == 30
    clock[0] = uptime
    assert take(KeyLimits(path), key, 40) <= 30
    clock[0] += 2
    assert take(KeyLimits(path), key, 40) == 1


def test_keys_and_customers_have_buckets_of_their_own_and_share_a_quota(path, clock):
    limits, key, other = KeyLimits(path), create_key(rate=2, quota=5), create_key("00000000", rate=2)
    granted = [take(limits, key, 3, customer_id=customer) for customer in ("ada", "bo", "cyd", "dee")]
    assert granted == [2, 2, 1, 0]
    assert take(limits, other, 3) == 2


def test_more_customers_than_slots_cost_no_key_its_quota(path, clock, monkeypatch):
    monkeypatch.setattr(slots, "N_GROUPS", 1)
    slots.place_of.cache_clear()
    limits, key = KeyLimits(path), create_key(rate=1, quota=1_000)
    assert sum(take(limits, key, 1, customer_id=f"customer {n}") for n in range(200)) == 200
    assert take(limits, key, 2_000, customer_id="the last one") == 1
    assert sum(take(limits, key, 1, customer_id=f"visitor {n}") for n in range(2_000)) == 799
    slots.place_of.cache_clear()


@pytest.mark.parametrize("content", [b"", b"garbage", b"\xff" * slots.SIZE, bytes(slots.SIZE), bytes(3 * slots.SIZE)])
def test_a_file_of_anything_else_is_replaced(path, content):
    path.parent.mkdir()
    path.write_bytes(content)
    workers = KeyLimits(path, n_workers=2), KeyLimits(path, n_workers=2)
    assert [take(one, create_key(rate=4, quota=3), 2) for one in workers] == [2, 1]
    assert path.stat().st_size == slots.SIZE


@given(st.binary(min_size=slots.SLOT - slots.OWNER, max_size=slots.SLOT - slots.OWNER))
def test_a_damaged_slot_locks_a_key_out_for_no_longer_than_a_day(tmp_path_factory, content):
    path, key, clock = tmp_path_factory.mktemp("host") / "limits", create_key(rate=60, quota=100), [50.0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(key_limits.time, "monotonic", lambda: clock[0])
        take(KeyLimits(path), key, 1)
        place = slots.place_of(key.key_id, None)
        stored = bytearray(path.read_bytes())
        stored[place.slot + slots.OWNER : place.slot + slots.SLOT] = content
        path.write_bytes(stored)
        limits = KeyLimits(path)
        assert take(limits, key, 200) <= 60
        clock[0] += 60
        later = NOON + timedelta(days=2)
        if struct.unpack_from("<i", content, 8 + 20 * (later.toordinal() & 1))[0] != later.toordinal():
            assert take(limits, key, 200, now=later) == 60


def test_the_owner_alone_reads_the_file(path):
    take(KeyLimits(path), create_key(rate=1), 1)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_without_limits_there_is_no_file(path):
    assert take(KeyLimits(path), create_key(), 3) == 3
    assert not path.exists()


def test_on_a_full_disk_each_worker_grants_its_share_says_so_once_and_returns(path, clock, monkeypatch, caplog):
    def refuse(*_):
        raise OSError(28, "No space left on device")

    caplog.set_level("INFO", "kizuna.serving")
    key, workers = create_key(rate=10, quota=40), [KeyLimits(path, n_workers=2) for _ in range(2)]
    with monkeypatch.context() as patch:
        patch.setattr(slots.os, "pwrite", refuse)
        assert [take(one, key, 20) for one in workers] == [5, 5]
        clock[0] += 3
        assert take(workers[0], key, 0) == 0
        take(workers[0], key, 20)
    assert path.stat().st_size == 0, "no part of it takes up space"
    assert [record.levelname for record in caplog.records] == ["ERROR", "ERROR"], "one line of each worker"
    assert f"{path}: No space left on device" in caplog.text
    caplog.clear()
    clock[0] += 1
    assert sum(take(one, key, 20) for one in workers) == 10
    assert caplog.messages == ["the limits of keys hold for all workers together again"] * 2


def test_a_folder_in_place_of_the_file_leaves_each_worker_its_share(path):
    path.mkdir(parents=True)
    assert take(KeyLimits(path, n_workers=2), create_key(quota=10), 20) == 5


def test_a_file_that_was_deleted_is_made_again_by_all_workers(path, clock):
    key, workers = create_key(quota=10), [KeyLimits(path) for _ in range(2)]
    assert [take(one, key, 5) for one in workers] == [5, 5]
    path.unlink()
    clock[0] += 1
    assert [take(one, key, 6) for one in workers] == [6, 4]


def test_a_process_that_keeps_the_file_holds_few_requests_up(path, clock, monkeypatch):
    pauses = []

    def sleep(seconds):
        pauses.append(seconds)
        clock[0] += seconds

    monkeypatch.setattr(key_limits.time, "sleep", sleep)
    key, limits = create_key(quota=10), KeyLimits(path, n_workers=2)
    assert take(limits, key, 1) == 1
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert take(limits, key, 3) == 3
        assert sum(pauses) < 1
    clock[0] += 1
    assert take(limits, key, 20) == 9
