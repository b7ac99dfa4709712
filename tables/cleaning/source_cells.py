"""The cells of the source that a column of the contract is read from.

    event_time = { column = "date", time_of_day = "time" }

date         time                   cell
2026-03-01   18:30         ->       2026-03-01 18:30
01.03.2026   6:30 PM       ->       01.03.2026 6:30 PM
2026-03-01                 ->       2026-03-01             (midnight, as a day without a time is)
46082        0.770833      ->       46082.770833           (spreadsheet_days)
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from core.config.sources import ColumnSource, ValueFormat
from core.date_format import SPREADSHEET_DAYS
from core.errors import ConfigError, DataError
from tables.cleaning.characters import narrow
from tables.cleaning.numbers import currency_in_mark
from tables.cleaning.readings import without_null_words
from tables.cleaning.source_columns import source_column

MIDNIGHT = r"[T ]0?0:00(:00([.,]0*)?)?$"
"Behind a day, as databases export one that they store as a moment."
DAY_BEFORE_CLOCK = r"^(1899-12-30|1900-01-0[01])[T ]"
"The day that databases and spreadsheets put before a time of day."
WHOLE = r"[.]0*$"
FRACTION = r"^0?([.][0-9]+)$"
"A time of day as a part of a day."
DIGITS_OF_CLOCK = {"%H%M%S": 6, "%H%M": 4}
"The digits of a time of day without separators, by its pattern; numbers have lost their leading zeros."


def cells_of(
    raw: ir.Table, column: ColumnSource, *, place: str, kind: str, written: ValueFormat, base_currency: str
) -> list[ir.Value]:
    """The cells of a column; several are multiplied. `place` is its table and name, such as purchases.amount.

    Raises DataError for a column that the source lacks.
    """
    table = place.partition(".")[0]
    if column.marks_of is not None:
        amounts = source_column(raw, column.marks_of, table=table).cast("string")
        return [currency_in_mark(amounts, base_currency=base_currency)]
    if column.constant is not None:
        return [ibis.literal(column.constant)]
    cells = [source_column(raw, str(source), table=table) for source in column.product or (column.column,)]
    if column.time_of_day is None:
        return cells
    if kind != "time":
        raise ConfigError(f"[tables.{table}.columns]: time_of_day is for times, and {place} is none")
    clock = source_column(raw, column.time_of_day, table=table)
    if not (clock.type().is_string() or clock.type().is_time() or clock.type().is_timestamp() or _is_number(clock)):
        fault = f"'{column.time_of_day}' is {clock.type()}, which cannot be read as a time of day"
        raise DataError(f"{place}: {fault}; name another column as its time_of_day")
    return [_join(cells[0], clock, written=written)]


def _is_number(cell: ir.Value) -> bool:
    return cell.type().is_numeric() and not cell.type().is_boolean()


def _join(day: ir.Value, clock: ir.Value, *, written: ValueFormat) -> ir.Value:
    """A day and a time of day as one text. It is NULL without a day, and the day alone without a time."""
    day, clock = (_text_of(cell, written=written) for cell in (day, clock))
    day, clock = day.re_replace(MIDNIGHT, ""), clock.re_replace(DAY_BEFORE_CLOCK, "")
    if written.date_format == SPREADSHEET_DAYS:
        part = clock.re_extract(FRACTION, 1).nullif("")
        day = day.re_replace(WHOLE, "")
        joined = ibis.ifelse(clock.re_search("^0?[.]?0*$"), day, day + part.coalesce(" " + clock))
    else:
        joined = day + " " + _with_leading_zeros(clock, written.date_format or "")
    return ibis.ifelse(clock.isnull(), day, joined)


def _text_of(cell: ir.Value, *, written: ValueFormat) -> ir.Value:
    """A cell as plain text; NULL where it is empty or means missing."""
    text = without_null_words(cell, written=written, kind="time")
    if text.type().is_floating():
        whole = text == text.floor()
        text = ibis.ifelse(whole, text.cast("int64").cast("string"), text.cast("string"))
    return narrow(text.cast("string")).nullif("")


def _with_leading_zeros(clock: ir.Value, date_format: str) -> ir.Value:
    """A time of day in digits alone with all of them: 930 is 0930 where the pattern has %H%M."""
    width = next((width for pattern, width in DIGITS_OF_CLOCK.items() if pattern in date_format), 0)
    if not width:
        return clock
    is_short = clock.re_search("^[0-9]+$") & (clock.length() < width)
    return ibis.ifelse(is_short, clock.lpad(width, "0"), clock)
