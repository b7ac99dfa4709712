"""Months without a day: 2024-03, 2024年3月, 03/2024, Mar 2024; 202403 and Mar-24 where the column is named so."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from core.date_format import LETTER, month_of
from tables.discovery.dates import ENOUGH, DateGuess, range_of
from tables.discovery.vocabulary import normalise

MONTHS = re.compile(r"month|period|monat|\bmois\b|\bmes\b|年月|対象月|請求月|計上月|月次|^月$")
"In the names of columns with months."
YEAR, MONTH, SHORT_YEAR = r"(?P<year>(?:19|20)\d{2})", r"(?P<month>0?[1-9]|1[0-2])", r"(?P<year>\d{2})"
NAME = rf"(?P<name>{LETTER}{{3,12}})[.]?"
WRITTEN = (
    ("%Y{mark}%m", re.compile(rf"^{YEAR}(?P<mark>[-/.]){MONTH}$"), False),
    ("%Y年%m月", re.compile(rf"^{YEAR}年{MONTH}月$"), False),
    ("%Y%m", re.compile(rf"^{YEAR}(?P<month>0[1-9]|1[0-2])$"), True),
    ("%m{mark}%Y", re.compile(rf"^{MONTH}(?P<mark>[-/]){YEAR}$"), False),
    ("%m{mark}%Y", re.compile(rf"^{MONTH}(?P<mark>[.]){YEAR}$"), True),
    ("%b{mark}%Y", re.compile(rf"^{NAME}(?P<mark>[ -]){YEAR}$"), False),
    ("%b{mark}%y", re.compile(rf"^{NAME}(?P<mark>[ -]){SHORT_YEAR}$"), True),
    ("%Y{mark}%b", re.compile(rf"^{YEAR}(?P<mark>[ -]){NAME}$"), False),
)
"Pattern, expression, and whether only the name of the column tells such months from numbers."
MIN_MONTHS = 3
"Columns with names of months, from which on a table has one for each."
READ_AS_THEY_ARE = ("%Y-%m", "%Y/%m", "%Y.%m", "%Y年%m月", "%Y%m")
"Patterns that a column of months needs no setting for."


def guess_months(name: str, cells: Sequence[tuple[str, int]]) -> DateGuess | None:
    """The cells of a column, each with its number of rows, as months; None if they are none."""
    n_rows, is_named = sum(rows for _, rows in cells), MONTHS.search(normalise(name)) is not None
    patterns: Counter[str] = Counter()
    days: list[date] = []
    for text, rows in cells:
        pattern, day = _read_month(text, is_named=is_named)
        if day is not None:
            patterns[pattern] += rows
            days.append(day)
    if not patterns or patterns.most_common(1)[0][1] < ENOUGH * n_rows:
        return None
    pattern, count = patterns.most_common(1)[0]
    date_format = None if pattern in READ_AS_THEY_ARE else pattern
    evidence = f"{count:,} months are written like '{cells[0][0]}'"
    return DateGuess(count / n_rows, date_format, evidence, month_format=pattern, **range_of(days))


def _read_month(text: str, *, is_named: bool) -> tuple[str, date | None]:
    """The pattern and the first day of a month; None where the text is none."""
    for pattern, expression, needs_name in WRITTEN:
        match = expression.match(text) if is_named or not needs_name else None
        if match is None:
            continue
        parts = match.groupdict()
        month = int(parts["month"]) if "month" in parts else month_of(parts["name"])
        if month is not None:
            year = int(parts["year"]) + (2000 if len(parts["year"]) == 2 else 0)
            return pattern.format(mark=parts.get("mark", "")), date(year, month, 1)
    return "", None


def describe_wide(names: Sequence[str]) -> str:
    """That a table has a column for each month, and what to do; '' where it has not."""
    months = [name.strip() for name in names if _read_month(name.strip(), is_named=True)[1]]
    if len(months) < MIN_MONTHS:
        return ""
    return (
        f"has a column for each month ({months[0]} to {months[-1]}), which is not read; write a row for each customer "
        "and month instead, with the columns customer_id, month and amount"
    )


def guess_month_numbers(name: str, bounds: tuple[int, int]) -> DateGuess | None:
    """Numbers from 202403 to 202512 as months, where the name of their column says so."""
    guess = guess_months(name, [(str(number), 1) for number in bounds])
    return guess if guess and guess.month_format == "%Y%m" else None


def as_first_days(dates: DateGuess) -> DateGuess:
    """Months read as their first days, where a moment is wanted."""
    return replace(dates, date_format=dates.month_format, evidence=f"{dates.evidence}; each is its first day")


def count_months(first: date, last: date) -> int:
    """The months from one day to another, both included."""
    return (last.year - first.year) * 12 + last.month - first.month + 1
