"""Reads moments in text, the same on every engine.

    2026/4/1   2026年4月1日(水) 9時30分   令和8年4月1日   2026/4/1 午後9:30   2026-04-01T09:30+09:00   20260401
    2026-03 (a month, where a day is wanted)

04/05/2026 could be two dates. It is read only where the TOML states the order, or where the whole column has one.
"""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from core.date_format import (
    BUDDHIST_YEARS,
    DAYS_TO_1970,
    EPOCH_UNITS,
    ERA,
    FIRST_YEARS,
    HALVES,
    SPREADSHEET_DAYS,
    STARTS_OF_MONTHS,
    WEEKDAY,
    YEAR_FIRST,
    DatePattern,
    compile_date_format,
)
from tables.cleaning.characters import narrow
from tables.cleaning.workbench import Workbench

COMPACT = "^([0-9]{4})([0-9]{2})([0-9]{2})($|[T ])"
"A day without separators."
MONTH = "^([0-9]{4})[-/.]?(0[1-9]|1[0-2]|[1-9])-?$"
"A month, which 年 and 月 may have separated."
CAPITALS, SMALL = "ÄÉÛ", "äéû"
"Letters that lower() of PostgreSQL leaves as they are in some locales."
DOTTED_CLOCK = " ([01]?[0-9]|2[0-3])[.]([0-5][0-9])(?:[.:]([0-5][0-9]))?$"
"A time of day behind its day with dots, as in Denmark and Finland."
LOST_DIGITS = "a time in scientific notation, its digits are lost"
"What `kizuna check` calls such a count since 1970."
SCIENTIFIC = "^[0-9](?:[.,]([0-9]*))?[eE][+]?([0-9]{1,2})$"
"A number in scientific notation: its decimals and its exponent."
BUDDHIST = "buddhist"
"The calendar of Thailand, as the TOML names it."
MAX_OFFSET = 14 * 3600
"Seconds; no zone is farther from UTC, so that 18:00-20:00 is no time with an offset."
FIRST_SHORT_YEAR = 69
"A year of two digits is 1969 to 2068, as in strptime."


@dataclass(frozen=True)
class ClockTime:
    """A moment as it is written: the time on the clock, its offset from UTC in seconds, and whether it is a day."""

    shown: ir.Value
    offset_seconds: ir.Value
    "NULL where none is given."
    is_day: ir.Value
    "Whether no time is given: a day has nothing to shift between time zones."


def moment_in(
    text: ir.Value,
    bench: Workbench,
    *,
    date_format: str | None,
    takes_months: bool = False,
    calendar: str | None = None,
) -> ClockTime:
    """The moment in a text, NULL where there is none; fractions of a second are cut off.

    With `takes_months`, a month is its first day.
    """
    pattern = YEAR_FIRST if date_format is None else compile_date_format(date_format)
    if date_format == SPREADSHEET_DAYS:
        return spreadsheet_moment(_number_in(text, bench), bench)
    if pattern is None:
        return _epoch_in(text, bench, unit=EPOCH_UNITS[str(date_format)])
    plain = bench.step(narrow(text) if pattern.is_exact else _with_separators(text, bench))
    if pattern.rewrite is not None:
        plain = bench.step(plain.re_replace(*pattern.rewrite))
    if takes_months and not pattern.is_exact:
        plain = bench.step(plain.re_replace(MONTH, r"\1-\2-1"))
    parts = _Parts(plain, pattern)
    year, month, day, hour, minute, second, half, offset = bench.steps(
        parts.text_of("year").coalesce("0000"),
        parts.month(),
        parts.two_digits_of("day", "1"),
        *(parts.two_digits_of(name) for name in ("hour", "minute", "second")),
        parts.text_of("half").lower(),
        parts.text_of("offset"),
    )
    is_day, offset_seconds = bench.step(parts.text_of("hour").isnull()), _offset_seconds(offset, bench)
    year = bench.step(_four_digits(year) if calendar != BUDDHIST else _year_of_buddhist(year))
    valid = bench.step(
        plain.re_search(pattern.regex)
        & (_number(year) >= 1)
        & _number(month).between(1, 12)
        & _number(day).between(1, _days_in(_number(year), _number(month)))
        & (_number(hour) <= 23)
        & (_number(minute) <= 59)
        & (_number(second) <= 59)
        & (half.isnull() | _number(hour).between(1, 12))
        & (offset_seconds.isnull() | offset_seconds.between(-MAX_OFFSET, MAX_OFFSET))
    )
    clock_hour = bench.step(
        ibis.cases(
            ((half == "a") & (hour == "12"), "00"),
            ((half == "p") & (hour != "12"), (_number(hour) + 12).cast("string")),
            else_=hour,
        )
    )
    iso = year + "-" + month + "-" + day + " " + clock_hour + ":" + minute + ":" + second
    shown = bench.step(ibis.ifelse(valid, iso, ibis.null("string")).cast("timestamp"))
    return ClockTime(shown, offset_seconds, is_day)


def _with_separators(text: ir.Value, bench: Workbench) -> ir.Value:
    plain = _with_western_year(bench.step(narrow(text)), bench)
    for half, written in HALVES.items():
        plain = plain.re_replace(written, rf" \2 {half}")
    plain = (
        plain.re_replace(WEEKDAY, " ")
        .re_replace("[年月]", "-")
        .re_replace("日 *", " ")
        .re_replace("[時分]", ":")
        .re_replace("秒", "")
        .re_replace(DOTTED_CLOCK, r" \1:\2:\3")
    )
    plain = plain.re_replace(":$", "").re_replace(r" ([0-9]{1,2})$", r" \1:00").strip()
    return plain.re_replace(COMPACT, r"\1-\2-\3\4")


