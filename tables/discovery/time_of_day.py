"""Finds the column with the time of day for a column of days: `date` and `time`, 購入日 and 購入時刻."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from core.config.sources import ValueFormat
from core.date_format import EPOCH_UNITS, SPREADSHEET_DAYS
from tables.cleaning.clocks import ClockDigits, find_digits
from tables.contract_types import TableContract
from tables.discovery.columns import ColumnFacts
from tables.discovery.dates import ENOUGH, clock_pattern
from tables.discovery.guesses import ColumnGuess, ExaminedSource, is_marked_utc
from tables.discovery.vocabulary import load_vocabulary, normalise

OF_DAYS = re.compile(r"^(date|fecha|data)( de| d)? (?=.)|(date|day|dt|datum|tag|fecha|data|dato|年月日|日付|日)$")
OF_CLOCKS = re.compile(
    r"^(time|heure|hora|ora|hour)( de| d)? (?=.)|"
    r"(time of day|time|tm|clock|hour|uhrzeit|zeit|stunde|heure|hora|ora|tijd|tijdstip|tid|klokkeslett|klo|godzina|"
    r"時刻|時間|時)$"
)
"Parts of names that say day or time; the rest says of what."
NUMBERS_OF_CLOCKS = re.compile(r"^([01]?\d|2[0-3])([.][0-5]\d){0,2}$")
"Hours alone, or with minutes behind a dot: times of day only where the name of their column says so."


def add_times_of_day(
    examined: ExaminedSource, columns: Mapping[str, ColumnGuess], *, contract: TableContract
) -> dict[str, ColumnGuess]:
    """The columns, with the time of day of each time whose column has days alone and a second one has its clock."""
    result = dict(columns)
    used = {source for guess in columns.values() for source in guess.sources}
    times = [column.name for column in contract.columns if column.kind == "time" and column.name in columns]
    for name in sorted(times, key=lambda name: name != contract.happens_at):
        days = examined.columns.get(str(columns[name].column))
        if days is None or columns[name].constant is not None:
            continue
        clocks = [
            facts
            for facts in examined.columns.values()
            if facts.name not in used and _has_clocks(facts, days, examined=examined)
        ]
        clock = _find_clock(days, clocks, place=(contract.name, name), is_main=name == contract.happens_at)
        if clock is None or not _has_days_alone(examined, days):
            continue
        used.add(clock.name)
        digits = digits_of(examined, clock)
        evidence = f"{columns[name].evidence}; its time of day is in {clock.name}"
        evidence += f" ({str(digits.describe()).partition(': ')[2]})" if digits else ""
        if clock.clock_offsets and not is_marked_utc(examined, clock):
            evidence += f", with the offset {' or '.join(clock.clock_offsets[:2])}"
        result[name] = replace(columns[name], time_of_day=clock.name, evidence=evidence)
    return result


def _find_clock(
    days: ColumnFacts, clocks: list[ColumnFacts], *, place: tuple[str, str], is_main: bool
) -> ColumnFacts | None:
    """The column whose name says that it has the time of these days; the only one with times may have a short name."""
    stem = _stem(days.name, OF_DAYS)
    alike = next((facts for facts in clocks if _stem(facts.name, OF_CLOCKS) == stem), None)
    if alike is not None or not is_main or len(clocks) != 1:
        return alike
    is_known = load_vocabulary().rank_of(clocks[0].name, table=place[0], column=place[1]) is not None
    return clocks[0] if is_known or stem.startswith(_stem(clocks[0].name, OF_CLOCKS)) else None


def _stem(name: str, words: re.Pattern[str]) -> str:
    """The name of a column without the part that says day or time."""
    return words.sub("", normalise(name), count=1).strip()


def _has_clocks(facts: ColumnFacts, days: ColumnFacts, *, examined: ExaminedSource) -> bool:
    """Whether a column has times of day; beside days of a spreadsheet, parts of a day."""
    if days.dates is not None and days.dates.date_format == SPREADSHEET_DAYS:
        if not facts.is_number or facts.n_distinct < 2:
            return False
        numbers = [facts.low, facts.high] if not facts.is_text else [_to_float(value) for value in facts.values]
        return all(number is not None and 0 <= number < 1 for number in numbers)
    if facts.is_clock or not facts.is_number or not OF_CLOCKS.search(normalise(facts.name)):
        return facts.is_clock
    return _has_numbers_of_clocks(facts, examined) or is_mostly_clock(digits_of(examined, facts))


def _has_numbers_of_clocks(facts: ColumnFacts, examined: ExaminedSource) -> bool:
    """Whether numbers are hours, or hours and minutes with a dot between them."""
    if facts.is_text:
        return all(map(NUMBERS_OF_CLOCKS.match, facts.values))
    column = examined.rows[facts.name]
    is_hour = column.between(0, 23) & (column == column.floor())
    return bool(is_hour.fill_null(True).all().to_pyarrow().as_py())


def digits_of(examined: ExaminedSource, facts: ColumnFacts) -> ClockDigits | None:
    """What the digits of a column with times of day are: hours and minutes, or seconds as well."""
    if not (facts.is_number or (facts.is_text and facts.clock_offsets)):
        return None
    return find_digits(examined.rows, examined.rows[facts.name], written=ValueFormat())


def pattern_of_clock(examined: ExaminedSource, facts: ColumnFacts) -> str:
    """The pattern of the times of day in a column, with a blank before it."""
    if (digits := digits_of(examined, facts)) is not None:
        return f" {digits.pattern}" + ("%z" if facts.clock_offsets else "")
    if facts.is_number and all(value.isdigit() for value in facts.values):
        return " %H"
    return clock_pattern(next(iter(facts.values), "00:00:00")) or " %H:%M"


def is_mostly_clock(digits: ClockDigits | None) -> bool:
    """Whether nearly every value is a time of day."""
    return digits is not None and digits.n >= ENOUGH * digits.n_values


def _to_float(text: str) -> float | None:
    return float(text) if re.fullmatch(r"\d*[.]?\d+", text) else None


def _has_days_alone(examined: ExaminedSource, facts: ColumnFacts) -> bool:
    """Whether a column has days without a clock, or with midnight throughout."""
    dates = facts.dates
    if dates is None or dates.is_zoned or dates.offsets or dates.date_format in EPOCH_UNITS:
        return False
    column = examined.rows[facts.name]
    if column.type().is_timestamp():
        is_midnight = column == column.truncate("D")
        return bool(is_midnight.fill_null(True).all().to_pyarrow().as_py())
    if dates.date_format == SPREADSHEET_DAYS:
        numbers = column.cast("string").strip().re_search(r"^[0-9]+([.]0*)?$")
        return bool(numbers.fill_null(True).all().to_pyarrow().as_py())
    return not dates.has_clock
