"""Values, ids and dates of small inputs are read rightly, or refused with the setting that reads them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from core.errors import DataError
from tables.sources.opening import open_tables
from tables.tables import Tables

TODAY = date(2026, 11, 30)


def column(tables: Tables, name: str, table: str = "purchases") -> list[Any]:
    return tables[table][name].to_pyarrow().to_pylist()


def countries(case) -> set[str]:
    """The countries of the customers in purchases."""
    view = case.tables.at(date(2027, 1, 1))
    return set(view["purchases"].inner_join(view["customers"], "customer_id")["country"].to_pyarrow().to_pylist())


@pytest.mark.case("date_only_utc_csv")
def test_a_day_without_a_time_stays_the_same_day_in_every_zone(case):
    assert set(column(case.tables, "event_time")) >= {datetime(2026, 3, 1), datetime(2026, 1, 1)}
    assert {time.hour for time in column(case.tables, "event_time")} == {0}


@pytest.mark.case("dayfirst")
def test_dates_that_could_be_two_are_refused_with_the_setting_that_reads_them(case):
    outcome = case.run("check")

    assert outcome.exit_code == 2
    assert "'10/01/2026 10:00' (row 1)" in outcome.error
    assert 'it could be two dates; set date_format = "day_first"' in outcome.error

    case.set_toml('path="purchases.csv"', 'path="purchases.csv"\ndate_format="day_first"')
    assert column(case.tables, "event_time")[0] == datetime(2026, 1, 10, 10)


@pytest.mark.case("decimal_ids_half")
def test_ids_of_exact_decimals_are_exact(case):
    tables = case.tables

    assert {"7200000000000000001", "100"} <= set(column(tables, "customer_id"))
    assert tables.load_report("purchases").n_usable == 40


@pytest.mark.case("dot_thousands")
def test_dots_before_three_digits_are_a_question_until_the_toml_answers_it(case):
    with pytest.raises(DataError, match=r'could be two numbers.*set thousands = "[.]"'):
        _ = case.tables

    case.set_toml('delimiter=";"', 'delimiter=";"\nthousands="."')
    assert sorted(set(column(case.tables, "amount")))[:3] == [450, 980, 1000]


@pytest.mark.case("currency_signs")
def test_only_amounts_of_the_own_currency_count(case):
    tables = case.tables

    (foreign,) = tables.load_report("purchases").exclusions
    assert sum(column(tables, "amount")) == 100
    assert (foreign.reason, foreign.n_rows, foreign.example) == ("amount: in another currency", 30, "'$10.00' (row 1)")


@pytest.mark.case("float_ids_join")
def test_float_ids_among_nan_join_and_guests_are_no_customer(case):
    ids = column(case.tables, "customer_id")
    assert ids.count(None) == 10
    assert {one for one in ids if one} == {"17850", "17851", "17852", "17853", "17854", "17855"} & set(ids)
    assert countries(case) == {"FR"}


@pytest.mark.case("guest_null")
def test_a_null_word_is_no_customer_and_is_counted(case):
    tables = case.tables

    ids = column(tables, "customer_id")
    assert (ids.count(None), "NULL" in ids) == (10, False)
    assert str(tables.load_report("purchases").notes[0].text) == "10 values such as 'NULL' mean missing"


@pytest.mark.case("leading_zero_join")
def test_leading_zeros_are_never_dropped(case):
    assert "00001" in column(case.tables, "customer_id")
    assert countries(case) == set()


@pytest.mark.case("pg_offset_hours_only")
def test_an_offset_of_hours_is_read(case):
    assert column(case.tables, "event_time")[0] == datetime(2026, 1, 11, 8, 30)


@pytest.mark.case("sci_ids")
def test_ids_that_lost_their_digits_are_refused_with_an_example(case):
    with pytest.raises(DataError, match=r"scientific notation, its digits are lost, e.g. '1.78E\+04' \(row 2\)"):
        _ = case.tables


@pytest.mark.case("space_join")
def test_blanks_around_ids_do_not_keep_tables_apart(case):
    assert countries(case) == {"FR"}


@pytest.mark.case("spend_month_short")
def test_a_month_of_spend_is_read(case):
    assert date(2026, 3, 1) in column(case.tables, "month", "spend")


@pytest.mark.case("tie_country")
def test_of_two_rows_of_one_day_the_one_recorded_later_counts(case):
    assert countries(case) == {"AA"}


@pytest.mark.case("wide_ids")
def test_full_width_ids_are_those_of_half_width(case):
    assert not [one for one in column(case.tables, "customer_id") if one and not one.isascii()]


@pytest.mark.case("future_typo")
def test_one_row_of_another_century_moves_no_watermark(case):
    tables = case.tables

    assert tables.watermark("purchases") == date(2026, 6, 18)
    assert tables.load_report("purchases").exclusions[0].row == 41


@pytest.mark.case("three_dates_ahead")
def test_three_rows_ahead_of_today_move_no_watermark(case):
    tables = open_tables(case.config, today=TODAY)

    assert tables.watermark("purchases") == date(2025, 12, 30)
    assert tables.load_report("purchases").exclusions[0].n_rows == 3
