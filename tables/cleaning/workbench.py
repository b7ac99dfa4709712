"""The table on which columns are read: it gains one column for every intermediate step.

An Ibis expression that is used twice is written twice into the query, and its inputs four times: reading a time from
text would take megabytes of SQL. A step is a named column instead, which the engine computes once.
"""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from tables.cleaning.time_zones import local_to_utc, utc_to_local


@dataclass(frozen=True)
class Clock:
    """The time zone of naive times in a source, and the time zone of the business."""

    source: str
    "IANA name."
    business: str
    "IANA name."


class Workbench:
    """A source table, and the steps computed from it so far."""

    def __init__(self, source: ir.Table, clock: Clock) -> None:
        self.source = source
        self.table = source
        "The source's columns and one more for each step."
        self.clock = clock

    def step(self, value: ir.Value) -> ir.Value:
        """The value as a column of its own."""
        name = ibis.util.gen_name("step")
        self.table = self.table.mutate(**{name: value})
        return self.table[name]

    def naive_to_local(self, times: ir.Value) -> ir.Value:
        """Naive times of the source as local times of the business."""
        if self.clock.source == self.clock.business:
            return times
        return self.utc_to_local(local_to_utc(self.step(times), self.clock.source))

    def utc_to_local(self, times: ir.Value) -> ir.Value:
        """Naive UTC times as local times of the business."""
        return utc_to_local(self.step(times), self.clock.business)
