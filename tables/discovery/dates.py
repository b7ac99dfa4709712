"""How the dates of a text column are written, with the evidence.

2026-04-01, 2026/4/1 9:30, 2026年4月1日, 20260401         year first: nothing to set
13/04/2026, 13.04.26 9:30                                  day first: some first number is above 12
04/05/2026 throughout                                      two readings fit
1 Apr 2026, 4/1/2026 9:30 PM                               a pattern such as "%d %b %Y"
1767225600, 1767225600000                                  seconds or milliseconds since 1970
45717, 45717.5 in a column whose name is that of a time    days of a spreadsheet
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypedDict

from core.date_format import (
    DAYS_TO_1970,
    ERA,
    FIRST_YEARS,
    HALVES,
    LETTER,
    SPREADSHEET_DAYS,
    WEEKDAY,
    month_of,
    with_english_months,
)
from tables.cleaning.characters import PLAIN_CHARACTERS
from tables.cleaning.moments import FIRST_SHORT_YEAR
from tables.discovery.epochs import EPOCHS, count_epochs

DAY_FIRST, MONTH_FIRST, YEAR_FIRST = "day_first", "month_first", "year_first"
CLOCK = (
    r"(?:[T ,]+(?P<clock>\d{1,2}[:時h]\d{1,2}(?:[:分]\d{1,2}(?:[.,]\d+)?)?[分秒]?"
    r"|(?:[01]?\d|2[0-3])[.][0-5]\d(?:[.:][0-5]\d)?)(?P<half> ?[AaPp]\.? ?[Mm]\.?)?)?"
)
OFFSET = r" ?(?:\(?(?P<offset>Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)\)?)?$"
YEAR = re.compile(r"^\d{4}(?:[-/.年]\d{1,2}(?:[-/.月]\d{1,2}日?)?月?|\d{4})" + CLOCK + OFFSET)
NUMBERS = re.compile(r"^(?P<a>\d{1,2})(?P<mark>[-/.])(?P<b>\d{1,2})(?P=mark)(?P<year>\d{4}|\d{2})" + CLOCK + OFFSET)
NAMED = (
    ("%d{0}%b{1}%Y", re.compile(r"^\d{1,2}(?P<x>[ -])[A-Za-z]{3}(?P<y>[ -])\d{4}" + CLOCK + OFFSET)),
    ("%d{0}%B{1}%Y", re.compile(r"^\d{1,2}(?P<x>[ -])[A-Za-z]{4,9}(?P<y>[ -])\d{4}" + CLOCK + OFFSET)),
    ("%d{0}%b{1}%y", re.compile(r"^\d{1,2}(?P<x>[ -])[A-Za-z]{3}(?P<y>[ -])\d{2}" + CLOCK + OFFSET)),
    ("%b{0}%d{1}%Y", re.compile(r"^[A-Za-z]{3}(?P<x> )\d{1,2}(?P<y>, ?| )\d{4}" + CLOCK + OFFSET)),
    ("%B{0}%d{1}%Y", re.compile(r"^[A-Za-z]{4,9}(?P<x> )\d{1,2}(?P<y>, ?| )\d{4}" + CLOCK + OFFSET)),
    (
        "%d{0}%B{1}%Y",
        re.compile(rf"^\d{{1,2}}(?P<x>[.] ?| de |[ -]){LETTER}{{3,12}}[.]?(?P<y> de |[ -])\d{{4}}" + CLOCK + OFFSET),
    ),
)
FIRST_SERIAL, LAST_SERIAL = 29_221, 60_000
"1980 and 2064 in days of spreadsheets."
FIRST_BIRTH = 3_654
"1910 in days of spreadsheets."
ENOUGH = 0.9
"Share of the cells that have to be dates."


@dataclass(frozen=True)
class DateGuess:
    """How a column's dates are read."""

    share: float
    "Share of its cells that are dates."
    date_format: str | None
    "None where nothing has to be set."
    evidence: str = ""
    is_ambiguous: bool = False
    "Whether day first and month first both fit every date."
    has_clock: bool = False
    is_buddhist: bool = False
    "Whether the years are those of the Buddhist calendar; `first` and `last` are ours."
    needs_name: bool = False
    "Whether some are counts in scientific notation or of nine digits, which may be other numbers but for their name."
    offsets: tuple[str, ...] = ()
    "Offsets from UTC that are written in the cells, the most frequent first."
    is_zoned: bool = False
    "Whether the type of the column is one with a time zone, so that its times are moments."
    zone: str = ""
    "The time zone that a Parquet file names in this type."
    month_format: str = ""
    "The pattern of months without a day; empty for days."
    first: date | None = None
    last: date | None = None


class ClockFacts(TypedDict):
    """What the times of a column have beside the day."""

    has_clock: bool
    offsets: tuple[str, ...]


