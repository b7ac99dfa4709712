"""Days of six or eight digits: the name of their column says that they are no other numbers."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from tables.discovery.compact_dates import guess_compact
from tables.discovery.dates import guess_dates
from tests.kizuna.exports import discover, purchases, write

DAYS = [datetime(1993, 1, 3) + timedelta(days=3 * n) for n in range(300)]


@pytest.mark.parametrize("pattern", ["%y%m%d", "%d%m%y", "%m%d%y", "%d%m%Y", "%m%d%Y"])
@pytest.mark.parametrize("years", [0, 14, 29])
def test_the_years_are_the_digits_with_the_fewest_different_values(pattern: str, years: int):
    days = [day.replace(year=day.year + years, day=min(day.day, 28)) for day in DAYS]

    guess = guess_compact([(day.strftime(pattern), 1) for day in days])

    assert guess is not None
    assert (guess.date_format, guess.share) == (pattern, 1.0)
    assert guess.first == days[0].date()


@pytest.mark.parametrize("cells", [["100000", "100001"], ["930105", "9301"], ["99999999"], ["93-105"], []])
def test_other_digits_are_no_days(cells: list[str]):
    assert guess_compact([(one, 1) for one in cells]) is None


@pytest.mark.parametrize(("column", "is_read"), [("date", True), ("branch", False)])
@pytest.mark.usefixtures("folder")
def test_days_of_six_digits_are_read_where_the_name_of_their_column_is_that_of_a_time(column: str, is_read: bool):
    rows = [f"{n},c{n % 20},{day:%y%m%d},{n % 9 + 1}.5,{day:%Y-%m-%d}" for n, day in enumerate(DAYS)]
    write("orders.csv", [f"order_id,customer_id,{column},amount,written_at", *rows])

    toml = discover("orders.csv")

    source = toml["tables"]["purchases"]
    assert (source["columns"]["event_time"] == column) == is_read
    assert sorted(row["event_time"].date() for row in purchases()) == [day.date() for day in DAYS]


def test_a_year_of_two_digits_is_one_of_the_last_century_from_69_on():
    guess = guess_dates([("04/05/93", 1), ("06/05/24", 1)], today=date(2026, 1, 1))

    assert guess is not None
    assert (guess.first, guess.last) == (date(1993, 5, 4), date(2024, 5, 6))
