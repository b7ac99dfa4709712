"""What customers say and how long they wait: NPS, CSAT, response rates, hours to an answer and to a solution."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TypeVar

import numpy as np

from core.intervals import estimate_intervals
from insights.finance.feedback import SurveyResponses, Waits, is_satisfied, median_hours, net_promoter_score
from insights.report.calendar import Span
from insights.report.estimation import FigureSpec, estimate_figures, quotient
from insights.report.figure import ALL, Figure, Place
from insights.report.report_data import ReportData

Said = TypeVar("Said", SurveyResponses, Waits)


def survey_figures(facts: ReportData) -> list[Figure]:
    """Every figure of surveys and tickets that there is something to tell of: of all, by group, by month."""
    best = facts.config.csat_scale[1]
    found: list[Figure] = []
    for by, group, nps in _groups(facts, facts.nps):
        found += _scores(facts, nps, by, group)
        found += _shares(facts, "nps_response_rate", nps, (nps.has_response, np.ones(len(nps.scores), bool)), by, group)
    for by, group, csat in _groups(facts, facts.csat):
        found += _shares(facts, "csat", csat, (is_satisfied(csat, best), csat.has_response), by, group)
        found += _shares(
            facts, "csat_response_rate", csat, (csat.has_response, np.ones(len(csat.scores), bool)), by, group
        )
    for by, group, rated in _groups(facts, facts.tickets):
        found += _shares(
            facts, "ticket_satisfaction", rated, (is_satisfied(rated, best), rated.has_response), by, group
        )
    for name, waits in (("hours_to_answer", facts.answered), ("hours_to_close", facts.closed)):
        for by, group, waited in _groups(facts, waits):
            found += _hours(facts, name, waited, by, group)
    return found


def _groups(facts: ReportData, said: Said) -> Iterator[tuple[str, str, Said]]:
    """What everybody said, then what each group did; nothing where nobody said anything."""
    if len(said.customer_ids):
        yield ALL, "", said
    for grouping in facts.groupings:
        for group, rows in grouping.masks(said.customer_ids):
            yield grouping.by, group, said.take(rows)


def _spans(facts: ReportData, days: np.ndarray) -> Iterator[tuple[Span, np.ndarray]]:
    """The year and each month with the rows that fall into it; those without a row are left out."""
    for span in (facts.calendar.year, *facts.calendar.each_month):
        rows = span.holds(days)
        if rows.any():
            yield span, rows


def _scores(facts: ReportData, nps: SurveyResponses, by: str, group: str) -> Iterator[Figure]:
    for span, rows in _spans(facts, nps.days):
        n = int((rows & nps.has_response).sum())
        if n:
            yield Figure("nps", "points", net_promoter_score(nps.scores[rows]), n, Place(by, group, span.label))


def _shares(
    facts: ReportData, name: str, said: SurveyResponses, sides: tuple[np.ndarray, np.ndarray], by: str, group: str
) -> list[Figure]:
    """The first side's share of the second, in the year and in each month that has any."""
    above, below = sides
    sought = (
        FigureSpec(name, "share", (above & rows, below & rows), quotient, Place(by, group, span.label))
        for span, rows in _spans(facts, said.days)
        if (below & rows).any()
    )
    return estimate_figures(sought, said.customer_ids)


def _hours(facts: ReportData, name: str, waits: Waits, by: str, group: str) -> Iterator[Figure]:
    for span, rows in _spans(facts, waits.days):
        waited = waits.take(rows)
        medians = partial(median_hours, waited.hours)
        told = estimate_intervals(lambda weights, medians=medians: medians(weights)[:, None], waited.customer_ids)
        yield Figure(name, "hours", told[0], len(waited.hours), Place(by, group, span.label))
