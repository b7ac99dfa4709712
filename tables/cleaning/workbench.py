"""The table on which columns are read: it gains one column for every intermediate step, and it converts times.

An Ibis expression that is used twice is written twice into the query, and its inputs four times: reading a time from
text would take megabytes of SQL. A step is a named column instead, which the engine computes once. PostgreSQL would
merge the steps into one expression again, and planning it takes gigabytes; a subquery with a limit is not merged.

Engines have their own time zone tables, of different ages, and treat ambiguous times differently. So the changes of a
zone's offset come from Python's zoneinfo once and are part of the expression, as a tree of comparisons. An hour that a
clock shows twice is read as the first one; an hour that it skips is read with the offset before the change. Changes
are known from 1970 to 2050; outside, the nearest known offset applies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
from ibis.backends.duckdb import Backend as DuckDB

FIRST_YEAR, LAST_YEAR = 1970, 2050
NO_LIMIT = 2**62


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


@dataclass(frozen=True)
class Clock:
    """The time zone of naive times in a source, and the time zone of the business."""

    source: str
    "IANA name."
    business: str
    "IANA name."


class Workbench:
    """A source table, and the steps computed from it so far.

    Steps of different columns share levels: a step is one level above the highest step that it is computed from. Each
    level is a subquery with all columns, so with a level for every step, translating would take most of the time.
    """

    def __init__(self, source: ir.Table, clock: Clock, *, currency: str | ir.Value | None = None) -> None:
        self.source = source
        self.clock = clock
        self.currency = currency
        "The currency of each row; None accepts the mark of any."
        self._levels: list[dict[str, ir.Value]] = []
        self._heights: dict[str, int] = {}
        "The number of levels up to each step."

    def step(self, value: ir.Value) -> ir.Value:
        """The value as a column of its own, for further steps and for `select`."""
        name, height = ibis.util.gen_name("step"), self._height(value)
        if height == len(self._levels):
            self._levels.append({})
        self._levels[height][name] = value
        self._heights[name] = height + 1
        return ibis.table({name: value.type()}, name="steps")[name]

    def steps(self, *values: ir.Value) -> tuple[ir.Value, ...]:
        """Each value as a column of its own."""
        return tuple(map(self.step, values))

    def select(self, *names: str, **values: ir.Value) -> ir.Table:
        """Columns of the source and values that are computed from steps, in one table."""
        table = self.source
        for level in self._levels:
            table = table.mutate(**{name: _take_from(table, value) for name, value in level.items()})
            if not isinstance(self.source.get_backend(), DuckDB):
                table = table.limit(NO_LIMIT)
        return table.select(*names, **{name: _take_from(table, value) for name, value in values.items()})

    def _height(self, value: ir.Value) -> int:
        fields = value.op().find(ops.Field, filter=ops.Value)
        return max((self._heights.get(field.name, 0) for field in fields), default=0)

    def naive_to_local(self, times: ir.Value) -> ir.Value:
        """Naive times of the source as local times of the business."""
        if self.clock.source == self.clock.business:
            return times
        return self.utc_to_local(local_to_utc(self.step(times), self.clock.source))

    def utc_to_local(self, times: ir.Value) -> ir.Value:
        """Naive UTC times as local times of the business."""
        return utc_to_local(self.step(times), self.clock.business)


def _take_from(table: ir.Table, value: ir.Value) -> ir.Value:
    """The value with its columns taken from the table, which has those of every level below it."""
    newest = table.op()
    fields = value.op().find(ops.Field, filter=ops.Value)
    same = {field: ops.Field(newest, field.name) for field in fields if field.rel is not newest}
    return value.op().replace(same, filter=ops.Value).to_expr() if same else value
