"""One figure of a report: what it measures, of whom, when, how sure it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from core.intervals import Estimate

Unit = Literal["money", "share", "months", "hours", "points", "times", "customers", "count"]
"Money is in the base currency; a share lies between 0 and 1 (NRR may exceed it); points are NPS's, -100 to 100."

ALL = "all"


@dataclass(frozen=True)
class Place:
    """Of whom a figure is, and when."""

    by: str = ALL
    "What tells the groups apart: 'all', 'plan', 'accounts.industry', 'fiscal_year', 'cohort', 'what_if'."
    group: str = ""
    "Which of them."
    period: str = ""
    "A month (2026-03), or the first and last of several (2025-04/2026-03); '' is the day of the report."
    age: int | None = None
    "Of curves: months since the beginning."
    among_by: str = ALL
    among: str = ""
    "Of a split within one group of another: what tells those apart, and which of them; 'accounts.tier' and 'gold'."

    @property
    def is_month(self) -> bool:
        """Whether it is of one month, and no point of a curve."""
        return bool(self.period) and "/" not in self.period and self.age is None


EVERYBODY = Place()


@dataclass(frozen=True)
class Figure:
    """A figure with its interval, and where it belongs."""

    name: str
    "What it measures; core/i18n has its texts under `figure.<name>` and `figure.<name>.meaning`."
    unit: Unit
    estimate: Estimate
    n: int
    "How many customers, accounts, answers or tickets it is of."
    place: Place = EVERYBODY

    @property
    def value(self) -> float:
        """The figure itself; NaN where it cannot be told, infinite where it has no bound."""
        return self.estimate.value


@dataclass(frozen=True)
class Figures:
    """Many figures, found by what they are; splits within a group are found `among` it."""

    all: tuple[Figure, ...]

    def __iter__(self) -> Iterator[Figure]:
        return iter(self.all)

    def of(self, name: str, by: str = ALL, group: str | None = None) -> tuple[Figure, ...]:
        """Those of a name and a split, as they were worked out; of one group where one is named."""
        found = (f for f in self.all if f.name == name and f.place.by == by and f.place.among_by == ALL)
        return tuple(figure for figure in found if group is None or figure.place.group == group)

    def one(self, name: str, by: str = ALL, group: str | None = None) -> Figure | None:
        """The figure of the year or of the day of the report, which is the one to print large; None without one."""
        found = [figure for figure in self.of(name, by, group) if figure.place.age is None]
        return next((figure for figure in found if not figure.place.is_month), None)

    def monthly(self, name: str, by: str = ALL, group: str | None = None) -> tuple[Figure, ...]:
        """Those of single months, oldest first."""
        return tuple(figure for figure in self.of(name, by, group) if figure.place.is_month)

    def curve(self, name: str, by: str = ALL, group: str | None = None) -> tuple[Figure, ...]:
        """Those that are told by age, youngest first."""
        return tuple(figure for figure in self.of(name, by, group) if figure.place.age is not None)

    def among(self, by: str, group: str) -> Figures:
        """The splits within one group, to be found as if it were all."""
        inside = (figure for figure in self.all if (figure.place.among_by, figure.place.among) == (by, group))
        return Figures(tuple(replace(f, place=replace(f.place, among_by=ALL, among="")) for f in inside))

    def groups(self, name: str, by: str) -> tuple[str, ...]:
        """The groups of a split that have this figure, in the order of the report."""
        return tuple(dict.fromkeys(figure.place.group for figure in self.of(name, by)))
