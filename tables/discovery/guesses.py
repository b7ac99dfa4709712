"""What sources are taken for: a table of the contract, and which of its columns are which."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import ibis.expr.types as ir

from tables.cleaning.durations import Layout
from tables.discovery.columns import ColumnFacts
from tables.discovery.grouping import DiscoveredSource
from tables.discovery.proposal import Question, Setting

BY_NAME = "by its name"


@dataclass(frozen=True, kw_only=True)
class ExaminedSource:
    """A source, its rows within reach, and what its columns show."""

    source: DiscoveredSource
    rows: ir.Table
    columns: Mapping[str, ColumnFacts]
    n_rows: int
    of_lookup: frozenset[str] = frozenset()
    "Columns of the orders that the lines look up."
    once_per_order: frozenset[str] = frozenset()
    "Amounts that only the first line of each order has."


@dataclass(frozen=True, kw_only=True)
class ColumnGuess:
    """Where a column of the contract comes from: a column, several multiplied, or the same value in every row."""

    column: str | None = None
    product: tuple[str, ...] = ()
    constant: str | bool | None = None
    minus: tuple[str, ...] = ()
    "Columns that are taken off it."
    shared_within: str | None = None
    "The column with the order whose total it repeats in each line."
    time_of_day: str | None = None
    "The column with the time of day, where `column` has the day alone."
    duration: Layout | None = None
    "How its durations are written."
    is_of_own_rows: bool = False
    "Whether rows without a value are of something else."
    scale: float | None = None
    "Factor of its numbers."
    negated: bool = False
    "Whether its yes means no."
    id_width: int | None = None
    "Digits to which ids are filled with zeros."
    evidence: str = BY_NAME

    @property
    def sources(self) -> tuple[str, ...]:
        """The columns of the source that it reads."""
        clock = (self.time_of_day,) if self.time_of_day else ()
        return (*(self.product or ((self.column,) if self.column else ())), *clock, *self.minus)


@dataclass(frozen=True, kw_only=True)
class TableGuess:
    """A table of the contract, recognised in a source."""

    table: str
    examined: ExaminedSource
    columns: dict[str, ColumnGuess]
    score: float = 0.0
    profile: str | None = None
    notes: tuple[str, ...] = ()
    where: Setting | None = None
    "Which rows of the source are those of the table; None for all."
    returns: Setting | None = None
    "Which of these rows are returns, where `where` chooses among the rows of a log."
    answers: Setting | None = None
    "Columns of consents that become rows."
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    "Columns of the contract for which several columns of the source are equally good, the first one taken."
    question: Question | None = None
    "What to ask where the source may be another table as well; None for the usual question."

    def facts(self, column: str) -> ColumnFacts | None:
        """The facts of the source column behind a column of the contract; None for products and constants."""
        guess = self.columns.get(column)
        return self.examined.columns.get(guess.column) if guess and guess.column else None


def offsets_of(guess: TableGuess, column: str) -> tuple[str, ...]:
    """The offsets behind the times of day of a column of times; none where a Parquet type says UTC of all of them."""
    clock = clock_of(guess, column)
    return clock.clock_offsets if clock is not None and not is_marked_utc(guess.examined, clock) else ()


def clock_of(guess: TableGuess, column: str) -> ColumnFacts | None:
    """The facts of the column with the times of day of a column of times."""
    return guess.examined.columns.get(str(guess.columns[column].time_of_day))


def is_marked_utc(examined: ExaminedSource, clock: ColumnFacts) -> bool:
    """Whether a Parquet file says UTC of times of day, as many writers do of local ones, too."""
    return bool(clock.clock_offsets) and not clock.is_text and bool(examined.source.files)


def other_columns(guess: TableGuess) -> Iterator[ColumnFacts]:
    """The columns of the source that the guess does not read."""
    used = {source for column in guess.columns.values() for source in column.sources}
    yield from (facts for name, facts in guess.examined.columns.items() if name not in used)
