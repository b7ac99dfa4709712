"""Half-open time windows around a cutoff, and the customers at it.

    past            cutoff    gap        future
    [--- lookback ---)[------)[--- horizon ---)

Features read the left window, labels the right one. A fact exactly on the cutoff belongs to the future. A cutoff is
midnight in the time zone of the business.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DAYS_PER_MONTH = 365.25 / 12
"An average calendar month: what turns the length of a subscription into months."
DAYS_PER_HORIZON_MONTH = 30
"A month of a horizon, and of figures at 1, 3, 6 and 12 months: the same number of days in each."


@dataclass(frozen=True)
class Window:
    """A half-open window of local days: `start` belongs to it, `end` does not."""

    start: date
    end: date

    @classmethod
    def lookback(cls, cutoff: date, days: int) -> Window:
        """The `days` days before the cutoff."""
        return cls(cutoff - timedelta(days=days), cutoff)

    @classmethod
    def horizon(cls, cutoff: date, days: int, *, gap_days: int = 0) -> Window:
        """The `days` days that start `gap_days` after the cutoff."""
        start = cutoff + timedelta(days=gap_days)
        return cls(start, start + timedelta(days=days))

    @property
    def days(self) -> int:
        """Number of days in the window."""
        return (self.end - self.start).days

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.end


@dataclass(frozen=True)
class Cohort:
    """Rows (customer, cutoff), sorted by cutoff and then customer: the customers behind every figure."""

    customer_ids: NDArray[np.str_]
    "(n,)."
    cutoffs: NDArray[np.datetime64]
    "(n,) datetime64[D]."
    definition: str = ""
    "In words, e.g. 'a purchase in the 180 days before the cutoff'; printed with every figure."

    def __len__(self) -> int:
        return len(self.customer_ids)

    def at(self, cutoff: np.datetime64) -> Cohort:
        """The customers of one cutoff."""
        rows = self.cutoffs == cutoff
        return Cohort(self.customer_ids[rows], self.cutoffs[rows], self.definition)
