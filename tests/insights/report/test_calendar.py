"""Only what is complete is told."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from insights.report.calendar import Calendar


def calendar(as_of: str, first: str, n_months: int = 24, starts: int = 1) -> Calendar:
    return Calendar.until(date.fromisoformat(as_of), date.fromisoformat(first), n_months, starts)


def test_a_month_that_is_not_over_and_one_that_began_before_the_records_are_left_out():
    told = calendar("2026-06-15", "2026-01-20").months

    assert told.tolist() == np.arange("2026-02", "2026-06", dtype="datetime64[M]").tolist()


def test_a_month_whose_first_days_nobody_bought_on_is_complete():
    assert str(calendar("2026-06-15", "2026-01-04").months[0]) == "2026-01"


def test_the_year_is_the_last_twelve_months_or_as_many_as_there_are():
    assert calendar("2026-04-01", "2020-01-01").year.label == "2025-04/2026-03"
    assert calendar("2026-04-01", "2026-01-01").year.label == "2026-01/2026-03"


def test_the_only_month_counts_even_if_it_began_late():
    assert calendar("2026-04-02", "2026-03-25").year.label == "2026-03/2026-03"


def test_a_year_ends_with_each_month_that_has_all_of_its_months_behind_it():
    ends = [f"{year.first} {year.last}" for year in calendar("2026-04-01", "2020-01-01", 14).years]

    assert ends == ["2025-02 2026-01", "2025-03 2026-02", "2025-04 2026-03"]
    assert calendar("2026-04-01", "2020-01-01", 5).years == (calendar("2026-04-01", "2020-01-01", 5).year,)


@pytest.mark.parametrize(
    ("starts", "years"),
    [
        (1, ["2024-10/2024-12", "2025-01/2025-12", "2026-01/2026-03"]),
        (4, ["2024-10/2025-03", "2025-04/2026-03"]),
        (10, ["2024-10/2025-09", "2025-10/2026-03"]),
    ],
)
def test_fiscal_years_begin_with_their_month(starts, years):
    assert [year.label for year in calendar("2026-04-01", "2020-01-01", 18, starts).fiscal_years] == years
