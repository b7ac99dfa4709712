"""Reads a column of any type as the kind that the contract asks for; free where the type already fits.

Text is parsed strictly (`numbers`, `moments`). A value that could mean two things (04/05/2026) is unreadable: its row
is excluded and counted, and the value is never guessed. `ValueFormat` of the TOML says how such values are written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import mul
from typing import Literal, Protocol

import ibis
import ibis.expr.types as ir

from core.config.sources import ValueFormat
from core.date_format import BUDDHIST_YEARS, EPOCH_UNITS, SPREADSHEET_DAYS
from core.errors import DataError
from tables.cleaning.characters import is_null_word, is_one_of, narrow
from tables.cleaning.identifiers import decimal_id, float_id, text_id
from tables.cleaning.moments import (
    BUDDHIST,
    LOST_DIGITS,
    ClockTime,
    epoch_to_utc,
    has_lost_digits,
    moment_in,
    spreadsheet_moment,
)
from tables.cleaning.numbers import Notation, number_in
from tables.cleaning.workbench import Workbench
from tables.contract_types import Kind

TRUE_WORDS = (
    "true", "t", "yes", "y", "1", "on", "granted", "accepted", "opt-in", "opted in", "subscribed", "ja", "oui", "si",
    "sim", "sì", "sí", "tak", "ano", "evet", "да", "kyllä", "是", "예", "allowed",
    "はい", "有", "有り", "あり", "可", "許可", "同意", "同意する", "承諾", "希望", "希望する", "オプトイン", "○", "◯",
    "受け取る", "受信する", "配信する", "配信中", "購読", "購読中", "要",
)  # fmt: skip
FALSE_WORDS = (
    "false", "f", "no", "n", "0", "off", "denied", "refused", "opt-out", "opted out", "unsubscribed", "nein", "non",
    "não", "nao", "nie", "nee", "nej", "ne", "hayır", "нет", "ei", "否", "아니요", "아니오", "not subscribed",
    "not_subscribed", "never subscribed", "never_subscribed", "not opted in", "pending",
    "受け取らない", "受信しない", "配信しない", "配信停止", "停止", "停止中", "購読しない", "不要", "希望なし",
    "いいえ", "無", "無し", "なし", "不可", "拒否", "不同意", "同意しない", "希望しない", "オプトアウト", "×",
)  # fmt: skip


def boolean_in(text: ir.Value) -> ir.Value:
    """True for a text that means yes, False for no, NULL for anything else."""
    word = narrow(text).lower()
    return ibis.cases((is_one_of(word, TRUE_WORDS), True), (is_one_of(word, FALSE_WORDS), False))


UNREADABLE = "unreadable"
FOREIGN = "in another currency"


@dataclass(frozen=True)
class Reading:
    """A column in the kind that the contract asks for."""

    value: ir.Value
    "NULL where missing or unreadable."
    unreadable: ir.Value | None = None
    "Whether the source has a value that is not of this kind; None where its type rules that out."
    fault: str = UNREADABLE
    "What `kizuna check` calls such a value."
    other_faults: tuple[tuple[ir.Value, str], ...] = ()
    "Faults that are known more closely: whether a cell has one, and what it is called."
    written: ir.Value | None = None
    "The cell as the source has it, as text."


def _refuse(column: ir.Value, kind: str) -> DataError:
    return DataError(f"its source is {column.type()}, which cannot be read as a {kind}")


def _with_check(raw: ir.Value, value: ir.Value, *, present: ir.Value) -> Reading:
    return Reading(value, present & value.isnull() & raw.notnull())


def _is_filled(text: ir.Value) -> ir.Value:
    return text.strip() != ""


def notation_of(written: ValueFormat) -> Notation:
    """How the numbers of a column are written; a comma for decimals where the dot separates groups."""
    decimal = written.decimal or ("," if written.thousands == "." else ".")
    return Notation(decimal, written.thousands)


def read_id(raw: ir.Value, bench: Workbench, *, written: ValueFormat) -> Reading:
    """Text by the rule of `core.ids`; whole numbers as plain digits, so 17850.0 is '17850'."""
    kind = raw.type()
    if kind.is_integer() or kind.is_uuid():
        return Reading(raw.cast("string"))
    if kind.is_string():
        value, faults = text_id(raw, bench)
    elif kind.is_floating():
        value, faults = float_id(raw, bench)
    elif kind.is_decimal():
        value, faults = decimal_id(raw, bench)
    else:
        raise _refuse(raw, "id")
    return Reading(value, other_faults=faults)


def read_text(raw: ir.Value, bench: Workbench, *, written: ValueFormat) -> Reading:
    """Text without the blanks around it; an empty one is missing."""
    if raw.type().is_string():
        return Reading(raw.strip().nullif(""))
    if raw.type().is_nested() or raw.type().is_binary():
        raise _refuse(raw, "text")
    return Reading(raw.cast("string"))


def read_number(raw: ir.Value, bench: Workbench, *, written: ValueFormat) -> Reading:
    """A float64; NaN is missing, infinity unreadable."""
    if raw.type().is_string():
        number = number_in(raw, bench, notation=notation_of(written))
        reading = _with_check(raw, number.value, present=_is_filled(raw))
        return replace(reading, other_faults=((number.is_foreign, FOREIGN),))
    if raw.type().is_floating():
        number = raw.cast("float64")
        finite = ibis.ifelse(number.isnan() | number.isinf(), ibis.null("float64"), number)
        return Reading(finite, number.isinf())
    if raw.type().is_numeric() or raw.type().is_boolean():
        return Reading(raw.cast("float64"))
    raise _refuse(raw, "number")


def read_integer(raw: ir.Value, bench: Workbench, *, written: ValueFormat) -> Reading:
    """An int64; a fraction is unreadable."""
    if raw.type().is_integer():
        return Reading(raw.cast("int64"))
    number = bench.step(read_number(raw, bench, written=written).value)
    fits = (number == number.floor()) & (number.abs() < 2**53)
    whole = bench.step(ibis.ifelse(fits, number, ibis.null("float64")).cast("int64"))
    present = _is_filled(raw) if raw.type().is_string() else ~raw.cast("float64").isnan()
    return _with_check(raw, whole, present=present)


def read_time(raw: ir.Value, bench: Workbench, *, written: ValueFormat, takes_months: bool = False) -> Reading:
    """A naive local timestamp; a date without a time is its midnight."""
    if written.calendar == BUDDHIST and (raw.type().is_timestamp() or raw.type().is_date()):
        raw = bench.step(raw - ibis.interval(years=BUDDHIST_YEARS))
    if raw.type().is_timestamp():
        naive = raw.cast("timestamp")
        return Reading(bench.naive_to_local(naive) if raw.type().timezone is None else bench.utc_to_local(naive))
    if raw.type().is_date():
        return Reading(raw.cast("timestamp"))
    if raw.type().is_numeric() and written.date_format in EPOCH_UNITS:
        utc = epoch_to_utc(raw.cast("float64"), bench, unit=EPOCH_UNITS[written.date_format])
        return _with_check(raw, bench.utc_to_local(utc), present=~raw.cast("float64").isnan())
    if raw.type().is_numeric() and written.date_format == SPREADSHEET_DAYS:
        number = raw.cast("float64")
        moment = spreadsheet_moment(number, bench)
        return _with_check(raw, _to_local(moment, bench), present=~number.isnan())
    is_month = takes_months and raw.type().is_integer()  # 202603
    if raw.type().is_numeric() and (is_month or written.date_format is not None):
        raw = bench.step(raw.cast("int64").cast("string"))
    if raw.type().is_string():
        moment = moment_in(
            raw, bench, date_format=written.date_format, takes_months=takes_months, calendar=written.calendar
        )
        reading = _with_check(raw, _to_local(moment, bench), present=_is_filled(raw))
        if (unit := EPOCH_UNITS.get(written.date_format or "")) is None:
            return reading
        return replace(reading, other_faults=((has_lost_digits(raw, unit=unit), LOST_DIGITS),))
    raise _refuse(raw, "time")


def _to_local(moment: ClockTime, bench: Workbench) -> ir.Value:
    """A moment on the clock of the business. A day has no time to shift between time zones."""
    from_utc = bench.utc_to_local(moment.shown - moment.offset_seconds.as_interval("s"))
    local = ibis.ifelse(moment.offset_seconds.isnull(), bench.naive_to_local(moment.shown), from_utc)
    return bench.step(ibis.ifelse(moment.is_day, moment.shown, local))


def read_date(raw: ir.Value, bench: Workbench, *, written: ValueFormat) -> Reading:
    """A local day; a month is its first day."""
    time = read_time(raw, bench, written=written, takes_months=True)
    return Reading(time.value.cast("date"), time.unreadable)


def read_boolean(raw: ir.Value, bench: Workbench, *, written: ValueFormat) -> Reading:
    """True or false."""
    if raw.type().is_boolean():
        return Reading(raw)
    if raw.type().is_string():
        return _with_check(raw, bench.step(boolean_in(raw)), present=_is_filled(raw))
    number = bench.step(read_number(raw, bench, written=written).value)
    return _with_check(raw, ibis.cases((number == 1, True), (number == 0, False)), present=number.notnull())


def read_attribute(raw: ir.Value, bench: Workbench, *, written: ValueFormat) -> Reading:
    """A listed attribute: a number stays a number, anything else is text."""
    return (
        read_number(raw, bench, written=written) if raw.type().is_numeric() else read_text(raw, bench, written=written)
    )


class Reader(Protocol):
    """Reads a column as one kind."""

    def __call__(self, raw: ir.Value, bench: Workbench, *, written: ValueFormat) -> Reading:
        """The column in the kind. Raises DataError if its type rules that out."""
        ...


READERS: dict[Kind | Literal["attribute"], Reader] = {
    "attribute": read_attribute,
    "id": read_id,
    "text": read_text,
    "number": read_number,
    "integer": read_integer,
    "time": read_time,
    "date": read_date,
    "boolean": read_boolean,
}


def read_column(
    cells: Sequence[ir.Value], bench: Workbench, *, written: ValueFormat, kind: Kind | Literal["attribute"]
) -> Reading:
    """One column of the source in a kind; several are numbers, multiplied."""
    readings = [
        READERS[kind](blank_null_words(cell, bench, written=written, kind=kind), bench, written=written)
        for cell in cells
    ]
    texts = [cell.cast("string") for cell in cells]
    if len(readings) == 1:
        return replace(readings[0], written=texts[0])
    faults = [factor.unreadable for factor in readings if factor.unreadable is not None]
    return Reading(
        reduce(mul, (factor.value for factor in readings)),
        ibis.or_(*faults) if faults else None,
        other_faults=tuple(fault for factor in readings for fault in factor.other_faults),
        written=reduce(lambda left, right: left + " x " + right, texts),
    )


WORDLESS_KINDS = ("id", "number", "integer", "time", "date", "boolean")
"Kinds in which the usual null words are no valid values."


def blank_null_words(raw: ir.Value, bench: Workbench, *, written: ValueFormat, kind: str) -> ir.Value:
    """The column as `without_null_words`, as a step."""
    cell = without_null_words(raw, written=written, kind=kind)
    return raw if cell is raw else bench.step(cell)


def without_null_words(raw: ir.Value, *, written: ValueFormat, kind: str) -> ir.Value:
    """The column, NULL where a value means missing: what the TOML lists and, in most kinds, the usual words."""
    words = written.null_values or ()
    has_usual_words = raw.type().is_string() and kind in WORDLESS_KINDS and written.null_values != ()
    text = raw if raw.type().is_string() else raw.cast("string")
    is_missing = is_null_word(text, words=words, prefixes=written.null_prefixes, has_usual_words=has_usual_words)
    if is_missing is None:
        return raw
    if raw.type().is_numeric():
        # 99 is written '99.0' where its column has fractions.
        is_missing |= raw.isin([number for number in map(_to_float, words) if number is not None])
    return ibis.ifelse(is_missing, ibis.null(raw.type()), raw)


def _to_float(word: str) -> float | None:
    try:
        return float(word)
    except ValueError:
        return None
