"""What a figure of the report declares: its name, its unit, how it is computed, and where the page shows it.

To add a figure, add a `FigureDefinition` to a file of `insights/report/figures` and translate `figure.<name>` in each
file of `core/i18n/locales`, and `figure.<name>.meaning` if the name is not enough. To add a section, add a file there
with a `SECTION`, and translate `section.<name>`. The JSON and the page take everything else from the declaration.

A figure is a formula of sums over customers, or comes from a computation that several figures may share:

    FigureDefinition("grr", "share", sums=Sums(subscribers, ("year",), lambda book: book.retention["grr"]))
    FigureDefinition("ltv_curve", "money", computed_by=survival_figures)

`building.compute_figures` evaluates all declarations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from functools import cache, partial
from typing import Any, Generic, Literal, TypeVar, get_args

import numpy as np
from numpy.typing import NDArray

from core.catalogue import Catalogue
from core.errors import UnknownName, did_you_mean
from insights.finance.economics import Economics
from insights.report.calendar import Calendar, Span
from insights.report.estimation import FigureSpec, quotient
from insights.report.figure import Figure, Place
from insights.report.inputs import FigureInputs

Unit = Literal["money", "share", "months", "hours", "points", "times", "customers", "count"]
"Money is in the base currency. A share is between 0 and 1; NRR may exceed 1. Points are those of NPS, -100 to 100."
View = Literal[
    "row",  # of the section's first table
    "month_chart", "wide_month_chart", "age_chart", "cohort_table",
    "group_column", "group_chart", "own_group_column", "fiscal_year_column",
    "movement.level", "movement.revaluation", "movement.gain", "movement.loss",  # of the MRR waterfall
    "plan_movement.gain", "plan_movement.loss",  # moves between plans, which cancel out over all plans
    "top_share", "top_20_share", "rfm_column", "scenario_row",
]  # fmt: skip
"How a section shows a figure."
Period = Literal["today", "year", "month", "rolling_year", "fiscal_year", "age", "grid"]
"""What a value is of: the day of the report, the last twelve months, each month, the twelve months to each month's end,
each fiscal year, each age of a cohort, or each pair of RFM scores."""
PERIODS: tuple[Period, ...] = get_args(Period)

Rows = TypeVar("Rows")
Group = TypeVar("Group")


@dataclass(frozen=True)
class Sample(Generic[Rows]):
    """Customers who are resampled together, and the places of the report that are computed from them."""

    ids: NDArray[np.str_]
    "(n,) the customer of each row."
    cells: Mapping[Period, Sequence[tuple[Place, Rows]]]
    "The data of each place; what a row adds to a sum has length n."


def cells_by_period(
    calendar: Calendar, groups: Iterable[tuple[Place, Group]], *, rows_of: Callable[[Group, Span], Rows]
) -> dict[Period, Sequence[tuple[Place, Rows]]]:
    """The cells of each group over the year and over each month; `rows_of` gives a group's data over a span."""
    listed = list(groups)
    return {
        period: [
            (Place(place.by, place.group, span.label), rows_of(group, span))
            for span in spans
            for place, group in listed
        ]
        for period, spans in calendar.spans.items()
    }


def take_total(rows: object, total: NDArray[np.float64]) -> NDArray[np.float64]:
    """The formula of a figure that is a plain sum over the customers."""
    del rows
    return total


Basis = Callable[[FigureInputs], Iterable[Sample[Rows]]]


@dataclass(frozen=True)
class Sums(Generic[Rows]):
    """A figure as a formula of sums over rows: `adds` is what each row adds to each sum."""

    basis: Basis[Rows]
    over: tuple[Period, ...]
    adds: Callable[[Rows], Sequence[NDArray[Any]] | None]
    "(n,) each; None where the place does not have the figure."
    formula: Callable[..., NDArray[np.float64]] | None = None
    "From the rows and the sums, (samples,) each, to the figure, (samples,); by default the first over the second."
    n: Callable[[Rows], int] | None = None
    "The `n` of the figure; by default the number of rows that add to the last sum."


@dataclass(frozen=True)
class Outlook:
    """An average customer in one scenario, and the revenue of the coming years."""

    economics: Economics
    has_cost: bool
    "Whether the acquisition cost is known."
    revenue: Sequence[float]
    "Of each year."
    n_new: float
    "Customers won in these years together."

    @property
    def profit(self) -> float:
        """Gross profit of these years together, less the cost of winning the new customers."""
        return sum(self.revenue) * self.economics.margin - self.n_new * self.economics.acquisition_cost


