"""Converts times between time zones with arithmetic that every engine computes alike.

Engines have their own zone tables, of different ages, and treat ambiguous times differently. So the changes of a
zone's offset come from Python's zoneinfo once and are part of the expression, as a tree of comparisons.

An hour that a clock shows twice is read as the first one; an hour that it skips is read with the offset before the
change. Changes are known from 1970 to 2050; outside, the did_you_mean known offset applies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir

FIRST_YEAR, LAST_YEAR = 1970, 2050


@dataclass(frozen=True)
class OffsetChange:
    """From the moment `at` (naive UTC) on, clocks show UTC plus `seconds`."""

    at: datetime
    seconds: int


@lru_cache(maxsize=64)
def offset_changes(zone: str) -> tuple[OffsetChange, ...]:
    """The offsets of a zone in order of time; the first one also applies to everything before it."""
    clock = ZoneInfo(zone)
    # No zone changes its offset twice within a week.
    week = timedelta(days=7)
    weeks = (datetime(LAST_YEAR, 1, 1) - datetime(FIRST_YEAR, 1, 1)) // week
    moments = [datetime(FIRST_YEAR, 1, 1) + week * number for number in range(weeks)]
    changes = [OffsetChange(moments[0], _offset(clock, moments[0]))]
    for before, after in pairwise(moments):
        if _offset(clock, before) != _offset(clock, after):
            changes.append(_change_between(clock, before, after=after))
    return tuple(changes)


def _offset(clock: ZoneInfo, utc: datetime) -> int:
    shown = utc.replace(tzinfo=UTC).astimezone(clock).utcoffset()
    return int(shown.total_seconds()) if shown is not None else 0


def _change_between(clock: ZoneInfo, before: datetime, *, after: datetime) -> OffsetChange:
    earlier = _offset(clock, before)
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=int((after - before).total_seconds()) // 2)
        before, after = (middle, after) if _offset(clock, middle) == earlier else (before, middle)
    return OffsetChange(after, _offset(clock, after))


def utc_to_local(utc: ir.Value, zone: str) -> ir.Value:
    """Naive UTC times as local times of a zone."""
    changes = offset_changes(zone)
    return _shift(utc, [change.at for change in changes], seconds=[change.seconds for change in changes])


def local_to_utc(local: ir.Value, zone: str) -> ir.Value:
    """Local times of a zone as naive UTC times."""
    changes = offset_changes(zone)
    shown = [changes[0].at] + [
        later.at + timedelta(seconds=max(later.seconds, earlier.seconds)) for earlier, later in pairwise(changes)
    ]
    return _shift(local, shown, seconds=[-change.seconds for change in changes])


def _shift(times: ir.Value, since: Sequence[datetime], *, seconds: Sequence[int]) -> ir.Value:
    """The times plus the seconds that apply from each moment in `since` on."""
    if set(seconds) == {0}:
        return times
    return times + _by_time(times, since, seconds=seconds).as_interval("s")


def _by_time(times: ir.Value, since: Sequence[datetime], *, seconds: Sequence[int]) -> ir.Value:
    """The seconds that apply at each time, by binary search: 8 comparisons per row instead of 100."""
    if len(set(seconds)) == 1:
        return ibis.literal(seconds[0], "int32")
    middle = len(since) // 2
    earlier = _by_time(times, since[:middle], seconds=seconds[:middle])
    later = _by_time(times, since[middle:], seconds=seconds[middle:])
    return ibis.ifelse(times < ibis.literal(since[middle], "timestamp"), earlier, later)
