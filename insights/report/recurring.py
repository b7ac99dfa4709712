"""Recurring revenue: MRR, its movements, and retention."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from insights.finance.lifetime import MONTHS_PER_YEAR
from insights.finance.money import Money
from insights.finance.mrr import retention_terms
from insights.report.breakdowns import Part
from insights.report.calendar import Calendar, Span
from insights.report.estimation import FigureSpec, estimate_figures, plain, quotient
from insights.report.figure import Figure, Place
from insights.report.report_data import ReportData


def recurring_figures(data: ReportData, part: Part) -> list[Figure]:
    """MRR, its movements, ARR and retention of one part of the book, by month and over the year."""
    specs = [*_mrr(part, data.money), *_movements(part, data), *_retention(part, data.calendar)]
    if not part.group:
        specs += _fiscal_years(part, data)
    return estimate_figures(specs, part.customer_ids)


def _mrr(part: Part, money: Money) -> Iterator[FigureSpec]:
    paid, place = part.own.units[:, -1], part.place()
    yield FigureSpec("mrr", (paid,), formula=lambda sums: money.amounts(sums), place=place)
    yield FigureSpec("arr", (paid,), formula=lambda sums: money.amounts(MONTHS_PER_YEAR * sums), place=place)
    yield FigureSpec("paying_customers", (paid > 0,), formula=plain, place=place)
    yield FigureSpec(
        "mrr_a_customer", (paid, paid > 0), formula=lambda *sums: money.amounts(quotient(*sums)), place=place
    )


def _movements(part: Part, data: ReportData) -> Iterator[FigureSpec]:
    for month, movements in zip(data.calendar.each_month, part.movements, strict=True):
        place = part.place(month.label)
        for name, amounts in movements.items():
            yield FigureSpec(f"mrr_{name}", (amounts,), formula=lambda sums: data.money.amounts(sums), place=place)


def _retention(part: Part, calendar: Calendar) -> Iterator[FigureSpec]:
    for month in (*calendar.each_month, calendar.year):
        yield from _retention_over(part, month, calendar=calendar)
    year = calendar.year
    for name in ("logo_churn", "revenue_churn"):
        churned, at_risk = (side[:, calendar.columns(year)].sum(axis=1) for side in churn_by_month(part, name))
        yield FigureSpec(f"monthly_{name}", (churned, at_risk), place=part.place(year.label))


def _retention_over(part: Part, span: Span, *, calendar: Calendar) -> Iterator[FigureSpec]:
    columns = calendar.columns(span)
    belongs = part.belongs[:, columns.start]
    for name, (above, below) in retention_terms(part.book, start=columns.start, end=columns.stop).items():
        yield FigureSpec(name, (above * belongs, below * belongs), place=part.place(span.label))


def churn_by_month(part: Part, name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What churned in each month and what was at risk, (n, months) each; `name` is logo_churn or revenue_churn."""
    months = range(part.book.units.shape[1] - 1)
    sides = [retention_terms(part.book, start=month, end=month + 1)[name] for month in months]
    churned, at_risk = (np.column_stack(cells) for cells in zip(*sides, strict=True))
    return churned * part.belongs[:, :-1], at_risk * part.belongs[:, :-1]


def _fiscal_years(part: Part, data: ReportData) -> Iterator[FigureSpec]:
    for year in data.calendar.fiscal_years:
        columns, place = data.calendar.columns(year), Place("fiscal_year", year.label, year.label)
        for name, sides in retention_terms(part.book, start=columns.start, end=columns.stop).items():
            yield FigureSpec(name, sides, place=place)
        closing = part.book.units[:, columns.stop]
        yield FigureSpec("mrr_closing", (closing,), formula=lambda sums: data.money.amounts(sums), place=place)
