"""Reads a column of any type as the kind that the contract asks for; free where the type already fits.

Numbers, times and booleans are parsed from text strictly:

    １２,３４５   ¥1,234   (1,234)   △500   12.5%          12345 1234 -1234 -500 0.125
    2026/4/1   2026年4月1日 9時30分   2026-04-01T09:30+09:00   20260401

A value that could mean two things (12,50 or 04/05/2026) is unreadable: its row is excluded and counted, and the
value is never guessed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from core.errors import DataError
from core.ids import MAX_ID_LENGTH
from tables.cleaning.workbench import Workbench
from tables.contract import Kind

WIDE = "０１２３４５６７８９．，－（）％＋／：\u3000−△▲"
NARROW = "0123456789.,-()%+/: ---"

PLAIN_NUMBER = r"^[+-]?([0-9]{1,40}|[0-9]{1,3}(,[0-9]{3}){1,12})?([.][0-9]{0,40})?([eE][+-]?[0-9]{1,2})?$"
HAS_DIGIT = r"^[^eE]*[0-9]"
MONEY_SIGNS = r"[¥￥\\$€£円 ]|JPY|USD|EUR|GBP"

MOMENT = (
    r"^([0-9]{4})(?:[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})|([0-9]{2})([0-9]{2}))"
    r"(?:[T ]+([0-9]{1,2}):([0-9]{1,2})(?::([0-9]{1,2})(?:[.][0-9]*)?)?)?"
    r" ?(Z|UTC|[+-][0-9]{2}:?[0-9]{2})?$"
)

TRUE_WORDS = ("true", "t", "yes", "y", "1", "はい", "有")
FALSE_WORDS = ("false", "f", "no", "n", "0", "いいえ", "無")


def _tidy(text: ir.Value) -> ir.Value:
    return text.translate(WIDE, NARROW).strip()


def number_in(text: ir.Value, bench: Workbench) -> ir.Value:
    """The number in a text, NULL where there is none. Brackets and △ are a minus sign, % divides by 100."""
    # Each step is one column: the query would otherwise repeat every inner expression.
    bare = bench.step(_tidy(text).re_replace(MONEY_SIGNS, ""))
    bracketed = bench.step(bare.re_search(r"^[(][^()+-]*[)]$"))
    digits = bench.step(ibis.ifelse(bracketed, bare.re_replace("[()]", ""), bare))
    percent = bench.step(digits.endswith("%"))
    plain = bench.step(ibis.ifelse(percent, digits.re_replace("%$", ""), digits))
    readable = plain.re_search(PLAIN_NUMBER) & plain.re_search(HAS_DIGIT)
    number = ibis.ifelse(readable, plain.replace(",", ""), ibis.null("string")).cast("float64")
    return bench.step(number * ibis.ifelse(bracketed, -1.0, 1.0) / ibis.ifelse(percent, 100.0, 1.0))


@dataclass(frozen=True)
class ClockTime:
    """A moment as it is written: the time on the clock, and its offset from UTC in seconds where given."""

    shown: ir.Value
    offset_seconds: ir.Value


def moment_in(text: ir.Value, bench: Workbench) -> ClockTime:
    """The moment in a text, NULL where there is none; fractions of a second are cut off."""
    plain = _tidy(text).re_replace("[年月]", "-").re_replace("日 *", " ").re_replace("[時分]", ":").re_replace("秒", "")
    plain = bench.step(plain.re_replace(":$", "").re_replace(r" ([0-9]{1,2})$", r" \1:00").strip())
    year = bench.step(_part(plain, 1))
    month, day = (bench.step(_part(plain, *groups).lpad(2, "0")) for groups in ((2, 4), (3, 5)))
    hour, minute, second = (bench.step(_part(plain, group).lpad(2, "0")) for group in (6, 7, 8))
    valid = bench.step(
        plain.re_search(MOMENT)
        & (_number(year) >= 1)
        & _number(month).between(1, 12)
        & _number(day).between(1, _days_in(_number(year), _number(month)))
        & (_number(hour) <= 23)
        & (_number(minute) <= 59)
        & (_number(second) <= 59)
    )
    iso = year + "-" + month + "-" + day + " " + hour + ":" + minute + ":" + second
    shown = bench.step(ibis.ifelse(valid, iso, ibis.null("string")).cast("timestamp"))
    return ClockTime(shown, bench.step(_offset_seconds(plain, bench)))


def _part(text: ir.Value, *groups: int) -> ir.Value:
    """The first group of MOMENT that matches; '0' where none does."""
    return ibis.coalesce(*(text.re_extract(MOMENT, group).nullif("") for group in groups), "0")


def _number(digits: ir.Value) -> ir.Value:
    return digits.cast("int32")


def _days_in(year: ir.Value, month: ir.Value) -> ir.Value:
    leap = ((year % 4 == 0) & (year % 100 != 0)) | (year % 400 == 0)
    february = ibis.ifelse(leap, 29, 28)
    return ibis.cases((month == 2, february), (month.isin([4, 6, 9, 11]), 30), else_=31)


def _offset_seconds(text: ir.Value, bench: Workbench) -> ir.Value:
    written = bench.step(text.re_extract(MOMENT, 9).nullif(""))
    digits = bench.step(ibis.ifelse(written.isin(["Z", "UTC"]), "+0000", written.replace(":", "")))
    seconds = digits.substr(1, 2).cast("int32") * 3600 + digits.substr(3, 2).cast("int32") * 60
    return ibis.ifelse(digits.startswith("-"), -seconds, seconds)


def boolean_in(text: ir.Value) -> ir.Value:
    """True for a text that means yes, False for no, NULL for anything else."""
    word = _tidy(text).lower()
    return ibis.cases((word.isin(TRUE_WORDS), True), (word.isin(FALSE_WORDS), False))


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
