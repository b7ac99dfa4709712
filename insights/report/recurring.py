"""Recurring revenue: what is paid a month now, how it came about, and who of those who paid still does."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from insights.finance.money import Money
from insights.finance.mrr import retention_terms
from insights.report.breakdowns import Part
from insights.report.calendar import MONTHS_PER_YEAR, Calendar
from insights.report.estimation import FigureSpec, estimate_figures, plain, quotient
from insights.report.figure import Figure, Place
from insights.report.report_data import ReportData


def recurring_figures(facts: ReportData, part: Part) -> list[Figure]:
    """MRR with its waterfall, ARR and retention of one part of the book, month by month and over the year."""
    sought = [*_paid_now(part, facts.money), *_waterfalls(part, facts), *_retention(part, facts.calendar)]
    if not part.group:
        sought += _fiscal_years(part, facts)
    return estimate_figures(sought, part.customer_ids)


def _paid_now(part: Part, money: Money) -> Iterator[FigureSpec]:
    paid, place = part.own.units[:, -1], part.place()
    yield FigureSpec("mrr", "money", (paid,), lambda sums: money.amounts(sums), place)
    yield FigureSpec("arr", "money", (paid,), lambda sums: money.amounts(MONTHS_PER_YEAR * sums), place)
    yield FigureSpec("paying_customers", "customers", (paid > 0,), plain, place)
    yield FigureSpec("mrr_a_customer", "money", (paid, paid > 0), lambda *sums: money.amounts(quotient(*sums)), place)


def _waterfalls(part: Part, facts: ReportData) -> Iterator[FigureSpec]:
    for month, moved in zip(facts.calendar.each_month, part.moved, strict=True):
        place = part.place(month.label)
        for line, cells in moved.items():
            yield FigureSpec(f"mrr_{line}", "money", (cells,), lambda sums: facts.money.amounts(sums), place)


def _retention(part: Part, calendar: Calendar) -> Iterator[FigureSpec]:
    for column, month in enumerate(calendar.each_month):
        yield from _kept(part, column, column + 1, month.label)
    end, year = len(calendar.months), calendar.year
    yield from _kept(part, end - year.n_months, end, year.label)
    for name in ("logo_churn", "revenue_churn"):
        left, watched = (side[:, calendar.columns(year)].sum(axis=1) for side in churn_by_month(part, name))
        yield FigureSpec(f"monthly_{name}", "share", (left, watched), quotient, part.place(year.label))


def _kept(part: Part, start: int, end: int, period: str) -> Iterator[FigureSpec]:
    belongs = part.belongs[:, start]
    for name, (above, below) in retention_terms(part.book, start=start, end=end).items():
        yield FigureSpec(name, "share", (above * belongs, below * belongs), quotient, part.place(period))


def churn_by_month(part: Part, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Of logo or revenue churn, month by month: what left, and what could have, (n, months) float64 each."""
    months = range(part.book.units.shape[1] - 1)
    sides = [retention_terms(part.book, start=month, end=month + 1)[name] for month in months]
    left, watched = (np.column_stack(cells) for cells in zip(*sides, strict=True))
    return left * part.belongs[:, :-1], watched * part.belongs[:, :-1]


def _fiscal_years(part: Part, facts: ReportData) -> Iterator[FigureSpec]:
    first = facts.calendar.months[0]
    for year in facts.calendar.fiscal_years:
        start = int((year.first - first).astype(int))
        end, place = start + year.n_months, Place("fiscal_year", year.label, year.label)
        for name, sides in retention_terms(part.book, start=start, end=end).items():
            yield FigureSpec(name, "share", sides, quotient, place)
        closing = part.book.units[:, end]
        yield FigureSpec("mrr_closing", "money", (closing,), lambda sums: facts.money.amounts(sums), place)
