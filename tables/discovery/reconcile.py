"""Numbers and dates of files that are one table, where the files write them in different ways."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import msgspec
from ibis.backends.duckdb import Backend as DuckDB

from core.config.rows import FileSource
from tables.cleaning.source_columns import drop_row_numbers
from tables.discovery.columns import ColumnFacts, examine_columns
from tables.discovery.dates import DAY_FIRST, MONTH_FIRST, DateGuess
from tables.discovery.grouping import DiscoveredSource
from tables.discovery.proposal import Ask, Question
from tables.sources.protocol import Location, find_source

Facts = Mapping[str, ColumnFacts]


def reconcile_files(engine: DuckDB, source: DiscoveredSource, *, ask: Ask, today: date) -> DiscoveredSource:
    """The source with what each file writes in another way than the others: decimal commas, the order of dates."""
    if len(source.formats) < 2 or not source.settings.files:
        return source
    location = Location(source.label, source.settings)
    by_file = {path: _examine(engine, location.only(path), today=today) for path in location.files}
    swapped = {path: tuple(_foreign_numbers(facts, by_file)) for path, facts in by_file.items()}
    dates = {path: dict(_foreign_dates(path, by_file, ask=ask)) for path in by_file}
    entries = {path: location.entries.get(path, FileSource(path=str(path))) for path in by_file}
    changed = {
        path: msgspec.structs.replace(entry, swap_marks=swapped[path], date_formats=dates[path])
        for path, entry in entries.items()
        if path in location.entries or swapped[path] or dates[path]
    }
    return replace(source, settings=msgspec.structs.replace(source.settings, files=tuple(changed.values())))


def _examine(engine: DuckDB, location: Location, *, today: date) -> Facts:
    location = Location(location.name, msgspec.structs.replace(location.settings, bad_lines="skip"))
    return examine_columns(drop_row_numbers(find_source(location).read(engine, location).rows), today=today)


def _foreign_numbers(facts: Facts, by_file: Mapping[Path, Facts]) -> Iterator[str]:
    """Columns whose decimal mark is that of fewer rows than the other one."""
    for name, column in facts.items():
        rows = {".": 0, ",": 0}
        for others in by_file.values():
            other = others.get(name)
            if other is not None and (mark := _decimal(other)):
                rows[mark] += other.n_filled
        usual = "," if rows[","] > rows["."] else "."
        if (mark := _decimal(column)) and mark != usual and rows[usual]:
            yield name


def _decimal(facts: ColumnFacts) -> str:
    """The decimal mark that a column certainly has; empty for whole numbers and for what is no number."""
    numbers = facts.numbers
    return "" if numbers is None or numbers.is_whole or numbers.is_ambiguous else numbers.decimal


def _foreign_dates(path: Path, by_file: Mapping[Path, Facts], *, ask: Ask) -> Iterator[tuple[str, str]]:
    """Columns whose dates are not written with the year first, where the files do not all write them in one way."""
    for name, column in by_file[path].items():
        guesses = [facts[name].dates for facts in by_file.values() if name in facts]
        certain = {guess.date_format for guess in guesses if guess is not None and not guess.is_ambiguous}
        formats = {guess.date_format for guess in guesses if guess is not None}
        guess = column.dates
        if guess is None or guess.date_format is None or len(formats) < 2:
            continue
        yield (
            name,
            _order(path, name, guess=guess, certain=certain, ask=ask) if guess.is_ambiguous else guess.date_format,
        )


def _order(path: Path, name: str, *, guess: DateGuess, certain: set[str | None], ask: Ask) -> str:
    """The order of days and months where both fit: that of the other files, or the answer."""
    orders = [order for order in (DAY_FIRST, MONTH_FIRST) if order in certain]
    if len(orders) == 1:
        return orders[0]
    text = f"{path.name}, column {name}: are the dates day first or month first? {guess.evidence}"
    return ask(Question(text, (DAY_FIRST, MONTH_FIRST), DAY_FIRST, "usual outside the United States"))
