"""A column of any type read as the kind that the contract asks for. Costs nothing where the type fits already."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.errors import DataError
from core.ids import MAX_ID_LENGTH
from tables.cleaning.text import flag_in, moment_in, number_in
from tables.cleaning.workbench import Workbench
from tables.contract import Kind
from tables.engines.expressions import Expression, ibis

UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Reading:
    """A column as the contract wants it."""

    value: Expression
    "NULL where missing or unreadable."
    unreadable: Expression = None
    "Where the source holds something that is not of this kind; None where that cannot be."
    fault: str = UNREADABLE
    "What to call it."


def _refuse(column: Expression, kind: str) -> DataError:
    return DataError(f"its source is {column.type()}, which cannot be read as a {kind}")


def _checked(raw: Expression, value: Expression, present: Expression) -> Reading:
    return Reading(value, present & value.isnull() & raw.notnull())


def _written(text: Expression) -> Expression:
    return text.strip() != ""


def read_id(raw: Expression, bench: Workbench) -> Reading:
    """Text as it is; whole numbers as plain digits, so 17850.0 is '17850'."""
    if raw.type().is_string():
        return Reading(raw.nullif(""), raw.length() > MAX_ID_LENGTH, f"longer than {MAX_ID_LENGTH} characters")
    if raw.type().is_integer():
        return Reading(raw.cast("string"))
    if raw.type().is_numeric():
        whole = raw.cast("float64")
        safe = ~whole.isnan() & (whole.abs() < 2**53)
        digits = ibis.ifelse(safe & (whole == whole.floor()), whole, ibis.null("float64")).cast("int64").cast("string")
        return Reading(digits, ~whole.isnan() & digits.isnull() & raw.notnull(), "no whole number")
    if raw.type().is_uuid():
        return Reading(raw.cast("string"))
    raise _refuse(raw, "id")


def read_text(raw: Expression, bench: Workbench) -> Reading:
    """Text as it is; an empty one is missing."""
    if raw.type().is_string():
        return Reading(raw.nullif(""))
    if raw.type().is_nested() or raw.type().is_binary():
        raise _refuse(raw, "text")
    return Reading(raw.cast("string"))


def read_number(raw: Expression, bench: Workbench) -> Reading:
    """A float64; NaN is missing, infinity unreadable."""
    if raw.type().is_string():
        return _checked(raw, number_in(raw, bench), _written(raw))
    if raw.type().is_floating():
        number = raw.cast("float64")
        finite = ibis.ifelse(number.isnan() | number.isinf(), ibis.null("float64"), number)
        return Reading(finite, number.isinf())
    if raw.type().is_numeric() or raw.type().is_boolean():
        return Reading(raw.cast("float64"))
    raise _refuse(raw, "number")


def read_whole(raw: Expression, bench: Workbench) -> Reading:
    """An int64; fractions are unreadable."""
    if raw.type().is_integer():
        return Reading(raw.cast("int64"))
    number = bench.step(read_number(raw, bench).value)
    fits = (number == number.floor()) & (number.abs() < 2**53)
    whole = bench.step(ibis.ifelse(fits, number, ibis.null("float64")).cast("int64"))
    present = _written(raw) if raw.type().is_string() else ~raw.cast("float64").isnan()
    return _checked(raw, whole, present)


def read_time(raw: Expression, bench: Workbench) -> Reading:
    """A naive local timestamp; a day without a time is its midnight."""
    if raw.type().is_timestamp():
        naive = raw.cast("timestamp")
        return Reading(bench.local_of_naive(naive) if raw.type().timezone is None else bench.local_of_utc(naive))
    if raw.type().is_date():
        return Reading(raw.cast("timestamp"))
    if raw.type().is_string():
        moment = moment_in(raw, bench)
        of_utc = bench.local_of_utc(moment.shown - moment.offset_seconds.as_interval("s"))
        local = bench.step(ibis.ifelse(moment.offset_seconds.isnull(), bench.local_of_naive(moment.shown), of_utc))
        return _checked(raw, local, _written(raw))
    raise _refuse(raw, "time")


def read_date(raw: Expression, bench: Workbench) -> Reading:
    """A local day."""
    time = read_time(raw, bench)
    return Reading(time.value.cast("date"), time.unreadable)


def read_flag(raw: Expression, bench: Workbench) -> Reading:
    """True or false."""
    if raw.type().is_boolean():
        return Reading(raw)
    if raw.type().is_string():
        return _checked(raw, bench.step(flag_in(raw)), _written(raw))
    number = bench.step(read_number(raw, bench).value)
    return _checked(raw, ibis.cases((number == 1, True), (number == 0, False)), number.notnull())


def read_attribute(raw: Expression, bench: Workbench) -> Reading:
    """A listed attribute: numbers stay numbers, everything else is text."""
    return read_number(raw, bench) if raw.type().is_numeric() else read_text(raw, bench)


READERS: dict[Kind, Callable[[Expression, Workbench], Reading]] = {
    "id": read_id,
    "text": read_text,
    "number": read_number,
    "whole": read_whole,
    "time": read_time,
    "date": read_date,
    "flag": read_flag,
}