def guess_dates(cells: Sequence[tuple[str, int]], *, today: date) -> DateGuess | None:
    """How the cells, each with its number of rows, are read as dates; None if they are none."""
    n_rows = sum(rows for _, rows in cells)
    if not n_rows:
        return None
    cells = [(_with_western_year(text), rows) for text, rows in cells]
    matches = [(match, rows) for text, rows in cells if (match := YEAR.match(text)) and not _is_number(text)]
    n_year = sum(rows for _, rows in matches)
    if n_year >= ENOUGH * n_rows:
        days = [day for match, _ in matches if (day := _first_day(match[0]))]
        return DateGuess(n_year / n_rows, None, **_clock_facts(matches), **range_of(days))
    numbers = [(match, rows) for text, rows in cells if (match := NUMBERS.match(text))]
    if sum(rows for _, rows in numbers) >= ENOUGH * n_rows:
        return _guess_order(numbers, n_rows=n_rows, today=today)
    return _guess_named(cells, n_rows) or _guess_epoch(cells, n_rows)


def _with_western_year(text: str) -> str:
    """The text with the year of a Japanese era as one of ours, plain digits, and without a weekday behind the day."""
    plain = unicodedata.normalize("NFKC", text).translate(PLAIN_CHARACTERS)
    for half, written in HALVES.items():
        plain = re.sub(written, rf" \2 {half}", plain)
    era = re.match(ERA, plain)
    if era:
        first = next(year for names, year in FIRST_YEARS if era[1] in names)
        plain = f"{first - 1 + (1 if era[2] == '元' else int(era[2]))}{plain[era.start(3) :]}"
    return re.sub(WEEKDAY, " ", plain).strip()


def _is_number(text: str) -> bool:
    """Whether eight digits are no day, such as 12345678; 2024.5 is a number as well."""
    if text.isdigit():
        year = int(text[:4])
        is_year = 1900 < year < 2100 or 2486 < year < 2643  # the same in the Buddhist calendar
        return len(text) != 8 or not (is_year and 1 <= int(text[4:6]) <= 12 and int(text[6:]) <= 31)
    return bool(re.match(r"^\d{4}[.]\d{1,2}$", text))


def _guess_order(numbers: list[tuple[re.Match[str], int]], *, n_rows: int, today: date) -> DateGuess:
    n_dates = sum(rows for _, rows in numbers)
    day_first = sum(rows for match, rows in numbers if int(match["a"]) > 12)
    month_first = sum(rows for match, rows in numbers if int(match["b"]) > 12)
    facts = _clock_facts(numbers)
    share = n_dates / n_rows
    if day_first or month_first:
        order = DAY_FIRST if day_first >= month_first else MONTH_FIRST
        place, count = ("first", day_first) if order == DAY_FIRST else ("second", month_first)
        evidence = f"{order.replace('_', ' ')}: {count:,} of {n_dates:,} dates have a {place} number above 12"
        contrary = min(day_first, month_first)
        evidence += f"; {contrary:,} have the other one above 12 and cannot be read" if contrary else ""
        return DateGuess(share, _pattern(order, numbers), evidence, **facts, **range_of(_days(numbers, order)))
    readings = {order: _days(numbers, order) for order in (DAY_FIRST, MONTH_FIRST)}
    future = {order: sum(day > today for day in days) for order, days in readings.items()}
    possible = [order for order in readings if not future[order]] or list(readings)
    order, other = possible[0], MONTH_FIRST if possible[0] == DAY_FIRST else DAY_FIRST
    if len(possible) == 1:
        evidence = f"{order.replace('_', ' ')}: read with {other.replace('_', ' ')}, some dates would be in the future"
        return DateGuess(share, _pattern(order, numbers), evidence, **facts, **range_of(readings[order]))
    evidence = f"no number of the {n_dates:,} dates is above 12, e.g. '{numbers[0][0][0]}'"
    return DateGuess(share, order, evidence, is_ambiguous=True, **facts, **range_of(readings[order]))


def _pattern(order: str, numbers: list[tuple[re.Match[str], int]]) -> str:
    """The order, or a pattern where the clock has halves of the day."""
    match = numbers[0][0]
    if not match["half"] and "h" not in (match["clock"] or ""):
        return order
    parts = ("%d", "%m") if order == DAY_FIRST else ("%m", "%d")
    year = "%Y" if len(match["year"]) == 4 else "%y"
    return match["mark"].join((*parts, year)) + _clock_pattern(match)


def _clock_pattern(match: re.Match[str]) -> str:
    clock, half = match["clock"], match["half"]
    if not clock:
        return ""
    gap = match[0][: match.start("clock") - match.start()]
    gap = re.findall(r"[T ,]+$", gap)[0]
    hours = "%I" if half else "%H"
    has_dots = ":" not in clock and "." in clock
    minutes = f"{hours}h%M" if "h" in clock else f"{hours}:%M" + (":%S" if clock.count(":") == 2 else "")
    if has_dots:
        minutes = f"{hours}.%M" + (".%S" if clock.count(".") == 2 else "")
    return gap + minutes + ((" %p" if half.startswith(" ") else "%p") if half else "")


