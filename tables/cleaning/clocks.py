"""Times of day in a column of their own, and how they join the days of another one.

date         time                   cell
2026-03-01   18:30         ->       2026-03-01 18:30
01.03.2026   6:30 PM       ->       01.03.2026 6:30 PM
2026-03-01                 ->       2026-03-01             (midnight, as a day without a time is)
2026-03-01   18.30 Uhr     ->       2026-03-01 18:30
2026-03-01   930           ->       2026-03-01 09:30       (hours and minutes, as every value of the column is)
2026-03-01   93005         ->       2026-03-01 09:30:05
2026-03-01   10:15+09:00   ->       2026-03-01 10:15+09:00 (the day and the time at this offset)
46082        0.770833      ->       46082.770833           (spreadsheet_days)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from core.config.sources import ColumnSource, TableSource, ValueFormat
from core.date_format import EPOCH_UNITS, SPREADSHEET_DAYS
from core.errors import DataError
from core.i18n.message import Message
from tables.cleaning.characters import narrow
from tables.cleaning.evidence import ReadingNote
from tables.cleaning.readings import without_null_words
from tables.cleaning.source_columns import has_column, source_column

MIDNIGHT = r"[T ]0?0:00(:00([.,]0*)?)?$"
"Behind a day, as databases export one that they store as a moment."
DAY_BEFORE_CLOCK = r"^(1899-12-30|1900-01-0[01])[T ]"
"The day that databases and spreadsheets put before a time of day."
WHOLE = r"[.]0*$"
FRACTION = r"^0?([.][0-9]+)$"
"A time of day as a part of a day."
DIGITS_OF_CLOCK = {"%H%M%S": 6, "%H%M": 4}
"The digits of a time of day without separators, by its pattern; numbers have lost their leading zeros."
OTHER_MARKS = r"^(?:[Kk]l[.o]? *)?([01]?[0-9]|2[0-3])[.hH]([0-5][0-9])"
"Hours and minutes with a dot or an h between them."
DOT_BEFORE_SECONDS = r"^([0-9]{1,2}:[0-9]{2})[.]([0-9]{2})$"
OCLOCK = r" *([Uu]hr|[hH])$"
OFFSET = " ?(Z|UTC|GMT|[+-][0-9]{2}(:?[0-9]{2})?)$"
"The offset from UTC behind a time of day: 10:15+09:00, 1015Z, and 10:15:00+09 as databases write it."
COLON = re.compile("%[HI]:%M|%T|%R")
"A clock with colons in a pattern."


@dataclass(frozen=True)
class ClockDigits:
    """What the times of day of a column are that have digits alone."""

    width: int
    "4 for hours and minutes, 6 with seconds."
    n: int
    "Values that are such a time of day."
    n_values: int
    example: str

    @property
    def pattern(self) -> str:
        """As strptime writes it."""
        return next(pattern for pattern, width in DIGITS_OF_CLOCK.items() if width == self.width)

    def describe(self) -> Message:
        """The reading with its evidence."""
        values = {"n": self.n, "of": self.n_values, "example": self.example}
        if self.width == 4:
            return Message("time of day: {n} of {of} values such as '{example}' are hours and minutes", values)
        return Message("time of day: {n} of {of} values such as '{example}' are hours, minutes and seconds", values)


def find_digits(source: ir.Table, clock: ir.Value, *, written: ValueFormat) -> ClockDigits | None:
    """What the digits of a column are, if most of its values are one thing: 1634 and 930, or 163412 and 93005.

    None where most have separators or are hours alone. Every 1634 could be minutes and seconds after midnight: so
    seconds need values of more than four digits.
    """
    if not (clock.type().is_string() or clock.type().is_numeric()) or clock.type().is_boolean():
        return None
    text = _text_of(clock, written=written).re_replace(OFFSET, "")
    is_long = text.re_search("^[0-9]{3,6}$")
    counts = {
        "n_values": text.count(),
        "n_long": _count(is_long),
        "n_with_seconds": _count(is_long & (text.length() > 4)),
        "example": text.max(where=is_long),
    }
    counts |= {f"n{width}": _count(_is_clock(text, width)) for width in DIGITS_OF_CLOCK.values()}
    row = source.aggregate(**counts).to_pyarrow().to_pylist()[0]
    if not row["n_long"]:
        return None
    for width in (4, 6) if row["n_with_seconds"] else (4,):
        if 2 * row[f"n{width}"] > row["n_values"]:
            return ClockDigits(width, row[f"n{width}"], row["n_values"], row["example"])
    return None


def _count(condition: ir.Value) -> ir.Value:
    return ibis.coalesce(ibis.ifelse(condition, 1, 0).sum(), 0)


def _is_clock(text: ir.Value, width: int) -> ir.Value:
    """Whether a text is a time of day of this many digits, of which the first ones may be missing."""
    padded = text.lpad(width, "0")
    return (
        text.re_search(f"^[0-9]{{1,{width}}}$")
        & (padded.substr(0, 2) <= "23")
        & (padded.substr(2, 2) <= "59")
        & (padded.substr(width - 2, 2) <= "59")
    )


def find_clock_digits(
    raw: ir.Table, mapped: Mapping[str, ColumnSource], *, table: str, formats: Mapping[str, ValueFormat]
) -> dict[str, ClockDigits]:
    """The digits of times of day, by the column whose day they belong to; a stated pattern says it itself."""
    digits_of: dict[str, ClockDigits] = {}
    for name, column in mapped.items():
        date_format = formats[name].date_format or ""
        is_stated = "%" in date_format or date_format in (*EPOCH_UNITS, SPREADSHEET_DAYS)
        if column.time_of_day is None or is_stated or not has_column(raw, column.time_of_day):
            continue
        clock = source_column(raw, column.time_of_day, table=table)
        if (digits := find_digits(raw, clock, written=formats[name])) is not None:
            digits_of[name] = digits
    return digits_of


def find_zoneless_clocks(
    raw: ir.Table, mapped: Mapping[str, ColumnSource], *, table: str, source: TableSource | None
) -> frozenset[str]:
    """The columns whose times of day a Parquet file says to be UTC, which says nothing.

    Many writers mark every time of day so, and others have shifted it to UTC, perhaps beyond midnight. Raises DataError
    unless the table states the zone of its clocks.
    """
    if source is None or source.path is None:
        return frozenset()
    marked: set[str] = set()
    for name, column in mapped.items():
        if column.time_of_day is None or not has_column(raw, column.time_of_day):
            continue
        clock = source_column(raw, column.time_of_day, table=table)
        if clock.type().is_time() and _ends_in_offset(raw, clock):
            marked.add(name)
            if source.time_zone is None:
                raise DataError(
                    f"{table}.{name}: the Parquet type of '{column.time_of_day}' says UTC, as many writers do of local "
                    f'times, too; set time_zone = "UTC", or the zone of its clocks, for [tables.{table}]'
                )
    return frozenset(marked)


def _ends_in_offset(raw: ir.Table, clock: ir.Value) -> bool:
    return bool(raw.aggregate(n=_count(clock.cast("string").re_search(OFFSET))).to_pyarrow().to_pylist()[0]["n"])


def notes_of_digits(digits_of: Mapping[str, ClockDigits]) -> tuple[ReadingNote, ...]:
    """How times of day of digits alone were read."""
    return tuple(ReadingNote(name, digits.describe()) for name, digits in digits_of.items())


def join_clock(
    day: ir.Value, clock: ir.Value, *, written: ValueFormat, digits: ClockDigits | None, is_zoneless: bool = False
) -> ir.Value:
    """A day and a time of day as one text. It is NULL without a day, and the day alone without a time.

    Without a zone, an offset behind the time of day is dropped.
    """
    day, clock = (_text_of(cell, written=written) for cell in (day, clock))
    clock = clock.re_replace(OFFSET, "") if is_zoneless else clock
    day, clock = day.re_replace(MIDNIGHT, ""), clock.re_replace(DAY_BEFORE_CLOCK, "")
    if written.date_format == SPREADSHEET_DAYS:
        part = clock.re_extract(FRACTION, 1).nullif("")
        day = day.re_replace(WHOLE, "")
        joined = ibis.ifelse(clock.re_search("^0?[.]?0*$"), day, day + part.coalesce(" " + clock))
    elif "%" in (written.date_format or ""):
        joined = day + " " + _as_pattern(clock, str(written.date_format))
    else:
        joined = day + " " + _with_colons(clock, digits)
    return ibis.ifelse(clock.isnull(), day, joined)


def _text_of(cell: ir.Value, *, written: ValueFormat) -> ir.Value:
    """A cell as plain text; NULL where it is empty or means missing."""
    text = without_null_words(cell, written=written, kind="time")
    if text.type().is_floating():
        whole = text == text.floor()
        text = ibis.ifelse(whole, text.cast("int64").cast("string"), text.cast("string"))
    return narrow(text.cast("string")).nullif("").re_replace("^([0-9]{1,6})[.]0$", r"\1")


def _as_pattern(clock: ir.Value, date_format: str) -> ir.Value:
    """A time of day as a pattern has it: 930 is 0930 for %H%M, and 9.30 is 9:30 for %H:%M."""
    if COLON.search(date_format):
        return _with_colons(clock, None)
    width = next((width for pattern, width in DIGITS_OF_CLOCK.items() if pattern in date_format), 0)
    if not width:
        return clock
    bare, offset = _split_offset(clock)
    is_short = bare.re_search("^[0-9]+$") & (bare.length() < width)
    return ibis.ifelse(is_short, bare.lpad(width, "0") + offset, clock)


def _split_offset(clock: ir.Value) -> tuple[ir.Value, ir.Value]:
    """A time of day without its offset, and the offset, empty where there is none."""
    return clock.re_replace(OFFSET, ""), ibis.ifelse(clock.re_search(OFFSET), clock.re_extract(OFFSET, 0), "")


def _with_colons(clock: ir.Value, digits: ClockDigits | None) -> ir.Value:
    """A time of day with colons between its parts, whatever it is written with, and its offset."""
    clock, offset = _split_offset(clock)
    plain = clock.re_replace(OTHER_MARKS, r"\1:\2").re_replace(DOT_BEFORE_SECONDS, r"\1:\2").re_replace(OCLOCK, "")
    if digits is None:
        return plain + offset
    parts = "([0-9]{2})" * (digits.width // 2)
    groups = ":".join(rf"\{place}" for place in range(1, digits.width // 2 + 1))
    in_parts = clock.lpad(digits.width, "0").re_replace(f"^{parts}$", groups)
    return ibis.ifelse(clock.re_search(f"^[0-9]{{1,{digits.width}}}$"), in_parts, plain) + offset
