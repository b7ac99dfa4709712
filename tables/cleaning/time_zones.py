"""Times of one zone told as times of another, by arithmetic that every engine does alike.

Engines carry their own zone tables, of different ages, and treat doubtful
times differently. So the changes of a zone's offset are taken from Python's
zoneinfo once and travel inside the expression, as a tree of comparisons.

An hour that a clock shows twice means its first showing; an hour that it
leaves out is read with the offset before the change. Changes are known from
1970 to 2050; outside, the nearest known offset is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from tables.engines.expressions import Expression, ibis

FIRST_YEAR, LAST_YEAR = 1970, 2050


@dataclass(frozen=True)
class OffsetChange:
    """From the moment `at` (UTC, naive) on, clocks show UTC plus `seconds`."""

    at: datetime
    seconds: int


@lru_cache(maxsize=64)
def offset_changes(zone: str) -> tuple[OffsetChange, ...]:
    """The offsets of a zone in order of time; the first one counts from ever."""
    clock = ZoneInfo(zone)
    week = timedelta(days=7)
    weeks = (datetime(LAST_YEAR, 1, 1) - datetime(FIRST_YEAR, 1, 1)) // week
    moments = [datetime(FIRST_YEAR, 1, 1) + week * number for number in range(weeks)]
    changes = [OffsetChange(moments[0], _offset(clock, moments[0]))]
    for before, after in pairwise(moments):
        if _offset(clock, before) != _offset(clock, after):
            changes.append(_change_between(clock, before, after))
    return tuple(changes)


def _offset(clock: ZoneInfo, utc: datetime) -> int:
    shown = utc.replace(tzinfo=UTC).astimezone(clock).utcoffset()
    return int(shown.total_seconds()) if shown is not None else 0


def _change_between(clock: ZoneInfo, before: datetime, after: datetime) -> OffsetChange:
    earlier = _offset(clock, before)
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=int((after - before).total_seconds()) // 2)
        before, after = (middle, after) if _offset(clock, middle) == earlier else (before, middle)
    return OffsetChange(after, _offset(clock, after))


def local_of_utc(utc: Expression, zone: str) -> Expression:
    """What clocks in the zone show at naive UTC times."""
    changes = offset_changes(zone)
    return _shifted(utc, [change.at for change in changes], [change.seconds for change in changes])


def utc_of_local(local: Expression, zone: str) -> Expression:
    """The naive UTC times at which clocks in the zone show this (first)."""
    changes = offset_changes(zone)
    shown = [changes[0].at] + [
        later.at + timedelta(seconds=max(later.seconds, earlier.seconds)) for earlier, later in pairwise(changes)
    ]
    return _shifted(local, shown, [-change.seconds for change in changes])


def _shifted(times: Expression, since: Sequence[datetime], seconds: Sequence[int]) -> Expression:
    if set(seconds) == {0}:
        return times
    return times + _by_time(times, since, seconds).as_interval("s")


def _by_time(times: Expression, since: Sequence[datetime], seconds: Sequence[int]) -> Expression:
    """Halve the changes again and again: eight comparisons a row where a list would take a hundred."""
    if len(set(seconds)) == 1:
        return ibis.literal(seconds[0], "int32")
    middle = len(since) // 2
    earlier = _by_time(times, since[:middle], seconds[:middle])
    later = _by_time(times, since[middle:], seconds[middle:])
    return ibis.ifelse(times < ibis.literal(since[middle], "timestamp"), earlier, later)
