"""Patterns of dates, as strptime writes them, compiled to one regular expression that every engine reads.

    %d.%m.%Y %H:%M      ^([0-9]{1,2})[.]([0-9]{1,2})[.]([0-9]{4}) +([0-9]{1,2}):([0-9]{1,2})$

An engine's own strptime would differ from the others: PostgreSQL raises where DuckDB gives NULL.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

DIGITS, TWO, SEPARATOR = "([0-9]{1,2})", "([0-9]{2})", "(?:[-/.]| +)"
TIME = "(?:[T ]+([0-9]{1,2}):([0-9]{1,2})(?::([0-9]{1,2})(?:[.,][0-9]*)?)?)?(?: ?([AaPp])[.]? ?[Mm][.]?)?"
OFFSET = " ?(Z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?)?"
TIME_PARTS = ("hour", "minute", "second", "half", "offset")

EPOCH_UNITS = {"epoch_seconds": 1, "epoch_milliseconds": 1000, "epoch_microseconds": 1_000_000}
"How many of them make a second, by date_format."
SPREADSHEET_DAYS = "spreadsheet_days"
"Days since 1899-12-30, as spreadsheets store times: 45717.5 is noon of 2025-03-01, on the clock of its place."
DAYS_TO_1970 = 25_569
"Days of spreadsheets before 1970."
BUDDHIST_YEARS = 543
"How far the years of the Buddhist calendar are ahead, as Thailand counts them: 2567 is 2024."
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
STARTS_OF_MONTHS = (
    ("jan", "gen", "ene"), ("feb", "fév", "fev"), ("mar", "mär", "mae", "mrz", "mrt", "maa"), ("apr", "avr", "abr"),
    ("may", "mai", "mei", "maj", "mag"), ("jun", "juin", "giu"), ("jul", "juil", "lug"), ("aug", "aoû", "aou", "ago"),
    ("sep", "set"), ("oct", "okt", "out", "ott"), ("nov",), ("dec", "déc", "dez", "dic", "des"),
)  # fmt: skip
"How the names of the months begin in English, German, French, Spanish, Italian, Portuguese, Dutch and Scandinavia."
LETTER = "[A-Za-zÀ-ÖØ-öø-ÿ]"

ERA = "^(令和|平成|昭和|[RHSrhs])[. ]?(元|[0-9]{1,2})([-/.年])"
"The year of a Japanese era at the beginning of a date."
FIRST_YEARS = ((("令和", "R", "r"), 2019), (("平成", "H", "h"), 1989), (("昭和", "S", "s"), 1926))
"The first year of each era."
WEEKDAY = " ?[(](月|火|水|木|金|土|日)(曜日?)?[)]"
"A weekday behind a date, as Japanese exports have it."
_CLOCK_BEHIND_HALF = " *([0-9]{1,2}[:時][0-9]{1,2}([:分][0-9]{1,2})?)[:分秒]?"
HALVES = {
    "AM": f" ?(午前|上午|오전){_CLOCK_BEHIND_HALF}",
    "PM": f" ?(午後|下午|오후){_CLOCK_BEHIND_HALF}",
}
"A half of the day before its time, as spreadsheets write it in Japanese, Chinese and Korean."

DIRECTIVES: Mapping[str, tuple[str, str]] = {
    "Y": ("year", "([0-9]{4})"),
    "y": ("year", TWO),
    "m": ("month", DIGITS),
    "d": ("day", DIGITS),
    "b": ("month_name", f"({LETTER}{{3,12}})[.]?"),
    "B": ("month_name", f"({LETTER}{{3,12}})[.]?"),
    "H": ("hour", DIGITS),
    "I": ("hour", DIGITS),
    "M": ("minute", DIGITS),
    "S": ("second", DIGITS),
    "p": ("half", "([AaPp])[.]? ?[Mm][.]?"),
    "z": ("offset", "(Z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?)"),
    "f": ("", "[0-9]{1,9}"),
    "a": ("", "[A-Za-z]{2,9}[.]?"),
    "A": ("", "[A-Za-z]{2,9}[.]?"),
    "Z": ("", "[A-Za-z]{2,5}"),
    "%": ("", "%"),
}
"What a directive of strptime gives, and the text it takes. %a, %f and %Z are skipped."
ABBREVIATIONS = {"%T": "%H:%M:%S", "%R": "%H:%M", "%F": "%Y-%m-%d", "%D": "%m/%d/%y"}


@dataclass(frozen=True)
class DatePattern:
    """A regular expression of moments, and which of its groups is what."""

    regex: str
    groups: Mapping[str, int]
    "Its group by part: year (4 or 2 digits), month or month_name, day, hour, minute, second, half (A or P), offset."
    is_exact: bool = False
    "Whether the text has to look as the pattern says; otherwise 年, 月 and 日 count as separators."
    rewrite: tuple[str, str] | None = None
    "A regular expression and its replacement, applied first: it brings the year to the front."


# Eight groups at most: DuckDB counts to nine.
def _year_first(year: str, rewrite: tuple[str, str] | None = None) -> DatePattern:
    groups = {part: place for place, part in enumerate(("year", "month", "day", *TIME_PARTS), start=1)}
    return DatePattern(f"^{year}[-/.]{DIGITS}[-/.]{DIGITS}{TIME}{OFFSET}$", groups, rewrite=rewrite)


YEAR_FIRST = _year_first("([0-9]{4})")
"2026-04-01 09:30 and its kin: the reading where nothing is stated."
YEAR_BEHIND = f"^{DIGITS}{SEPARATOR}{DIGITS}{SEPARATOR}([0-9]{{4}}|[0-9]{{2}})($|[^0-9])"
"Such as 10/01/2026 or 10.1.26."

# A year of four digits in front can only be a year, so it is read in every order.
ORDERS = {
    "year_first": _year_first("([0-9]{4}|[0-9]{2})"),
    "day_first": _year_first("([0-9]{4}|[0-9]{2})", (YEAR_BEHIND, r"\3-\2-\1\4")),
    "month_first": _year_first("([0-9]{4}|[0-9]{2})", (YEAR_BEHIND, r"\3-\1-\2\4")),
}


def month_of(name: str) -> int | None:
    """The number of a month by its name or the beginning of it; None for another word.

    >>> month_of("März")
    3
    """
    word = name.casefold()
    starts = (number for number, starts in enumerate(STARTS_OF_MONTHS, start=1) if word.startswith(starts))
    return next(starts, None)


def with_english_months(text: str) -> str:
    """The text with the names of months as strptime's %b reads them.

    >>> with_english_months("1. März 2024")
    '1. mar 2024'
    """
    return re.sub(f"({LETTER}{{3,12}})[.]?", lambda word: MONTHS[n - 1] if (n := month_of(word[1])) else word[0], text)


@lru_cache(maxsize=256)
def compile_date_format(date_format: str) -> DatePattern | None:
    """The pattern of a date_format; None for a count of days or of fractions of them.

    Raises ValueError for a directive that is not understood, and for a pattern without year or month.
    """
    if date_format in (*EPOCH_UNITS, SPREADSHEET_DAYS):
        return None
    if date_format in ORDERS:
        return ORDERS[date_format]
    if "%" not in date_format:
        names = ", ".join((*ORDERS, *EPOCH_UNITS, SPREADSHEET_DAYS))
        raise ValueError(f"date_format is one of {names}, or a pattern such as %d.%m.%Y %H:%M, found '{date_format}'")
    return _compile_pattern(date_format)


def _compile_pattern(date_format: str) -> DatePattern:
    written = date_format
    for short, long in ABBREVIATIONS.items():
        written = written.replace(short, long)
    regex, groups = "", dict[str, int]()
    for token in re.findall(r"%.?|\s+|[^%\s]", written):
        directive = token.removeprefix("%")
        if token.isspace():
            regex += " +"
        elif directive == token:
            regex += token if token.isalnum() else f"[{token}]" if token not in "^\\]" else f"\\{token}"
        elif directive not in DIRECTIVES:
            raise ValueError(f"date_format '{date_format}' has the unknown directive '{token}'")
        else:
            part, text = DIRECTIVES[directive]
            if part in groups:
                raise ValueError(f"date_format '{date_format}' has its {part.replace('_', ' ')} twice")
            regex += text
            if part:
                groups[part] = len(groups) + 1
    for part in ("year", "month"):
        if not any(name.startswith(part) for name in groups):
            raise ValueError(f"date_format '{date_format}' has no {part}")
    return DatePattern(f"^{regex}$", groups, is_exact=True)
