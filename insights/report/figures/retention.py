"""Retention and churn of revenue and of customers, and cohorts of subscribers."""

from __future__ import annotations

from insights.report.book_rows import subscribers
from insights.report.cohorts import subscription_cohorts
from insights.report.definitions import FigureDefinition, FigureSection, Period, Sums, View

_SPANS: tuple[Period, ...] = ("year", "month", "fiscal_year")
_VIEWS: tuple[View, ...] = ("row", "month_chart", "group_column", "fiscal_year_column")

SECTION = FigureSection(
    position=20,
    figures=(
        FigureDefinition(
            "nrr",
            "share",
            adds_up=True,
            sums=Sums(subscribers, _SPANS, lambda book: book.retention["nrr"]),
            views=(*_VIEWS, "group_chart"),
            reference=1.0,
            is_headline=True,
        ),
        FigureDefinition(
            "grr",
            "share",
            adds_up=True,
            sums=Sums(subscribers, _SPANS, lambda book: book.retention["grr"]),
            views=_VIEWS,
            is_headline=True,
        ),
        FigureDefinition(
            "logo_churn",
            "share",
            adds_up=True,
            sums=Sums(subscribers, _SPANS, lambda book: book.retention["logo_churn"]),
            views=_VIEWS,
            better="lower",
        ),
        FigureDefinition(
            "revenue_churn",
            "share",
            adds_up=True,
            sums=Sums(subscribers, _SPANS, lambda book: book.retention["revenue_churn"]),
            views=_VIEWS,
            better="lower",
        ),
        FigureDefinition(
            "subscribing",
            "share",
            sums=Sums(subscription_cohorts, ("age",), lambda cohort: (cohort.active, cohort.active_first), n=len),
            views=("cohort_table",),
        ),
        FigureDefinition(
            "revenue_kept",
            "share",
            sums=Sums(subscription_cohorts, ("age",), lambda cohort: (cohort.mrr, cohort.mrr_first), n=len),
            views=("cohort_table",),
        ),
    ),
)
