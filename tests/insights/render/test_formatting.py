"""Values are written as each language and currency write them."""

from __future__ import annotations

import math

import pytest

from core.i18n.translation import ENGLISH, JAPANESE
from core.intervals import Estimate
from insights.render.formatting import Formatter

EN, JA = Formatter(ENGLISH, "GBP", 2), Formatter(JAPANESE, "JPY", 0)


@pytest.mark.parametrize(
    ("value", "unit", "en", JAPANESE),
    [
        (12345678.4, "money", "£12,346k", "12,346千円"),
        (515.559, "money", "£515.56", "516円"),
        (-50, "money", "-£50.00", "-50円"),
        (0.9034, "share", "90.3%", "90.3%"),
        (0.0123, "share", "1.23%", "1.23%"),
        (33.333, "months", "33.3 months", "33.3か月"),
        (4.25, "hours", "4.2 h", "4.2時間"),
        (-24.7, "points", "-24.7", "-24.7"),
        (2.5, "times", "2.50×", "2.50倍"),
        (math.inf, "months", "∞", "∞"),
        (math.nan, "money", "–", "–"),
    ],
)
def test_each_unit_in_each_language(value, unit, en, ja):
    assert (EN.format(value, unit), JA.format(value, unit)) == (en, ja)


def test_a_currency_without_a_sign_is_named():
    assert Formatter(ENGLISH, "CHF", 2).exact(1234.5) == "CHF\N{NO-BREAK SPACE}1,234.50"


def test_intervals_and_periods_have_two_ends():
    assert EN.interval(Estimate(0.5, 0.4, 0.6), "share") == "40.0% to 60.0%"
    assert EN.interval(Estimate(3.7, 3.1, 4.0), "count") == "3.10 to 4.00"
    assert JA.interval(Estimate(900.0, 800.0, math.inf), "money") == "800円〜∞"
    assert (EN.period("2025-04/2026-03"), JA.period("2025-04/2026-03")) == (
        "Apr 2025 to Mar 2026",
        "2025年4月〜2026年3月",
    )
    assert EN.period("2026-03/2026-03") == "Mar 2026"


def test_an_interval_has_the_decimals_of_its_value():
    assert JA.interval(Estimate(0.028, 0.0193, 0.039), "share") == "1.9%〜3.9%"
    assert EN.interval(Estimate(0.0136, 0.0078, 0.021), "share") == "0.78% to 2.10%"
    assert EN.interval(Estimate(0.0, 0.0, 0.0487), "share") == "0.0% to 4.9%"
    assert EN.interval(Estimate(10.6, 9.98, 11.4), "count") == "10 to 11"


def test_amounts_that_are_read_beside_each_other_have_one_unit_with_two_digits_for_the_smallest():
    assert [JA.common_scale(one) for one in ([825e3, 1_015e3], [9e3, 1_015e3], [825e3], [2e9, 20e6], [0.0])] == [
        1_000, 1, 1, 1_000_000, 1,
    ]  # fmt: skip
    assert [JA.format(one, "money", scale=1_000) for one in (825e3, 1_015e3)] == ["825千円", "1,015千円"]
    assert JA.interval(Estimate(825e3, 1e5, 2e6), "money", scale=1_000) == "100千円〜2,000千円"
    assert EN.format(1_015_000.5, "money", scale=1) == "£1,015,000"


def test_the_last_value_of_a_line_has_the_unit_of_its_axis():
    assert [JA.beside_axis(72_644_350, largest, unit="money") for largest in (60e6, 500e3, 90e3)] == [
        "72.6百万円", "72,644千円", "72,644千円",
    ]  # fmt: skip
    assert JA.beside_axis(1_005_000, 1e6, unit="money") == "1.00百万円"
    assert (EN.beside_axis(412e6, 4e8, unit="money"), EN.beside_axis(0.5, 1, unit="share")) == ("£412M", "50.0%")


def test_japanese_tables_of_large_yen_amounts_are_in_thousands_and_say_so():
    scale = JA.scale_of([320.0, 74_836_532.0])

    assert (scale, JA.table_unit(scale)) == (1_000, "\N{IDEOGRAPHIC SPACE}単位:千円")
    assert JA.exact(74_836_532, scale=scale) == "74,837"
    assert JA.interval(Estimate(2e6, 900_000, 3e6), "money") == "900千円〜3,000千円"
    assert (JA.exact(320), JA.table_unit(JA.scale_of([320.0]))) == ("320", "\N{IDEOGRAPHIC SPACE}単位:円")


def test_very_large_amounts_are_in_millions_and_english_tables_name_their_unit():
    assert (EN.money(2_345_678_901), JA.money(2_345_678_901)) == ("£2,346M", "2,346百万円")
    assert (EN.table_unit(1), EN.table_unit(1_000)) == ("", " (thousands of GBP)")
    assert (EN.exact(320.5), EN.exact(74_836_532, scale=1_000)) == ("£320.50", "74,837")
    assert Formatter(JAPANESE, "USD", 2).money(3_000_000) == "$3,000千"


def test_the_values_of_an_axis_are_short_and_zero_has_no_unit():
    assert [EN.tick(value, 6e6, unit="money") for value in (0, 2.5e6, 6e6)] == ["0", "£2.5M", "£6M"]
    assert [JA.tick(value, 200_000, unit="money") for value in (50_000, 200_000)] == ["50千円", "200千円"]
    assert JA.tick(40_000, 40_000, unit="money") == "40,000円"
    assert (JA.tick(20, 20, unit="hours"), EN.tick(2.5, 10, unit="hours")) == ("20時間", "2.5 h")
    assert [EN.count(value) for value in (0.36, 2.345, 314.45, 3.0, -(0.3 - 0.1) * 35)] == [
        "0.36",
        "2.34",
        "314",
        "3",
        "-7",
    ]
    assert (EN.tick(0.025, 0.1, unit="share"), EN.tick(0.5, 1.0, unit="share")) == ("2.5%", "50%")
    assert (EN.tick(7.5, 10, unit="months"), EN.tick(1200, 1500, unit="customers")) == ("7.5", "1,200")


def test_an_axis_of_differences_is_in_points():
    assert [EN.tick_of_difference(value, 0.25) for value in (-0.25, 0.0, 0.125)] == ["-25 pt", "0", "+12.5 pt"]
    assert JA.tick_of_difference(0.25, 0.25) == "+25ポイント"


def test_no_change_of_a_share_has_as_many_decimals_as_others():
    assert [EN.change(value, 0.0, unit="share") for value in (0.0, 0.0004, 0.02)] == ["+0.0 pt", "+0.04 pt", "+2.0 pt"]
