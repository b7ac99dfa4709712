"""Figures are written as each language and currency write them."""

from __future__ import annotations

import math

import pytest

from core.intervals import Estimate
from insights.render.formatting import Formatter
from insights.render.translations import Words

EN, JA = Formatter(Words("en"), "GBP", 2), Formatter(Words("ja"), "JPY", 0)


@pytest.mark.parametrize(
    ("value", "unit", "en", "ja"),
    [
        (12345678.4, "money", "£12,345,678", "¥12,345,678"),
        (515.559, "money", "£515.56", "¥516"),
        (-50, "money", "−£50.00", "−¥50"),
        (0.9034, "share", "90.3%", "90.3%"),
        (0.0123, "share", "1.23%", "1.23%"),
        (33.333, "months", "33.3 months", "33.3か月"),
        (4.25, "hours", "4.2 h", "4.2時間"),
        (-24.7, "points", "−24.7", "−24.7"),
        (2.5, "times", "2.50×", "2.50倍"),
        (math.inf, "months", "∞", "∞"),
        (math.nan, "money", "–", "–"),
    ],
)
def test_each_unit_in_each_language(value, unit, en, ja):
    assert (EN.of(value, unit), JA.of(value, unit)) == (en, ja)


def test_a_currency_without_a_sign_is_named():
    assert Formatter(Words("en"), "CHF", 2).exact(1234.5) == "1,234.50 CHF"


def test_intervals_and_periods_are_written_from_to():
    assert EN.interval(Estimate(0.5, 0.4, 0.6), "share") == "40.0% to 60.0%"
    assert (EN.period("2025-04/2026-03"), JA.period("2025-04/2026-03")) == (
        "Apr 2025 to Mar 2026",
        "2025年4月〜2026年3月",
    )
    assert EN.period("2026-03/2026-03") == "Mar 2026"
