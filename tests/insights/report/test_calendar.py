"""The calendar of a report has complete months only."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from insights.report.calendar import Calendar


def calendar(cutoff: str, first: str, *, n_months: int = 24, starts: int = 1) -> Calendar:
    day, first_day = date.fromisoformat(cutoff), date.fromisoformat(first)
    return Calendar.until(day, first=first_day, n_months=n_months, fiscal_year_starts=starts)


def test_the_current_month_and_a_first_month_with_missing_days_are_excluded():
    months = calendar("2026-06-15", "2026-01-20").months

    assert months.tolist() == np.arange("2026-02", "2026-06", dtype="datetime64[M]").tolist()


def test_a_month_whose_records_start_in_its_first_week_is_complete():
    assert str(calendar("2026-06-15", "2026-01-04").months[0]) == "2026-01"


def test_the_year_is_the_last_twelve_months_or_as_many_as_there_are():
    assert calendar("2026-04-01", "2020-01-01").year.label == "2025-04/2026-03"
    assert calendar("2026-04-01", "2026-01-01").year.label == "2026-01/2026-03"


def test_the_only_month_counts_even_if_its_records_start_late():
    assert calendar("2026-04-02", "2026-03-25").year.label == "2026-03/2026-03"


def test_years_end_with_each_month_that_has_eleven_months_before_it():
    ends = [f"{year.first} {year.last}" for year in calendar("2026-04-01", "2020-01-01", n_months=14).years]

    assert ends == ["2025-02 2026-01", "2025-03 2026-02", "2025-04 2026-03"]
    assert calendar("2026-04-01", "2020-01-01", n_months=5).years == (
        calendar("2026-04-01", "2020-01-01", n_months=5).year,
    )


@pytest.mark.parametrize(
    ("starts", "years"),
    [
        (1, ["2024-10/2024-12", "2025-01/2025-12", "2026-01/2026-03"]),
        (4, ["2024-10/2025-03", "2025-04/2026-03"]),
        (10, ["2024-10/2025-09", "2025-10/2026-03"]),
    ],
)
def test_fiscal_years_start_in_the_configured_month(starts, years):
    assert [
        year.label for year in calendar("2026-04-01", "2020-01-01", n_months=18, starts=starts).fiscal_years
    ] == years
