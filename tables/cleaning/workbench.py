"""Where columns are read: a table that grows a column for every step.

An expression that is used twice would be written twice into the query, and
what it is made of four times: reading a time from text would take megabytes of
SQL. A step has a name instead, and the engine computes it once.
"""

from __future__ import annotations

from dataclasses import dataclass

import ibis.expr.types as ir

from tables.cleaning.time_zones import local_of_utc, utc_of_local
from tables.engines.expressions import Expression, ibis


@dataclass(frozen=True)
class Clock:
    """Whose clocks naive times were read from, and whose they shall be told by."""

    source: str
    business: str


class Workbench:
    """A source table and the steps taken on it."""

    def __init__(self, table: ir.Table, clock: Clock) -> None:
        self.table = table
        "The source's columns and one for each step so far."
        self.clock = clock

    def step(self, value: Expression) -> Expression:
        """The value as a column of its own."""
        name = ibis.util.gen_name("step")
        self.table = self.table.mutate(**{name: value})
        return self.table[name]

    def local_of_naive(self, times: Expression) -> Expression:
        """The business's local times of naive source times."""
        if self.clock.source == self.clock.business:
            return times
        return self.local_of_utc(utc_of_local(self.step(times), self.clock.source))

    def local_of_utc(self, times: Expression) -> Expression:
        """The business's local times of naive UTC times."""
        return local_of_utc(self.step(times), self.clock.business)
