"""Compares the figures of a report with earlier ones, with another period, and with targets.

Earlier figures come from the records known now, so that a late record changes both sides.

    --compare 2025-04..2025-09      its six months against the last six of the report
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from core.errors import BadInput, ConfigError, find_similar
from insights.finance.lifetime import MONTHS_PER_YEAR
from insights.finance.mrr import months_between
from insights.report.calendar import FIRST_WEEK, Calendar, Span
from insights.report.computing import compute_figures
from insights.report.definitions import all_definitions, definition_of
from insights.report.figure import Figures
from insights.report.inputs import FigureInputs
from insights.report.report_data import ReportData

Step = Literal["month", "year"]
MONTHS: dict[Step, int] = {"month": 1, "year": MONTHS_PER_YEAR}


@dataclass(frozen=True, kw_only=True)
class PeriodComparison:
    """The figures of two periods of the same length."""

    period: str
    "The last months of the report."
    other_period: str
    values: Mapping[str, float]
    "By name."
    other_values: Mapping[str, float]


@dataclass(frozen=True)
class Target:
    """What the TOML wants a figure to be, and what it is."""

    name: str
    limit: float
    value: float

    @property
    def is_met(self) -> bool:
        """Whether the figure is at least as good as the target."""
        return self.value <= self.limit if definition_of(self.name).better == "lower" else self.value >= self.limit


def find_targets(figures: Figures, limits: Mapping[str, float]) -> tuple[Target, ...]:
    """The targets of figures that the report has. Raises ConfigError for a figure that does not exist."""
    names = [one.name for one in all_definitions()]
    for name in limits:
        if name not in names:
            similar = find_similar(name, names)
            hint = f"; did you mean '{similar}'?" if similar else "; docs/reference/figures.md lists all names"
            raise ConfigError(f"[report.targets] {name} = {limits[name]:g}: no figure has this name{hint}")
    present = {name: figures.one(name) for name in limits}
    return tuple(Target(name, limits[name], figure.value) for name, figure in present.items() if figure is not None)


def summarize_earlier(data: ReportData) -> Mapping[Step, Mapping[str, float]]:
    """The figures of a month and of a year earlier, where the report has a year of the same length until then."""
    values: dict[Step, Mapping[str, float]] = {}
    for step, n_months in MONTHS.items():
        calendar = data.calendar.without_last(n_months)
        if calendar is not None:
            values[step] = _summarize(data, calendar)
    return values


def compare_periods(data: ReportData, other: Span) -> PeriodComparison:
    """Compare the last months of the report with as many others. Raises BadInput where they are not all recorded."""
    first = np.datetime64(data.first_day, "M") + (data.first_day.day > FIRST_WEEK)
    last = data.calendar.months[-1]
    if other.first < first or other.last > last:
        raise BadInput(f"--compare {other.first}..{other.last}: the complete months of the data are {first} to {last}")
    period = Span.of(data.calendar.months[-1] - np.arange(other.n_months)[::-1])
    return PeriodComparison(
        period=period.label,
        other_period=other.label,
        values=_summarize(data, _calendar_of(data.calendar, period)),
        other_values=_summarize(data, _calendar_of(data.calendar, other)),
    )


def parse_period(text: str) -> Span:
    """The months of a text such as '2025-04..2025-09'. Raises BadInput for another text."""
    first, separator, last = text.strip().partition("..")
    try:
        months = [np.datetime64(end, "M") for end in (first, last or first)]
    except ValueError:
        months = []
    is_complete = len(first) == len("2025-04") and len(last) in (0, len(first))
    if (
        not is_complete
        or len(months) != 2
        or np.isnat(months).any()
        or months[0] > months[1]
        or (separator and not last)
    ):
        raise BadInput(f"--compare reads like 2025-04..2025-09, from the first to the last month; found '{text}'")
    return Span.of(months_between(months[0], months[1]))


def _calendar_of(calendar: Calendar, span: Span) -> Calendar:
    return replace(calendar, months=months_between(span.first, span.last), months_of_year=span.n_months)


def _summarize(data: ReportData, calendar: Calendar) -> dict[str, float]:
    """The values of all customers by name."""
    figures = Figures(compute_figures(FigureInputs(data.over(calendar), is_summary=True)))
    names = dict.fromkeys(figure.name for figure in figures)
    ones = {name: figures.one(name) for name in names}
    return {name: figure.value for name, figure in ones.items() if figure is not None}
