"""Reads sources to look at them, and adds files with the columns of another one to its table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import ibis.expr.types as ir
import msgspec
from ibis.backends.duckdb import Backend as DuckDB

from core.errors import DataError
from tables.cleaning.filling import fill_first_lines
from tables.cleaning.source_columns import add_fields, drop_row_numbers, unnest_list
from tables.contract import CONTRACT
from tables.discovery.columns import examine_columns
from tables.discovery.first_lines import find_first_lines
from tables.discovery.grouping import DiscoveredSource, have_same_columns, join_files
from tables.discovery.guesses import ExaminedSource, TableGuess
from tables.discovery.proposal import Ask, Question
from tables.discovery.recognition import recognise
from tables.discovery.reconcile import reconcile_files
from tables.discovery.vocabulary import load_vocabulary, normalise
from tables.sources.parquet import find_damage, zones_of
from tables.sources.protocol import Location, find_source

ADD, LEAVE_OUT = "add", "leave_out"
MAX_FIELDS = 150
"Fields of nested columns that are looked at."
COPY = re.compile(r"copy|kopie|copie|backup|\bbak\b|\(\d\)|コピー|バックアップ", re.IGNORECASE)
"In the names of files that are rather a copy than an original."
COPIED = 0.5
"Share of the rows of a file that occur in the other one from which it is a copy."


def examine(engine: DuckDB, source: DiscoveredSource, *, today: date) -> ExaminedSource:
    """Read a source and look at its columns. Raises the errors of reading."""
    source, raw = read_tolerantly(engine, source)
    examined = look_at(source, drop_row_numbers(raw), today=today)
    if any(guess.profile for guess in recognise(examined)):
        return examined
    each = _list_of_lines(drop_row_numbers(raw))
    if each is None:
        return _fill_lines(examined, raw, today=today)
    evidence = {**source.evidence, "each": "one row per object of this list, as its fields are those of order lines"}
    settings = msgspec.structs.replace(source.settings, each=each)
    lines = unnest_list(drop_row_numbers(raw), each, table=source.label)
    return look_at(replace(source, settings=settings, evidence=evidence), lines, today=today)


def _fill_lines(examined: ExaminedSource, raw: ir.Table, *, today: date) -> ExaminedSource:
    """The source with the cells of its orders filled, where only the first line of each order has them."""
    first_lines = find_first_lines(raw, examined.columns)
    if first_lines is None:
        return examined
    source = examined.source
    settings = msgspec.structs.replace(source.settings, fill_within=first_lines.fill)
    evidence = {**source.evidence, "fill_within": first_lines.evidence}
    rows = drop_row_numbers(fill_first_lines(raw, settings, table=source.label))
    whole = look_at(replace(source, settings=settings, evidence=evidence), rows, today=today)
    return replace(whole, once_per_order=first_lines.once_per_order)


def read_tolerantly(engine: DuckDB, source: DiscoveredSource) -> tuple[DiscoveredSource, ir.Table]:
    """The rows of a source without the few lines that cannot be read, which become a setting of it."""
    location = Location(source.label, msgspec.structs.replace(source.settings, bad_lines="skip"))
    read = find_source(location).read(engine, location)
    if read.bad_lines.n:
        evidence = {**source.evidence, "bad_lines": str(read.bad_lines.note)}
        source = replace(source, settings=location.settings, evidence=evidence)
    return source, read.rows


def look_at(source: DiscoveredSource, raw: ir.Table, *, today: date, more_files: Sequence[Path] = ()) -> ExaminedSource:
    """What the rows of a source show; `more_files` are those that its rows look up.

    Raises DataError for a file that turns out to be damaged.
    """
    rows, files = add_fields(raw, max_columns=MAX_FIELDS), (*more_files, *source.files)
    try:
        columns = examine_columns(rows, today=today, zones=zones_of(files))
    except duckdb.Error as fault:
        damage = find_damage(files) or f"it cannot be read: {str(fault).splitlines()[0]}"
        raise DataError(f"{source.label}: {damage}; export it again") from fault
    n_rows = next((facts.n_rows for facts in columns.values()), 0)
    return ExaminedSource(source=source, rows=rows, columns=columns, n_rows=n_rows)


def _list_of_lines(raw: ir.Table) -> str | None:
    """The list of objects, at any depth, with an item and its quantity or price; None if there is none."""
    vocabulary, rows = load_vocabulary(), add_fields(raw, max_columns=MAX_FIELDS)
    for name in rows.columns:
        column = rows[name]
        element = column[0] if isinstance(column, ir.ArrayValue) else None
        if not isinstance(element, ir.StructValue):
            continue
        ranks = {
            contract: [vocabulary.rank_of(field, table="purchases", column=contract) for field in element.names]
            for contract in ("item_id", "quantity", "unit_price", "amount")
        }
        matched = [contract for contract, places in ranks.items() if any(place is not None for place in places)]
        if "item_id" in matched and len(matched) > 1:
            return name
    return None


def add_alike(engine: DuckDB, sources: Sequence[ExaminedSource], *, ask: Ask, today: date) -> list[ExaminedSource]:
    """The sources. A CSV file that is the same table as another one, with the same columns, is added if wanted."""
    joined: list[ExaminedSource] = []
    for source in sorted(sources, key=lambda one: (COPY.search(one.source.label) is not None, -one.n_rows)):
        place = next((place for place, other in enumerate(joined) if _is_same_table(source, other)), None)
        if place is None or not _wants_to_add(source, joined[place], ask=ask):
            joined.append(source)
            continue
        both = (joined[place].source, source.source)
        group = sorted((path, text) for one in both for path, text in zip(one.files, one.formats, strict=True))
        others = [path for one in sources if one.source not in both for path in one.source.files]
        (whole,) = join_files(group, strangers=others)
        joined[place] = examine(engine, reconcile_files(engine, whole, ask=ask, today=today), today=today)
    return joined


def _is_same_table(one: ExaminedSource, other: ExaminedSource) -> bool:
    if not one.source.formats or not other.source.formats:
        return False
    if not have_same_columns(tuple(other.columns), tuple(one.columns)):
        return False
    ours, theirs = _best(one), _best(other)
    return ours is not None and theirs is not None and ours.table == theirs.table


def _best(source: ExaminedSource) -> TableGuess | None:
    return next(iter(recognise(source)), None)


def _wants_to_add(source: ExaminedSource, other: ExaminedSource, *, ask: Ask) -> bool:
    """Whether the rows of a file are to be added; by default, unless they occur in the other one or are returns."""
    guess = _best(source)
    table = guess.table if guess else ""
    n_shared, n_rows = _count_shared(source, other)
    if n_shared >= COPIED * n_rows or (n_shared and CONTRACT[table].key):
        default, why = LEAVE_OUT, f"{n_shared:,} of its {n_rows:,} rows occur there as well"
    elif guess and _is_named_returns(source) and not _has_negative_amounts(guess):
        default, why = (
            LEAVE_OUT,
            "its name says returns, but its amounts are positive and would be added to the revenue",
        )
    else:
        default, why = (
            ADD,
            f"{n_shared:,} of its {n_rows:,} rows occur there as well" if n_shared else "no row is in both",
        )
    label, others = source.source.label, other.source.label
    text = f"{label} has the columns of {others}: are its rows part of the table {table}, too?"
    return ask(Question(text, (ADD, LEAVE_OUT), default, why)) == ADD


def _count_shared(source: ExaminedSource, other: ExaminedSource) -> tuple[int, int]:
    """How many different rows of a source the other one has, by the columns of the contract; and how many there are."""
    guesses = (_best(source), _best(other))
    if guesses[0] is None or guesses[1] is None:
        return 0, source.n_rows
    key = CONTRACT[guesses[0].table].key
    names = [key] if key else [name for name in guesses[0].columns if name in guesses[1].columns]
    pairs = [(a.name, b.name) for name in names if (a := guesses[0].facts(name)) and (b := guesses[1].facts(name))]
    if not pairs:
        return 0, source.n_rows
    ours = source.rows.select(**{a: source.rows[a].cast("string") for a, _ in pairs}).distinct()
    theirs = other.rows.select(**{a: other.rows[b].cast("string") for a, b in pairs}).distinct()
    shared = ours.intersect(theirs).count().to_pyarrow().as_py()
    return int(shared), int(ours.count().to_pyarrow().as_py())


def _is_named_returns(source: ExaminedSource) -> bool:
    words = {normalise(word) for word in load_vocabulary().words("status.returned")}
    return any(word in normalise(source.source.label.rsplit(".", 1)[0]).split() for word in words)


def _has_negative_amounts(guess: TableGuess) -> bool:
    facts = guess.facts("amount") or guess.facts("quantity")
    return facts is not None and facts.numbers is not None and facts.numbers.n_negative > 0
