"""The cells of the source that a column of the contract is read from.

    event_time = { column = "date", time_of_day = "time" }

`clocks` has how a day and its time of day are joined.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from core.config.sources import ColumnSource, ValueFormat
from core.errors import ConfigError, DataError
from tables.cleaning.clocks import ClockDigits, join_clock
from tables.cleaning.durations import seconds_in
from tables.cleaning.numbers import currency_in_mark
from tables.cleaning.source_columns import source_column


def cells_of(
    raw: ir.Table,
    column: ColumnSource,
    *,
    place: str,
    kind: str,
    written: ValueFormat,
    base_currency: str,
    digits: ClockDigits | None = None,
    is_zoneless: bool = False,
) -> list[ir.Value]:
    """The cells of a column; several are multiplied. `place` is its table and name, such as purchases.amount.

    `digits` says what the digits of its time of day are; `is_zoneless` that its offset says nothing. Raises DataError
    for a column that the source lacks.
    """
    table = place.partition(".")[0]
    if column.marks_of is not None:
        amounts = source_column(raw, column.marks_of, table=table).cast("string")
        return [currency_in_mark(amounts, base_currency=base_currency)]
    if column.constant is not None:
        return [ibis.literal(column.constant)]
    cells = [source_column(raw, str(source), table=table) for source in column.product or (column.column,)]
    if column.duration is not None:
        if kind not in ("number", "integer"):
            raise ConfigError(f"[tables.{table}.columns]: duration is for numbers, and {place} is none")
        return [seconds_in(cells[0], column.duration)]
    if column.time_of_day is None:
        return cells
    if kind != "time":
        raise ConfigError(f"[tables.{table}.columns]: time_of_day is for times, and {place} is none")
    clock = source_column(raw, column.time_of_day, table=table)
    if not (clock.type().is_string() or clock.type().is_time() or clock.type().is_timestamp() or _is_number(clock)):
        fault = f"'{column.time_of_day}' is {clock.type()}, which cannot be read as a time of day"
        raise DataError(f"{place}: {fault}; name another column as its time_of_day")
    return [join_clock(cells[0], clock, written=written, digits=digits, is_zoneless=is_zoneless)]


def _is_number(cell: ir.Value) -> bool:
    return cell.type().is_numeric() and not cell.type().is_boolean()
