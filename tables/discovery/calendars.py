"""Recognises years of the Buddhist calendar, as Thailand counts them: 2567 is 2024, and no date in the far future."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from core.date_format import BUDDHIST_YEARS
from tables.discovery.dates import DateGuess

FIRST_YEAR, LAST_YEAR = 1943 + BUDDHIST_YEARS, 2100 + BUDDHIST_YEARS


def is_buddhist(dates: DateGuess) -> bool:
    """Whether all dates, except a few typing errors, are in years that only the Buddhist calendar has reached."""
    return dates.first is not None and dates.last is not None and FIRST_YEAR <= dates.first.year <= LAST_YEAR


def buddhist_today(today: date) -> date:
    """The day in the Buddhist calendar, one earlier for 29 February."""
    return ours(today, years=BUDDHIST_YEARS)


def as_buddhist(dates: DateGuess) -> DateGuess:
    """The guess, with its first and last day in our calendar."""
    if dates.first is None or dates.last is None:
        return dates
    return replace(dates, is_buddhist=True, first=ours(dates.first), last=ours(dates.last))


def describe_calendar(dates: DateGuess) -> str:
    """The evidence for the calendar."""
    if dates.first is None or dates.last is None:
        return ""
    first, last = dates.first.year, dates.last.year
    return (
        f"Buddhist years: {first + BUDDHIST_YEARS} to {last + BUDDHIST_YEARS} are {first} to {last}"
        if first != last
        else f"Buddhist years: {first + BUDDHIST_YEARS} is {first}"
    )


def ours(day: date, *, years: int = -BUDDHIST_YEARS) -> date:
    """The same day in another year."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