def _with_western_year(text: ir.Value, bench: Workbench) -> ir.Value:
    """The text with the year of a Japanese era as one of ours: 令和8年4月1日 and R8.4.1 are in 2026."""
    era, number = bench.steps(text.re_extract(ERA, 1).nullif(""), text.re_extract(ERA, 2).nullif(""))
    before_first = ibis.cases(*((era.isin(list(names)), year - 1) for names, year in FIRST_YEARS))
    year = before_first + ibis.ifelse(number == "元", "1", number).cast("int32")
    rest = text.re_replace(ERA, r"\3")
    return ibis.ifelse(era.isnull(), text, year.cast("string") + rest)


@dataclass(frozen=True)
class _Parts:
    """The parts of a moment in a text."""

    text: ir.Value
    pattern: DatePattern

    def text_of(self, name: str) -> ir.Value:
        """The text of this part; NULL where it is absent."""
        if name not in self.pattern.groups:
            return ibis.null("string")
        return self.text.re_extract(self.pattern.regex, self.pattern.groups[name]).nullif("")

    def two_digits_of(self, name: str, default: str = "0") -> ir.Value:
        """Two digits."""
        return self.text_of(name).coalesce(default).lpad(2, "0")

    def month(self) -> ir.Value:
        """Two digits; '00' for a word that is no month."""
        if "month_name" not in self.pattern.groups:
            return self.two_digits_of("month")
        name = self.text_of("month_name").lower().translate(CAPITALS, SMALL)
        numbers = [
            (name.re_search(f"^({'|'.join(starts)})"), f"{number:02d}")
            for number, starts in enumerate(STARTS_OF_MONTHS, start=1)
        ]
        return ibis.cases(*numbers, else_="00")


def _four_digits(year: ir.Value) -> ir.Value:
    century = ibis.ifelse(year >= str(FIRST_SHORT_YEAR), "19", "20")
    return ibis.ifelse(year.length() == 2, century + year, year)


def _year_of_buddhist(year: ir.Value) -> ir.Value:
    """Our year of one in the Buddhist calendar, which two digits shorten."""
    whole = _number(ibis.ifelse(year.length() == 2, "25" + year, year))
    return (whole - BUDDHIST_YEARS).cast("string").lpad(4, "0")


def _number(digits: ir.Value) -> ir.Value:
    return digits.cast("int32")


def _days_in(year: ir.Value, month: ir.Value) -> ir.Value:
    leap = ((year % 4 == 0) & (year % 100 != 0)) | (year % 400 == 0)
    february = ibis.ifelse(leap, 29, 28)
    return ibis.cases((month == 2, february), (month.isin([4, 6, 9, 11]), 30), else_=31)


def _offset_seconds(written: ir.Value, bench: Workbench) -> ir.Value:
    digits = bench.step(ibis.ifelse(written.isin(["Z", "UTC", "GMT"]), "+0000", written.replace(":", "").rpad(5, "0")))
    seconds = digits.substr(1, 2).cast("int32") * 3600 + digits.substr(3, 2).cast("int32") * 60
    return bench.step(ibis.ifelse(digits.startswith("-"), -seconds, seconds))


def _epoch_in(text: ir.Value, bench: Workbench, *, unit: int) -> ClockTime:
    plain, is_exact = bench.steps(narrow(text), ~has_lost_digits(text, unit=unit))
    number = ibis.ifelse(is_exact & plain.re_search(SCIENTIFIC), plain.replace(",", "."), ibis.null("string"))
    utc = epoch_to_utc(_number_in(text, bench).coalesce(bench.step(number.cast("float64"))), bench, unit=unit)
    return ClockTime(utc, ibis.literal(0, "int32"), ibis.literal(False))


def has_lost_digits(text: ir.Value, *, unit: int) -> ir.Value:
    """Whether a count since 1970 in scientific notation has too few digits for its second: 1.70E+09."""
    plain = narrow(text)
    n_decimals = plain.re_extract(SCIENTIFIC, 1).length()
    exponent = plain.re_extract(SCIENTIFIC, 2).nullif("").cast("int32").coalesce(0)
    return plain.re_search(SCIENTIFIC) & (exponent - n_decimals > len(str(unit)) - 1)


def _number_in(text: ir.Value, bench: Workbench) -> ir.Value:
    plain = bench.step(narrow(text))
    readable = plain.re_search("^-?[0-9]{1,17}([.,][0-9]*)?$")
    return bench.step(ibis.ifelse(readable, plain.replace(",", "."), ibis.null("string")).cast("float64"))


def spreadsheet_moment(days: ir.Value, bench: Workbench) -> ClockTime:
    """Days of a spreadsheet as the time on the clock, to the second; a whole number is a day."""
    # A time has about five digits behind the point: 0.33333 is eight o'clock less a third of a second.
    seconds = bench.step(((days - DAYS_TO_1970) * 86_400).round().cast("float64"))
    return ClockTime(epoch_to_utc(seconds, bench, unit=1), ibis.null("int32"), days == days.floor())


MAX_EPOCH_SECONDS = 253_402_300_799
"The end of the year 9999."


def epoch_to_utc(number: ir.Value, bench: Workbench, *, unit: int) -> ir.Value:
    """Seconds since 1970, counted in the unit, as naive UTC times; NULL outside the years that engines know."""
    seconds = bench.step((number / unit).floor())
    bounded = ibis.ifelse(seconds.abs() <= MAX_EPOCH_SECONDS, seconds, ibis.null("float64")).cast("int64")
    # In days and seconds of the day: an interval of more than 2**31 seconds overflows.
    days = bench.step((bounded / 86_400).floor().cast("int64"))
    rest = bench.step(bounded - days * 86_400)
    return bench.step(ibis.timestamp("1970-01-01") + days.as_interval("D") + rest.as_interval("s"))
