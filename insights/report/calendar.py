"""The months, years and fiscal years that a report tells of.

months     | 1 | 2 | ... | 11 | 12 |   complete ones before the day of the report
year                 |<-- last 12 ->|
as_of                               ^ midnight; later days are not told
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from insights.finance.lifetime import MONTHS_PER_YEAR
from insights.finance.mrr import months_between

FIRST_WEEK = 7
"Nobody may have bought on the first days of a month that is completely recorded."


@dataclass(frozen=True)
class Span:
    """Some months in a row, both included."""

    first: np.datetime64
    last: np.datetime64

    label: str
    "As figures name their period: 2026-03, or 2025-04/2026-03."

    @classmethod
    def of(cls, months: np.ndarray) -> Span:
        """From the first to the last of these."""
        return cls(months[0], months[-1], f"{months[0]}/{months[-1]}")

    @property
    def n_months(self) -> int:
        """How many months."""
        return int((self.last - self.first).astype(int)) + 1

    @property
    def end(self) -> np.datetime64:
        """The day on which the last of them is over."""
        return (self.last + 1).astype("datetime64[D]")

    def holds(self, days: np.ndarray) -> np.ndarray:
        """(n,) bool: whether a day (datetime64[D]) falls into these months."""
        months = days.astype("datetime64[M]")
        return (months >= self.first) & (months <= self.last)


@dataclass(frozen=True)
class Calendar:
    """What is complete on the day of a report."""

    as_of: date
    months: np.ndarray
    "(m,) datetime64[M], complete ones without gaps, oldest first; at least one."
    fiscal_year_starts: int = 1

    @classmethod
    def until(cls, as_of: date, first: date, n_months: int, fiscal_year_starts: int) -> Calendar:
        """The last complete months before a day, no more than asked for and none before the first record.

        A first month whose records begin later than in its first week is not complete, but counts where it is the only
        one.
        """
        end = np.datetime64(as_of, "M")
        begun = np.datetime64(first, "M") + (first.day > FIRST_WEEK)
        start = max(end - n_months, min(begun, end - 1))
        return cls(as_of, months_between(start, end - 1), fiscal_year_starts)

    @property
    def end(self) -> np.datetime64:
        """The day on which the last complete month is over."""
        return self.year.end

    @property
    def year(self) -> Span:
        """The last twelve complete months, or as many as there are."""
        return Span.of(self.months[-MONTHS_PER_YEAR:])

    @property
    def years(self) -> tuple[Span, ...]:
        """The year to the end of each month, where the report has all of its months, oldest first; the last is `year`.

        Where there are fewer than twelve months, the year is as short and there is only one.
        """
        n_months = self.year.n_months
        return tuple(Span.of(self.months[end - n_months : end]) for end in range(n_months, len(self.months) + 1))

    def columns(self, span: Span) -> slice:
        """Where a span's months stand among these."""
        start = int((span.first - self.months[0]).astype(int))
        return slice(start, start + span.n_months)

    @property
    def each_month(self) -> tuple[Span, ...]:
        """Every month as a span of its own."""
        return tuple(Span(month, month, str(month)) for month in self.months)

    @property
    def fiscal_years(self) -> tuple[Span, ...]:
        """The fiscal years, as far as their months are among these, oldest first."""
        since = (self.months - np.datetime64("1970-01", "M")).astype(int) - (self.fiscal_year_starts - 1)
        years = since // MONTHS_PER_YEAR
        return tuple(Span.of(self.months[years == year]) for year in np.unique(years))