@dataclass(frozen=True)
class FigureDefinition:
    """A figure that the report computes wherever the tables have the data for it."""

    name: str
    unit: Unit
    _: KW_ONLY
    sums: Sums[Any] | None = None
    computed_by: Callable[[FigureInputs], Iterable[Figure]] | None = None
    "Computes figures of this name; several definitions may name the same computation."
    in_scenario: Callable[[Outlook], float] | None = None
    "Its value in a what-if scenario."
    views: tuple[View, ...] = ("row",)
    "How its section shows it."
    also_in: Mapping[str, tuple[View, ...]] = field(default_factory=dict)
    "How other sections show it."
    is_headline: bool = False
    "Whether the top of the page may show it in large print."
    months_of: str = ""
    "The figure that has its monthly values, where it has none itself."
    is_exact: bool = False
    "Whether it has no interval, because it is a total and not an estimate from a sample of customers."
    adds_up: bool = False
    "Whether months add up to the value of a year, so that a month's is no measure of a target for the year."
    reference: float | None = None
    "A value that charts of the figure mark, such as an NRR of 1."
    better: Literal["higher", "lower", "neither"] = "higher"
    "Where a target is met, and whether a change is good."
    needs: str = ""
    "The data whose absence the page reports if there is no such figure: `missing.<needs>` in core/i18n."

    def specs(
        self, cells: Mapping[Period, Sequence[tuple[Place, Any]]], basis: Basis[Any], *, periods: Sequence[Period]
    ) -> Iterator[FigureSpec]:
        """What to estimate from the cells of a sample of this basis, as far as they are of these periods."""
        sums = self.sums
        if sums is None or sums.basis is not basis:
            return
        chosen: list[Period] = [period for period in sums.over if period in periods]
        for place, rows in (cell for period in chosen for cell in cells.get(period, ())):
            addends = sums.adds(rows)
            if addends is not None:
                yield FigureSpec(
                    self.name,
                    tuple(addends),
                    formula=partial(sums.formula, rows) if sums.formula else quotient,
                    is_share=self.unit == "share" and sums.formula is None,
                    place=place,
                    n=sums.n(rows) if sums.n else None,
                    is_exact=self.is_exact,
                )


@dataclass(frozen=True)
class FigureSection:
    """A section of the page with its figures, in the order in which it shows them."""

    position: int
    "Sections with lower positions come first."
    figures: tuple[FigureDefinition, ...]
    groupings: tuple[str, ...] = ()
    "Ways to group that only this section has; it shows `own_group_column` figures by each."
    note: str = ""
    "What readers of these groups must know, in English; a text of the translation catalogue."


SECTIONS: Catalogue[FigureSection] = Catalogue.of_folder("insights.report.figures", attribute="SECTION")


def section_names() -> list[str]:
    """The names of the sections in the order of the page."""
    return sorted(SECTIONS, key=lambda name: SECTIONS[name].position)


@cache
def _by_name() -> dict[str, FigureDefinition]:
    return {one.name: one for name in section_names() for one in SECTIONS[name].figures}


def all_definitions() -> tuple[FigureDefinition, ...]:
    """Every figure, in the order of the page."""
    return tuple(_by_name().values())


def definition_of(name: str) -> FigureDefinition:
    """The definition of a figure. Raises UnknownName for a name that is not defined."""
    if name not in _by_name():
        raise UnknownName(f"no figure '{name}' in insights.report.figures{did_you_mean(name, _by_name())}")
    return _by_name()[name]


def figures_in(section: str, *views: View) -> tuple[str, ...]:
    """The names of the figures that a section shows in one of these ways, in the order of the page."""
    own = {one.name for one in SECTIONS[section].figures}
    shown = ((one.name, one.views if one.name in own else one.also_in.get(section, ())) for one in all_definitions())
    return tuple(name for name, ways in shown if any(view in ways for view in views))


@cache
def figures_in_scenarios() -> tuple[FigureDefinition, ...]:
    """The figures that scenarios change."""
    return tuple(one for one in all_definitions() if one.in_scenario is not None)
