"""A figure of the report: its name, its value with an interval, and the customers and period it belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from core.intervals import Estimate

ALL = "all"
NOW = "now"
"The scenario in which nothing changes."


@dataclass(frozen=True)
class Place:
    """The customers and the period that a figure belongs to."""

    by: str = ALL
    "The grouping: 'all', 'plan', 'accounts.industry', 'fiscal_year', 'cohort', 'what_if'."
    group: str = ""
    "The group."
    period: str = ""
    "A month (2026-03), or the first and last of several (2025-04/2026-03); '' is the day of the report."
    age: int | None = None
    "For points of a curve: months since the start."
    among_by: str = ALL
    among: str = ""
    "For splits within a group of another grouping: that grouping and group, such as 'accounts.tier' and 'gold'."

    @property
    def is_month(self) -> bool:
        """Whether the figure is of one month, and not a point of a curve."""
        return bool(self.period) and "/" not in self.period and self.age is None


ALL_CUSTOMERS = Place()


@dataclass(frozen=True)
class Figure:
    """A figure with its interval and its place."""

    name: str
    "A name that a file of `figures` defines."
    estimate: Estimate
    n: int
    "The number of customers, accounts, survey responses or tickets behind it."
    place: Place = ALL_CUSTOMERS

    @property
    def value(self) -> float:
        """The estimate; NaN where it is undefined, infinite where it has no bound."""
        return self.estimate.value


@dataclass(frozen=True)
class Figures:
    """All figures of a report. Splits within a group are found with `among`, never directly."""

    all: tuple[Figure, ...]

    def __iter__(self) -> Iterator[Figure]:
        return iter(self.all)

    def of(self, name: str, by: str = ALL, *, group: str | None = None) -> tuple[Figure, ...]:
        """The figures of a name and a grouping, in the order of the report; of one group where `group` is given."""
        figures = (f for f in self.all if f.name == name and f.place.by == by and f.place.among_by == ALL)
        return tuple(figure for figure in figures if group is None or figure.place.group == group)

    def one(self, name: str, by: str = ALL, *, group: str | None = None) -> Figure | None:
        """The figure of the year or of the day of the report, the one to print large; None if there is none."""
        figures = [figure for figure in self.of(name, by, group=group) if figure.place.age is None]
        return next((figure for figure in figures if not figure.place.is_month), None)

    def monthly(self, name: str, by: str = ALL, *, group: str | None = None) -> tuple[Figure, ...]:
        """The figures of single months, oldest first."""
        return tuple(figure for figure in self.of(name, by, group=group) if figure.place.is_month)

    def curve(self, name: str, by: str = ALL, *, group: str | None = None) -> tuple[Figure, ...]:
        """The figures by age, youngest first."""
        return tuple(figure for figure in self.of(name, by, group=group) if figure.place.age is not None)

    def among(self, by: str, group: str) -> Figures:
        """The splits within one group, as if the group were all customers."""
        inside = (figure for figure in self.all if (figure.place.among_by, figure.place.among) == (by, group))
        return Figures(tuple(replace(f, place=replace(f.place, among_by=ALL, among="")) for f in inside))

    def groups(self, name: str, by: str) -> tuple[str, ...]:
        """The groups of a grouping that have this figure, in the order of the report."""
        return tuple(dict.fromkeys(figure.place.group for figure in self.of(name, by)))
