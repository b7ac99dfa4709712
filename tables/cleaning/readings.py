"""Reads a column of any type as the kind that the contract asks for; free where the type already fits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from core.errors import DataError
from core.ids import MAX_ID_LENGTH
from tables.cleaning.text_values import boolean_in, moment_in, number_in
from tables.cleaning.workbench import Workbench
from tables.contract import Kind

UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Reading:
    """A column in the kind that the contract asks for."""

    value: ir.Value
    "NULL where missing or unreadable."
    unreadable: ir.Value | None = None
    "Whether the source has a value that is not of this kind; None where its type rules that out."
    fault: str = UNREADABLE
    "What `kizuna check` calls such a value."


def _refuse(column: ir.Value, kind: str) -> DataError:
    return DataError(f"its source is {column.type()}, which cannot be read as a {kind}")


def _with_check(raw: ir.Value, value: ir.Value, *, present: ir.Value) -> Reading:
    return Reading(value, present & value.isnull() & raw.notnull())


def _is_filled(text: ir.Value) -> ir.Value:
    return text.strip() != ""


def read_id(raw: ir.Value, bench: Workbench) -> Reading:
    """Text as it is; whole numbers as plain digits, so 17850.0 is '17850'."""
    if raw.type().is_string():
        return Reading(raw.nullif(""), raw.length() > MAX_ID_LENGTH, f"longer than {MAX_ID_LENGTH} characters")
    if raw.type().is_integer():
        return Reading(raw.cast("string"))
    if raw.type().is_numeric():
        whole = raw.cast("float64")
        # Above 2**53 a float64 skips integers, so its digits are no longer those of the id.
        safe = ~whole.isnan() & (whole.abs() < 2**53)
        digits = ibis.ifelse(safe & (whole == whole.floor()), whole, ibis.null("float64")).cast("int64").cast("string")
        return Reading(digits, ~whole.isnan() & digits.isnull() & raw.notnull(), "not a whole number")
    if raw.type().is_uuid():
        return Reading(raw.cast("string"))
    raise _refuse(raw, "id")


def read_text(raw: ir.Value, bench: Workbench) -> Reading:
    """Text as it is; an empty one is missing."""
    if raw.type().is_string():
        return Reading(raw.nullif(""))
    if raw.type().is_nested() or raw.type().is_binary():
        raise _refuse(raw, "text")
    return Reading(raw.cast("string"))


def read_number(raw: ir.Value, bench: Workbench) -> Reading:
    """A float64; NaN is missing, infinity unreadable."""
    if raw.type().is_string():
        return _with_check(raw, number_in(raw, bench), present=_is_filled(raw))
    if raw.type().is_floating():
        number = raw.cast("float64")
        finite = ibis.ifelse(number.isnan() | number.isinf(), ibis.null("float64"), number)
        return Reading(finite, number.isinf())
    if raw.type().is_numeric() or raw.type().is_boolean():
        return Reading(raw.cast("float64"))
    raise _refuse(raw, "number")


def read_integer(raw: ir.Value, bench: Workbench) -> Reading:
    """An int64; a fraction is unreadable."""
    if raw.type().is_integer():
        return Reading(raw.cast("int64"))
    number = bench.step(read_number(raw, bench).value)
    fits = (number == number.floor()) & (number.abs() < 2**53)
    whole = bench.step(ibis.ifelse(fits, number, ibis.null("float64")).cast("int64"))
    present = _is_filled(raw) if raw.type().is_string() else ~raw.cast("float64").isnan()
    return _with_check(raw, whole, present=present)


def read_time(raw: ir.Value, bench: Workbench) -> Reading:
    """A naive local timestamp; a date without a time is its midnight."""
    if raw.type().is_timestamp():
        naive = raw.cast("timestamp")
        return Reading(bench.naive_to_local(naive) if raw.type().timezone is None else bench.utc_to_local(naive))
    if raw.type().is_date():
        return Reading(raw.cast("timestamp"))
    if raw.type().is_string():
        moment = moment_in(raw, bench)
        from_utc = bench.utc_to_local(moment.shown - moment.offset_seconds.as_interval("s"))
        local = bench.step(ibis.ifelse(moment.offset_seconds.isnull(), bench.naive_to_local(moment.shown), from_utc))
        return _with_check(raw, local, present=_is_filled(raw))
    raise _refuse(raw, "time")


def read_date(raw: ir.Value, bench: Workbench) -> Reading:
    """A local day."""
    time = read_time(raw, bench)
    return Reading(time.value.cast("date"), time.unreadable)


def read_boolean(raw: ir.Value, bench: Workbench) -> Reading:
    """True or false."""
    if raw.type().is_boolean():
        return Reading(raw)
    if raw.type().is_string():
        return _with_check(raw, bench.step(boolean_in(raw)), present=_is_filled(raw))
    number = bench.step(read_number(raw, bench).value)
    return _with_check(raw, ibis.cases((number == 1, True), (number == 0, False)), present=number.notnull())


def read_attribute(raw: ir.Value, bench: Workbench) -> Reading:
    """A listed attribute: a number stays a number, anything else is text."""
    return read_number(raw, bench) if raw.type().is_numeric() else read_text(raw, bench)


READERS: dict[Kind, Callable[[ir.Value, Workbench], Reading]] = {
    "id": read_id,
    "text": read_text,
    "number": read_number,
    "integer": read_integer,
    "time": read_time,
    "date": read_date,
    "boolean": read_boolean,
}
