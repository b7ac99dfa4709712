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
from insights.report.breakdowns import SOURCE, split_book, split_book_by_source
from insights.report.calendar import Calendar
from insights.report.cohorts import cohort_figures
from insights.report.customer_base import concentration_figures, mrr_concentration, rfm_figures
from insights.report.figure import Figure, Figures
from insights.report.recurring import recurring_figures
from insights.report.report_data import ReportData, load_report_data
from insights.report.sales import opportunity_figures, sales_figures
from insights.report.scenarios import scenario_figures
from insights.report.surveys import survey_figures
from insights.report.thresholds import Breach, find_breaches
from insights.report.unit_economics import unit_economics_figures
from tables.tables import Tables

NEEDS = {
    "mrr": "subscriptions",
    "revenue": "purchases",
    "cac": "spend",
    "nps": "surveys_nps",
    "csat": "surveys_csat",
    "hours_to_answer": "tickets",
    "win_rate": "opportunities",
}
"A figure that is typical of its section, to the data that it needs; core/i18n has its text under `missing.<data>`."


@dataclass(frozen=True, kw_only=True)
class Report:
    """All figures of a company on one day."""

    config: Config
    money: Money
    calendar: Calendar
    figures: Figures
    breaches: tuple[Breach, ...]
    missing: tuple[str, ...]
    "Data that the tables lack: values of NEEDS, and the columns that attribute spend to customers."
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
    figures = Figures(tuple(_compute_figures(data, what_ifs)))
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


def _compute_figures(data: ReportData, what_ifs: Sequence[WhatIf]) -> list[Figure]:
    figures: list[Figure] = []
    for part in split_book(data):
        figures += recurring_figures(data, part) + unit_economics_figures(data, part)
        if not part.group:
            figures += scenario_figures(data, part, what_ifs=what_ifs)
        figures += mrr_concentration(part, data)
    for part in split_book_by_source(data):
        figures += unit_economics_figures(data, part)
    figures += sales_figures(data) + rfm_figures(data) + cohort_figures(data) + concentration_figures(data)
    return figures + survey_figures(data) + opportunity_figures(data)


def _missing_data(figures: Figures) -> Iterator[str]:
    names = {figure.name for figure in figures if figure.place.by != "what_if"}
    yield from (need for name, need in NEEDS.items() if name not in names)
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
