"""Half-open spans of time around a cutoff.

    past            cutoff    gap        future
    [--- lookback ---)[------)[--- horizon ---)

Features may see the left span and labels the right one. A fact that falls
exactly on the cutoff belongs to the future. A cutoff is midnight of the
business's own time zone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class Window:
    """A half-open span of local days: `start` belongs to it, `end` does not."""

    start: date
    end: date

    @classmethod
    def lookback(cls, cutoff: date, days: int) -> Window:
        """The `days` days before the cutoff."""
        return cls(cutoff - timedelta(days=days), cutoff)

    @classmethod
    def horizon(cls, cutoff: date, days: int, gap_days: int = 0) -> Window:
        """The `days` days that begin `gap_days` after the cutoff."""
        start = cutoff + timedelta(days=gap_days)
        return cls(start, start + timedelta(days=days))

    @property
    def days(self) -> int:
        """How many days the span covers."""
        return (self.end - self.start).days

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.end

    def overlaps(self, other: Window) -> bool:
        """Whether the two spans share a day."""
        return self.start < other.end and other.start < self.end
