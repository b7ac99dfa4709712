"""Builds the report: all figures for which the tables have data, and the data that the others need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from core.config.data_set import Config
from insights.finance.economics import DEFAULT_WHAT_IFS, WhatIf
from insights.finance.money import Money
from insights.report.breakdowns import SOURCE
from insights.report.calendar import Calendar
from insights.report.definitions import SECTIONS, FigureDefinition, all_definitions, section_names
from insights.report.estimation import estimate_figures
from insights.report.figure import Figure, Figures
from insights.report.inputs import FigureInputs
from insights.report.report_data import ReportData, load_report_data
from insights.report.thresholds import Breach, find_breaches
from tables.tables import Tables


@dataclass(frozen=True, kw_only=True)
class Report:
    """All figures of a company on one day."""

    config: Config
    money: Money
    calendar: Calendar
    figures: Figures
    breaches: tuple[Breach, ...]
    missing: tuple[str, ...]
    "Data that the tables lack: what figures need, and the columns that attribute spend to customers."
    left_out: Mapping[str, int]
    "The number of rows that are in no figure, by cause."
    groupings: tuple[str, ...]
    "The ways to group customers that have figures, with the plan if there is one."


def build_report(
    tables: Tables,
    cutoff: date | None = None,
    *,
    segments: Mapping[str, NDArray[np.str_]] | None = None,
    what_ifs: Sequence[WhatIf] = DEFAULT_WHAT_IFS,
) -> Report:
    """Compute all figures as known at the cutoff (default: the first day that is not completely recorded).

    `segments` are more groups, name to customer ids; by default the segments and customer tiers of the TOML. Raises
    NotEnoughHistory without a record before the cutoff.
    """
    data = load_report_data(tables, cutoff, segments=segments)
    figures = Figures(compute_figures(FigureInputs(data, what_ifs)))
    groupings = {figure.place.by for figure in figures}
    return Report(
        config=data.config,
        money=data.money,
        calendar=data.calendar,
        figures=figures,
        breaches=find_breaches(figures),
        missing=tuple(_missing_data(figures)),
        left_out=_count_excluded_rows(tables, data),
        groupings=tuple(by for by in ("plan", *(g.by for g in data.groupings)) if by in groupings),
    )


def compute_figures(inputs: FigureInputs) -> tuple[Figure, ...]:
    """Every declared figure for which there is data, section after section."""
    return tuple(figure for name in section_names() for figure in _compute_section(inputs, SECTIONS[name].figures))


def _compute_section(inputs: FigureInputs, definitions: Sequence[FigureDefinition]) -> Iterator[Figure]:
    """First the computations, each once, then the formulas of sums, all of a sample together."""
    for compute in dict.fromkeys(one.computed_by for one in definitions if one.computed_by):
        yield from compute(inputs)
    for basis in dict.fromkeys(one.sums.basis for one in definitions if one.sums):
        for sample in basis(inputs):
            specs = [spec for one in definitions for spec in one.specs(sample.cells, basis)]
            yield from estimate_figures(specs, sample.ids)


def _missing_data(figures: Figures) -> Iterator[str]:
    names = {figure.name for figure in figures if figure.place.by != "what_if"}
    yield from (one.needs for one in all_definitions() if one.needs and one.name not in names)
    # Spend has no customer ids. Only the customers' own columns say which group or channel it acquired.
    if "acquisition_spend" in names:
        if "recorded_cac" not in names:
            yield "acquisition_cost"
        if not figures.of("cac", SOURCE):
            yield "acquisition_source"


def _count_excluded_rows(tables: Tables, data: ReportData) -> dict[str, int]:
    """The rows that could not be read, and the rows that would have corrupted a figure."""
    unreadable = {
        f"{name}: {cause}": rows for name in tables.names for cause, rows in tables.load_report(name).excluded.items()
    }
    return unreadable | data.left_out.counts
