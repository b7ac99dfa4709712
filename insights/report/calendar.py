"""The complete months, years and fiscal years of a report.

months     | 1 | 2 | ... | 11 | 12 |   complete months before the cutoff
year                 |<-- last 12 ->|
cutoff                              ^ midnight; the report ignores all later days
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from insights.finance.lifetime import MONTHS_PER_YEAR
from insights.finance.mrr import months_between

FIRST_WEEK = 7
"A month whose first record falls into its first week counts as complete: early days without a purchase are normal."


@dataclass(frozen=True)
class Span:
    """Consecutive months; the first and the last are included."""

    first: np.datetime64
    last: np.datetime64

    label: str
    "The period of figures: 2026-03, or 2025-04/2026-03."

    @classmethod
    def of(cls, months: NDArray[np.datetime64]) -> Span:
        """From the first to the last of these months."""
        return cls(months[0], months[-1], f"{months[0]}/{months[-1]}")

    @property
    def n_months(self) -> int:
        """The number of months."""
        return int((self.last - self.first).astype(int)) + 1

    @property
    def end(self) -> np.datetime64:
        """The day after the last month."""
        return (self.last + 1).astype("datetime64[D]")

    def contains(self, days: NDArray[np.datetime64]) -> NDArray[np.bool_]:
        """(n,): whether each day or month falls into these months."""
        months = days.astype("datetime64[M]")
        return (months >= self.first) & (months <= self.last)


@dataclass(frozen=True)
class Calendar:
    """The complete months before the cutoff of a report."""

    cutoff: date
    months: NDArray[np.datetime64]
    "(m,) datetime64[M], without gaps, oldest first; at least one."
    fiscal_year_starts: int = 1
    months_of_year: int = MONTHS_PER_YEAR
    "The number of months of `year`; fewer where shorter periods are compared."

    @classmethod
    def until(cls, cutoff: date, *, first: date, n_months: int, fiscal_year_starts: int) -> Calendar:
        """The last `n_months` complete months before the cutoff, none before the first record.

        A month whose records begin after its first week is not complete, unless it is the only month.
        """
        end = np.datetime64(cutoff, "M")
        begun = np.datetime64(first, "M") + (first.day > FIRST_WEEK)
        start = max(end - n_months, min(begun, end - 1))
        return cls(cutoff, months_between(start, end - 1), fiscal_year_starts)

    @property
    def end(self) -> np.datetime64:
        """The day after the last complete month."""
        return self.year.end

    @property
    def year(self) -> Span:
        """The last twelve complete months, or all months where there are fewer."""
        return Span.of(self.months[-self.months_of_year :])

    @property
    def years(self) -> tuple[Span, ...]:
        """The year to each month's end, where all of its months are in the calendar, oldest first; the last is `year`.

        With fewer than twelve months, there is one year, and it is as short.
        """
        n_months = self.year.n_months
        return tuple(Span.of(self.months[end - n_months : end]) for end in range(n_months, len(self.months) + 1))

    def without_last(self, n_months: int) -> Calendar | None:
        """The calendar as it was some months earlier; None where it has no year of the same length."""
        earlier = self.months[: len(self.months) - n_months]
        return replace(self, months=earlier) if len(earlier) >= self.year.n_months else None

    def columns(self, span: Span) -> slice:
        """The positions of a span's months among the months of the calendar."""
        start = int((span.first - self.months[0]).astype(int))
        return slice(start, start + span.n_months)

    @property
    def each_month(self) -> tuple[Span, ...]:
        """A span for every month."""
        return tuple(Span(month, month, str(month)) for month in self.months)

    @property
    def spans(self) -> dict[Literal["year", "month"], tuple[Span, ...]]:
        """The year and the months, by kind of period."""
        return {"year": (self.year,), "month": self.each_month}

    @property
    def fiscal_years(self) -> tuple[Span, ...]:
        """The fiscal years, cut to the months of the calendar, oldest first."""
        since = (self.months - np.datetime64("1970-01", "M")).astype(int) - (self.fiscal_year_starts - 1)
        years = since // MONTHS_PER_YEAR
        return tuple(Span.of(self.months[years == year]) for year in np.unique(years))
