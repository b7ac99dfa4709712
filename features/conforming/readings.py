"""A column of any type read as the kind that the contract asks for. Costs nothing where the type fits already."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.errors import DataError
from features.conforming.text import flag_in, moment_in, number_in
from features.conforming.zones import local_of_utc, utc_of_local
from features.contract import LONGEST_ID, Kind
from features.expressions import Expression, ibis

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


@dataclass(frozen=True)
class Clock:
    """Whose clocks naive times were read from, and whose they shall be told by."""

    source: str
    business: str

    def of_naive(self, times: Expression) -> Expression:
        """Local time of naive source times."""
        return times if self.source == self.business else self.of_utc(utc_of_local(times, self.source))

    def of_utc(self, times: Expression) -> Expression:
        """Local time of naive UTC times."""
        return local_of_utc(times, self.business)


def _refuse(column: Expression, kind: str) -> DataError:
    return DataError(f"column '{column.get_name()}' is {column.type()}, which cannot be read as a {kind}")


def _checked(raw: Expression, value: Expression, present: Expression) -> Reading:
    return Reading(value, present & value.isnull() & raw.notnull())


def _written(text: Expression) -> Expression:
    return text.strip() != ""


def read_id(raw: Expression, clock: Clock) -> Reading:
    """Text as it is; whole numbers as plain digits, so 17850.0 is '17850'."""
    if raw.type().is_string():
        return Reading(raw.nullif(""), raw.length() > LONGEST_ID, f"longer than {LONGEST_ID} characters")
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


def read_text(raw: Expression, clock: Clock) -> Reading:
    """Text as it is; an empty one is missing."""
    if raw.type().is_string():
        return Reading(raw.nullif(""))
    if raw.type().is_nested() or raw.type().is_binary():
        raise _refuse(raw, "text")
    return Reading(raw.cast("string"))


def read_number(raw: Expression, clock: Clock) -> Reading:
    """A float64; NaN is missing, infinity unreadable."""
    if raw.type().is_string():
        return _checked(raw, number_in(raw), _written(raw))
    if raw.type().is_floating():
        number = raw.cast("float64")
        finite = ibis.ifelse(number.isnan() | number.isinf(), ibis.null("float64"), number)
        return Reading(finite, number.isinf())
    if raw.type().is_numeric() or raw.type().is_boolean():
        return Reading(raw.cast("float64"))
    raise _refuse(raw, "number")


def read_whole(raw: Expression, clock: Clock) -> Reading:
    """An int64; fractions are unreadable."""
    if raw.type().is_integer():
        return Reading(raw.cast("int64"))
    number = read_number(raw, clock).value
    fits = (number == number.floor()) & (number.abs() < 2**53)
    whole = ibis.ifelse(fits, number, ibis.null("float64")).cast("int64")
    present = _written(raw) if raw.type().is_string() else ~raw.cast("float64").isnan()
    return _checked(raw, whole, present)


def read_time(raw: Expression, clock: Clock) -> Reading:
    """A naive local timestamp; a day without a time is its midnight."""
    if raw.type().is_timestamp():
        naive = raw.cast("timestamp")
        return Reading(clock.of_naive(naive) if raw.type().timezone is None else clock.of_utc(naive))
    if raw.type().is_date():
        return Reading(raw.cast("timestamp"))
    if raw.type().is_string():
        moment = moment_in(raw)
        of_utc = clock.of_utc(moment.shown - moment.offset_seconds.as_interval("s"))
        local = ibis.ifelse(moment.offset_seconds.isnull(), clock.of_naive(moment.shown), of_utc)
        return _checked(raw, local, _written(raw))
    raise _refuse(raw, "time")


def read_date(raw: Expression, clock: Clock) -> Reading:
    """A local day."""
    time = read_time(raw, clock)
    return Reading(time.value.cast("date"), time.unreadable)


def read_flag(raw: Expression, clock: Clock) -> Reading:
    """True or false."""
    if raw.type().is_boolean():
        return Reading(raw)
    if raw.type().is_string():
        return _checked(raw, flag_in(raw), _written(raw))
    number = read_number(raw, clock).value
    return _checked(raw, ibis.cases((number == 1, True), (number == 0, False)), number.notnull())


def read_attribute(raw: Expression, clock: Clock) -> Reading:
    """A listed attribute: numbers stay numbers, everything else is text."""
    return read_number(raw, clock) if raw.type().is_numeric() else read_text(raw, clock)


READERS: dict[Kind, Callable[[Expression, Clock], Reading]] = {
    "id": read_id,
    "text": read_text,
    "number": read_number,
    "whole": read_whole,
    "time": read_time,
    "date": read_date,
    "flag": read_flag,
}
