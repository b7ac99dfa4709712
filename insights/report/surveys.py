"""Customer feedback and response times: NPS, CSAT, response rates, hours to the first answer and to closing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from core.intervals import estimate_intervals
from insights.finance.feedback import SurveyResponses, Waits, is_satisfied, median_hours, net_promoter_score
from insights.report.calendar import Span
from insights.report.estimation import FigureSpec, estimate_figures
from insights.report.figure import Figure, Place
from insights.report.report_data import ReportData

Records = TypeVar("Records", SurveyResponses, Waits)


def survey_figures(data: ReportData) -> list[Figure]:
    """All figures of surveys and tickets: of all customers, by group, by month; none where there are no records."""
    best = data.config.csat_scale[1]
    figures: list[Figure] = []
    for group, nps in _groups(data, data.nps):
        figures += _nps_figures(data, nps, group=group)
        figures += _response_rates(data, nps, name="nps_response_rate", group=group)
    for group, csat in _groups(data, data.csat):
        figures += _satisfaction(data, csat, name="csat", group=group, best=best)
        figures += _response_rates(data, csat, name="csat_response_rate", group=group)
    for group, ratings in _groups(data, data.tickets):
        figures += _satisfaction(data, ratings, name="ticket_satisfaction", group=group, best=best)
    for name, waits in (("hours_to_answer", data.first_answers), ("hours_to_close", data.closings)):
        for group, group_waits in _groups(data, waits):
            figures += _median_waits(data, group_waits, name=name, group=group)
    return figures


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


def _nps_figures(data: ReportData, nps: SurveyResponses, *, group: Place) -> Iterator[Figure]:
    for span, rows in _spans(data, nps.days):
        n = int((rows & nps.has_response).sum())
        if n:
            yield Figure("nps", net_promoter_score(nps.scores[rows]), n, replace(group, period=span.label))


def _response_rates(data: ReportData, responses: SurveyResponses, *, name: str, group: Place) -> list[Figure]:
    """The share of answered surveys."""
    sides = responses.has_response, np.ones(len(responses.scores), bool)
    return _shares(data, responses, name=name, sides=sides, group=group)


def _satisfaction(
    data: ReportData, responses: SurveyResponses, *, name: str, group: Place, best: float
) -> list[Figure]:
    """The share of satisfied customers among those who answered."""
    return _shares(
        data, responses, name=name, sides=(is_satisfied(responses, best), responses.has_response), group=group
    )


def _shares(
    data: ReportData,
    responses: SurveyResponses,
    *,
    name: str,
    sides: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    group: Place,
) -> list[Figure]:
    """The first side's share of the second, in the year and in each month where the second has any row."""
    above, below = sides
    specs = (
        FigureSpec(name, (above & rows, below & rows), place=replace(group, period=span.label))
        for span, rows in _spans(data, responses.days)
        if (below & rows).any()
    )
    return estimate_figures(specs, responses.customer_ids)


def _median_waits(data: ReportData, waits: Waits, *, name: str, group: Place) -> Iterator[Figure]:
    for span, rows in _spans(data, waits.days):
        chosen = waits.take(rows)
        medians = partial(median_hours, chosen.hours)
        estimates = estimate_intervals(lambda weights, medians=medians: medians(weights)[:, None], chosen.customer_ids)
        yield Figure(name, estimates[0], len(chosen.hours), replace(group, period=span.label))
