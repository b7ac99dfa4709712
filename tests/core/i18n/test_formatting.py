"""Numbers, amounts and dates are written as each language writes them."""

from __future__ import annotations

from datetime import date

import pytest

from core.i18n.formatting import format_date, format_money, format_month, format_number, format_percent


def test_numbers_are_grouped_and_may_have_a_sign():
    assert format_number(1234567, "ja") == "1,234,567"
    assert format_number(12.345, "en", n_decimals=1) == "12.3"
    assert [format_number(value, "en", is_signed=True) for value in (3, -3)] == ["+3", "-3"]


def test_a_percentage_is_a_share_of_one():
    assert format_percent(0.0312, "en", n_decimals=1) == "3.1%"
    assert format_percent(-0.2, "ja", is_signed=True) == "-20%"


def test_an_amount_has_the_sign_of_its_currency_or_its_code():
    assert format_money(-50, "GBP", locale="en", n_decimals=2) == "-£50.00"
    assert format_money(1234.5, "CHF", locale="en", n_decimals=2) == "CHF\N{NO-BREAK SPACE}1,234.50"


def test_dates_are_written_in_full():
    assert [format_date(date(2026, 3, 4), locale) for locale in ("en", "ja")] == ["4 March 2026", "2026年3月4日"]
    assert [format_month(date(2026, 3, 4), locale) for locale in ("en", "ja")] == ["Mar 2026", "2026年3月"]


@pytest.mark.parametrize("value", [-0.004, -0.0, 0.0, 0.004])
def test_what_rounds_to_nothing_has_no_minus(value):
    assert format_number(value, "en", n_decimals=1) == "0.0"
    assert format_number(value, "en") == "0"
    assert format_percent(value, "ja") == "0%"
    assert format_money(value, "GBP", locale="en", n_decimals=2) == "£0.00"
    assert format_number(-0.6, "en") == "-1"
