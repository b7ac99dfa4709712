"""The report: every figure that the tables at hand can tell, and what would be needed for the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from core.config.data_set import Config
from insights.finance.economics import DEFAULT_WHAT_IFS, WhatIf
from insights.finance.money import Money
from insights.report.breakdowns import SOURCE, parts_by_source, parts_of
from insights.report.calendar import Calendar
from insights.report.cohorts import cohort_figures
from insights.report.concentration import concentration_figures, mrr_concentration
from insights.report.figure import Figure, Figures
from insights.report.opportunities import opportunity_figures
from insights.report.recurring import recurring_figures
from insights.report.report_data import ReportData, load_report_data
from insights.report.rfm import rfm_figures
from insights.report.sales import sales_figures
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
"By a figure that is typical of its section, the data that it needs; core/i18n has its text under `missing.<name>`."


@dataclass(frozen=True)
class Report:
    """What a company is run by, on one day."""

    config: Config
    money: Money
    calendar: Calendar
    figures: Figures
    breaches: tuple[Breach, ...]
    missing: tuple[str, ...]
    "Which of NEEDS the tables do not give, and of the columns that tell whom a spend won."
    left_out: Mapping[str, int]
    "Rows that are in no figure, by cause."
    groupings: tuple[str, ...]
    "By what figures are split, plan included where there is one."


def build_report(
    tables: Tables,
    as_of: date | None = None,
    segments: Mapping[str, np.ndarray] | None = None,
    what_ifs: Sequence[WhatIf] = DEFAULT_WHAT_IFS,
) -> Report:
    """Work everything out, as known before midnight of a day (default: the first that is not completely recorded).

    `segments` are more groups to tell apart, name to customer ids; by default those of the TOML. Raises
    NotEnoughHistory without a record before.
    """
    facts = load_report_data(tables, as_of, segments)
    figures = Figures(tuple(_figures(facts, what_ifs)))
    told = {figure.place.by for figure in figures}
    return Report(
        config=facts.config,
        money=facts.money,
        calendar=facts.calendar,
        figures=figures,
        breaches=find_breaches(figures),
        missing=tuple(_missing(figures)),
        left_out=_left_out(tables, facts),
        groupings=tuple(by for by in ("plan", *(g.by for g in facts.groupings)) if by in told),
    )


def _figures(facts: ReportData, what_ifs: Sequence[WhatIf]) -> list[Figure]:
    found: list[Figure] = []
    for part in parts_of(facts):
        found += recurring_figures(facts, part) + unit_economics_figures(facts, part)
        if not part.group:
            found += scenario_figures(facts, part, what_ifs)
        found += mrr_concentration(part, facts)
    for part in parts_by_source(facts):
        found += unit_economics_figures(facts, part)
    found += sales_figures(facts) + rfm_figures(facts) + cohort_figures(facts) + concentration_figures(facts)
    return found + survey_figures(facts) + opportunity_figures(facts)


def _missing(figures: Figures) -> Iterator[str]:
    names = {figure.name for figure in figures if figure.place.by != "what_if"}
    yield from (need for name, need in NEEDS.items() if name not in names)
    # Nobody says for which group or by which channel a spend won somebody but the customers themselves.
    if "acquisition_spend" in names:
        if "recorded_cac" not in names:
            yield "acquisition_cost"
        if not figures.of("cac", SOURCE):
            yield "acquisition_source"


def _left_out(tables: Tables, facts: ReportData) -> dict[str, int]:
    """What could not be read of each table, and what would have corrupted a figure."""
    unread = {
        f"{name}: {cause}": rows for name in tables.names for cause, rows in tables.load_report(name).excluded.items()
    }
    return unread | facts.left_out.counts
