"""The ledger reveals every change, and a crash costs at most the line that was being written."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from multiprocessing import get_context
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput, TamperedLedger
from core.ledger import ALIAS_FOUND, ALIAS_MOVED, FORCED, LEDGER_REPAIRED, RELEASE_ACTIVATED, Ledger

NOON = datetime(2026, 9, 14, 12, tzinfo=UTC)


def append_move(
    ledger: Ledger, version: int | None, hours: int = 0, event: str = ALIAS_MOVED, *, why: str = "better by .01"
) -> None:
    details = {"kind": "churn", "alias": "champion", "version": version}
    ledger.append(event, details, who="ada", why=why, at=NOON + timedelta(hours=hours))


@pytest.fixture
def ledger(tmp_path) -> Ledger:
    ledger = Ledger(tmp_path / "shop" / "ledger.jsonl", host="till-1")
    for hours, version in enumerate([1, 2, 3]):
        append_move(ledger, version, hours)
    return ledger


def test_appended_entries_are_read_back(ledger):
    entries = ledger.entries()

    assert [entry.sequence for entry in entries] == [1, 2, 3]
    assert entries[1].previous == entries[0].hash
    assert (entries[0].at, entries[0].who, entries[0].host) == (NOON, "ada", "till-1")
    assert ledger.head == entries[-1].hash


def test_a_ledger_without_a_file_is_empty(tmp_path):
    assert Ledger(tmp_path / "none.jsonl").entries() == []


def test_an_event_without_a_time_happens_now(ledger):
    before = datetime.now(UTC)

    assert before <= ledger.append(ALIAS_MOVED, {}, who="ada", why="").at <= datetime.now(UTC)


@given(place=st.integers(0), bit=st.integers(0, 7))
def test_every_flipped_bit_is_detected(tmp_path_factory, place, bit):
    ledger = Ledger(tmp_path_factory.mktemp("ledger") / "ledger.jsonl")
    for version in (1, 2):
        append_move(ledger, version)
    content = bytearray(ledger.path.read_bytes())
    content[place % (len(content) - 1)] ^= 1 << bit
    ledger.path.write_bytes(bytes(content))

    with pytest.raises(TamperedLedger, match=r"line \d of .*ledger\.jsonl"):
        ledger.entries()


@pytest.mark.parametrize("order", [[1, 2], [0, 2], [0, 2, 1], [0, 1, 1, 2], []], ids=str)
def test_removed_moved_and_repeated_lines_are_detected(ledger, order):
    lines = ledger.path.read_bytes().splitlines(keepends=True)
    ledger.path.write_bytes(b"".join(lines[place] for place in order) or b"\n")

    with pytest.raises(TamperedLedger):
        append_move(ledger, 4)


@pytest.mark.parametrize("lost", [1, 20, 150])
def test_half_a_line_after_a_crash_is_repaired_and_recorded(ledger, lost):
    ledger.path.write_bytes(ledger.path.read_bytes()[:-lost])

    assert len(ledger.entries()) == 2
    append_move(ledger, 4)
    repair, newest = ledger.entries()[2:]
    assert repair.event == LEDGER_REPAIRED
    assert '"sequence":3' in repair.details["half_line"]
    assert newest.details["version"] == 4


def write_ten(path: Path) -> None:
    for version in range(10):
        append_move(Ledger(path), version)


def test_several_processes_write_one_chain(tmp_path):
    path = tmp_path / "ledger.jsonl"
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        list(pool.map(write_ten, [path] * 2))

    assert len(Ledger(path).entries()) == 20


def test_the_state_is_that_of_the_requested_moment(ledger):
    append_move(ledger, None, hours=9, event=ALIAS_FOUND)
    in_tokyo = timezone(timedelta(hours=9))

    assert ledger.at(datetime(2026, 9, 14, 20, 59, tzinfo=in_tokyo)).version("churn", "champion") is None
    assert ledger.at(datetime(2026, 9, 14, 22, 0, tzinfo=in_tokyo)).version("churn", "champion") == 2
    assert ledger.latest().version("churn", "champion") is None
    assert ledger.latest().version("recommender", "champion") is None


def test_a_champion_is_by_force_until_another_move_replaces_it(ledger):
    assert ledger.latest().champions_by_force == set()

    append_move(ledger, 4, hours=3, why=f"{FORCED}the board wants it")
    assert ledger.latest().champions_by_force == {("churn", 4)}

    append_move(ledger, 5, hours=4, event=ALIAS_FOUND, why="noticed: moved outside of Kizuna")
    assert ledger.latest().champions_by_force == set()


def test_each_host_answers_from_the_release_it_activated_last(tmp_path):
    for host, release in [("till-1", "r1"), ("till-2", "r1"), ("till-1", "r2")]:
        Ledger(tmp_path / "l", host).append(RELEASE_ACTIVATED, {"release": release}, who="ada", why="", at=NOON)

    releases = Ledger(tmp_path / "l").latest().releases

    assert {host: entry.details["release"] for host, entry in releases.items()} == {"till-1": "r2", "till-2": "r1"}


def test_a_time_without_a_time_zone_is_refused(ledger):
    with pytest.raises(BadInput, match="needs a time zone"):
        ledger.at(NOON.replace(tzinfo=None))
    with pytest.raises(BadInput, match="needs a time with a time zone"):
        ledger.append(ALIAS_MOVED, {}, who="ada", why="", at=NOON.replace(tzinfo=None))


def test_a_key_added_to_a_line_is_detected(ledger):
    ledger.path.write_bytes(ledger.path.read_bytes().replace(b'{"sequence":2,', b'{"approved":true,"sequence":2,'))

    with pytest.raises(TamperedLedger, match="line 2"):
        ledger.entries()
