"""Customer feedback and response times: NPS, CSAT, response rates, hours to the first answer and to closing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from core.intervals import estimate_intervals
from insights.finance.feedback import SurveyResponses, Waits, is_satisfied, median_hours, net_promoter_score
from insights.report.calendar import Span
from insights.report.definitions import (
    Basis,
    FigureDefinition,
    FigureSection,
    Sample,
    Sums,
    View,
    cells_by_period,
)
from insights.report.figure import Figure, Place
from insights.report.inputs import FigureInputs
from insights.report.report_data import ReportData

Records = TypeVar("Records", SurveyResponses, Waits)
Terms = tuple[NDArray[np.bool_], NDArray[np.bool_]]


@dataclass(frozen=True)
class ResponseRows:
    """Surveys sent, or rated tickets, of which those of a span count; every array is (n,)."""

    responses: SurveyResponses
    in_span: NDArray[np.bool_]
    best: float
    "The highest score of CSAT."

    def among_surveys(self) -> Terms | None:
        """Answers, and surveys sent."""
        return self._if_any(self.responses.has_response, np.ones(len(self.in_span), bool))

    def among_answers(self) -> Terms | None:
        """Satisfied answers, and all answers."""
        return self._if_any(is_satisfied(self.responses, self.best), self.responses.has_response)

    def _if_any(self, above: NDArray[np.bool_], below: NDArray[np.bool_]) -> Terms | None:
        below = below & self.in_span
        return (above & self.in_span, below) if below.any() else None


def nps_surveys(inputs: FigureInputs) -> Iterator[Sample[ResponseRows]]:
    """Surveys of NPS: of all customers, and of each group."""
    return _samples(inputs.data, inputs.data.nps)


def csat_surveys(inputs: FigureInputs) -> Iterator[Sample[ResponseRows]]:
    """Surveys of CSAT: of all customers, and of each group."""
    return _samples(inputs.data, inputs.data.csat)


def ticket_ratings(inputs: FigureInputs) -> Iterator[Sample[ResponseRows]]:
    """Ratings of tickets: of all customers, and of each group."""
    return _samples(inputs.data, inputs.data.tickets)


def _samples(data: ReportData, responses: SurveyResponses) -> Iterator[Sample[ResponseRows]]:
    best = data.config.csat_scale[1]
    for group, records in _groups(data, responses):

        def rows_of(records: SurveyResponses, span: Span) -> ResponseRows:
            return ResponseRows(records, span.contains(records.days), best)

        yield Sample(records.customer_ids, cells_by_period(data.calendar, [(group, records)], rows_of=rows_of))


def _groups(data: ReportData, records: Records) -> Iterator[tuple[Place, Records]]:
    """The records of all customers, then those of each group; groups without a record are skipped."""
    if len(records.customer_ids):
        yield Place(), records
    for grouping in data.groupings:
        for group, rows in grouping.masks(records.customer_ids):
            yield Place(grouping.by, group), records.take(rows)


def _spans(data: ReportData, days: NDArray[np.datetime64]) -> Iterator[tuple[Span, NDArray[np.bool_]]]:
    """The year and each month with the mask of their rows; those without a row are skipped."""
    for span in (data.calendar.year, *data.calendar.each_month):
        rows = span.contains(days)
        if rows.any():
            yield span, rows


def nps_figures(inputs: FigureInputs) -> Iterator[Figure]:
    """NPS of the year and of each month with an answer."""
    for group, nps in _groups(inputs.data, inputs.data.nps):
        for span, rows in _spans(inputs.data, nps.days):
            n = int((rows & nps.has_response).sum())
            if n:
                yield Figure("nps", net_promoter_score(nps.scores[rows]), n, replace(group, period=span.label))


def _median_hours(name: str, waits_of: Callable[[ReportData], Waits]) -> Callable[[FigureInputs], Iterable[Figure]]:
    """Computes the median of the year and of each month in which a wait began."""

    def compute(inputs: FigureInputs) -> Iterator[Figure]:
        for group, waits in _groups(inputs.data, waits_of(inputs.data)):
            for span, rows in _spans(inputs.data, waits.days):
                chosen = waits.take(rows)
                estimates = estimate_intervals(
                    partial(_medians, chosen), chosen.customer_ids, n_resamples=inputs.n_resamples
                )
                yield Figure(name, estimates[0], len(chosen.hours), replace(group, period=span.label))

    return compute


def _medians(waits: Waits, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    return median_hours(waits.hours, weights)[:, None]


def _response_rate(name: str, basis: Basis[ResponseRows]) -> FigureDefinition:
    return FigureDefinition(
        name, "share", sums=Sums(basis, ("year", "month"), ResponseRows.among_surveys), views=_VIEWS
    )


def _satisfaction(name: str, basis: Basis[ResponseRows], *, needs: str = "") -> FigureDefinition:
    sums = Sums(basis, ("year", "month"), ResponseRows.among_answers)
    return FigureDefinition(name, "share", sums=sums, views=_VIEWS, needs=needs)


_VIEWS: tuple[View, ...] = ("row", "month_chart", "group_column")

SECTION = FigureSection(
    position=70,
    figures=(
        FigureDefinition(
            "nps",
            "points",
            computed_by=nps_figures,
            views=_VIEWS,
            reference=0.0,
            is_headline=True,
            needs="surveys_nps",
        ),
        _response_rate("nps_response_rate", nps_surveys),
        _satisfaction("csat", csat_surveys, needs="surveys_csat"),
        _response_rate("csat_response_rate", csat_surveys),
        _satisfaction("ticket_satisfaction", ticket_ratings),
        FigureDefinition(
            "hours_to_answer",
            "hours",
            better="lower",
            computed_by=_median_hours("hours_to_answer", lambda data: data.first_answers),
            views=_VIEWS,
            is_headline=True,
            needs="tickets",
        ),
        FigureDefinition(
            "hours_to_close",
            "hours",
            better="lower",
            computed_by=_median_hours("hours_to_close", lambda data: data.closings),
            views=_VIEWS,
        ),
    ),
)