def clock_pattern(text: str) -> str:
    """The pattern of a time of day, with a blank before it; '' for a text that is none."""
    match = re.match(CLOCK + OFFSET, f" {text}")
    if match is None:
        return ""
    gap = " " if match["offset"] and text[: -len(match["offset"])].endswith(" ") else ""
    return _clock_pattern(match) + (f"{gap}%z" if match["offset"] else "")


def _guess_named(cells: Sequence[tuple[str, int]], n_rows: int) -> DateGuess | None:
    for pattern, expression in NAMED:
        matches = [(match, rows) for text, rows in cells if (match := expression.match(text)) and _has_month(text)]
        count = sum(rows for _, rows in matches)
        if count < ENOUGH * n_rows:
            continue
        match = matches[0][0]
        written = pattern.format(match["x"], match["y"]) + _clock_pattern(match)
        evidence = f"{count:,} dates are written like '{match[0]}'"
        days = [day for match, _ in matches if (day := _parse(match[0], written))]
        return DateGuess(count / n_rows, written, evidence, **_clock_facts(matches), **range_of(days))
    return None


WORD = re.compile(f"({LETTER}{{3,12}})[.]?")


def _has_month(text: str) -> bool:
    return any(month_of(word) for word in WORD.findall(text))


def _parse(text: str, pattern: str) -> date | None:
    """The day in a text, whatever the language of its month."""
    try:
        return datetime.strptime(with_english_months(text), pattern.replace("%B", "%b")).date()
    except ValueError:
        return None


def _guess_epoch(cells: Sequence[tuple[str, int]], n_rows: int) -> DateGuess | None:
    counts = count_epochs(cells)
    if not counts.lengths or counts.lengths.most_common(1)[0][1] < ENOUGH * n_rows:
        return None
    length, count = counts.lengths.most_common(1)[0]
    digits = f"{length - 1} or {length}" if counts.n_short else str(length)
    evidence = f"{count:,} of {n_rows:,} numbers have {digits} digits and are moments between 1990 and 2100"
    if counts.n_lost:
        evidence += f"; {counts.n_lost:,} have lost digits in scientific notation and cannot be read, "
        evidence += f"e.g. '{counts.lost_example}': export the column as whole numbers"
    needs_name = counts.n_scientific + counts.n_short > 0
    facts = range_of(counts.days)
    return DateGuess(count / n_rows, EPOCHS[length], evidence, has_clock=True, needs_name=needs_name, **facts)


def guess_serials(low: float, high: float, *, n_rows: int, is_birth: bool = False) -> DateGuess | None:
    """Numbers from `low` to `high` in a column named like a time as days of a spreadsheet; None if they are none."""
    if not (FIRST_BIRTH if is_birth else FIRST_SERIAL) <= low <= high <= LAST_SERIAL:
        return None
    first, last = (date.fromordinal(EPOCH_DAY + int(number) - DAYS_TO_1970) for number in (low, high))
    evidence = f"days of a spreadsheet: all {n_rows:,} numbers are days from {first} to {last}"
    return DateGuess(1.0, SPREADSHEET_DAYS, evidence, has_clock=True, first=first, last=last)


EPOCH_DAY = date(1970, 1, 1).toordinal()


def _clock_facts(matches: Iterable[tuple[re.Match[str], int]]) -> ClockFacts:
    offsets: Counter[str] = Counter()
    has_clock = False
    for match, rows in matches:
        has_clock = has_clock or bool(match["clock"] and not re.fullmatch("[0:.]+", match["clock"]))
        if match["offset"]:
            offsets[match["offset"]] += rows
    return {"has_clock": has_clock, "offsets": tuple(offset for offset, _ in offsets.most_common())}


def _days(numbers: list[tuple[re.Match[str], int]], order: str) -> list[date]:
    parts = ("a", "b") if order == MONTH_FIRST else ("b", "a")
    days = (_day_of(match["year"], month=match[parts[0]], day=match[parts[1]]) for match, _ in numbers)
    return [day for day in days if day]


def _first_day(text: str) -> date | None:
    """The day at the beginning of a text with the year first."""
    year, month, day, *_ = (*re.findall(r"\d+", text), "1", "1")
    if len(year) == 8:
        year, month, day = year[:4], year[4:6], year[6:]
    return _day_of(year, month=month, day=day)


def _day_of(year: str, *, month: str, day: str) -> date | None:
    try:
        century = 0 if len(year) > 2 else 1900 if int(year) >= FIRST_SHORT_YEAR else 2000
        return date(century + int(year), int(month), int(day))
    except ValueError:
        return None


class DayRange(TypedDict):
    """The first and the last day of a column."""

    first: date | None
    last: date | None


def range_of(days: Sequence[date]) -> DayRange:
    """The first and the last day but for one in five hundred: typing errors lie decades away."""
    if not days:
        return {"first": None, "last": None}
    in_order, rest = sorted(days), len(days) // 500
    return {"first": in_order[rest], "last": in_order[-1 - rest]}
