"""A report compares its figures with earlier ones, with another period and with targets."""

from __future__ import annotations

import json
from datetime import date

import pytest

from core.config.money import ReportSettings
from core.errors import BadInput, ConfigError
from core.i18n.translation import ENGLISH, JAPANESE
from insights.render.formatting import Formatter
from insights.render.report import render_json, render_report
from insights.report.building import Report, build_report
from insights.report.comparisons import parse_period
from tests.worlds import config, frame, shop

AMOUNTS = {1: 100, 2: 50, 3: 70, 4: 90, 12: 30}
"Of Ada's order in each month of 2025; one of 40 in January 2026 follows."


def shop_report(targets: dict[str, float] | None = None, *, compare: str = "") -> Report:
    lines = [f"ada 2025-{month:02d}-03 {amount}" for month, amount in AMOUNTS.items()] + ["ada 2026-01-05 40"]
    settings = config(report=ReportSettings(targets=targets or {}))
    compared_with = parse_period(compare) if compare else None
    return build_report(shop(*lines, settings=settings), date(2026, 2, 1), compared_with=compared_with)


def test_a_tile_is_compared_with_the_same_figure_a_month_earlier():
    report = shop_report()

    # The twelve months to January 2026 against those to December 2025.
    revenue = report.figures.one("revenue")
    assert revenue is not None
    assert revenue.value == 280
    assert report.earlier["month"]["revenue"] == 340
    assert "-17.6% in a month" in render_report(report, ENGLISH)
    assert "前月比 -17.6%" in render_report(report, JAPANESE)


def test_nothing_is_compared_with_a_year_that_the_report_does_not_cover():
    report = shop_report()

    assert set(report.earlier) == {"month"}
    assert "in a year" not in render_report(report, ENGLISH)


def test_mrr_of_a_year_earlier_is_that_of_the_same_month():
    spans = [
        {"customer_id": "ada", "subscription_id": "s1", "plan": "basic", "mrr": 100.0, "started_at": "2024-01-03"},
        {"customer_id": "bo", "subscription_id": "s2", "plan": "basic", "mrr": 50.0, "started_at": "2025-06-10"},
    ]
    report = build_report(shop(subscriptions=frame(*spans)), date(2026, 1, 1))

    assert (report.earlier["month"]["mrr"], report.earlier["year"]["mrr"]) == (150, 100)
    assert "+50.0% in a year" in render_report(report, ENGLISH)


def test_two_periods_of_equal_length_are_compared():
    report = shop_report(compare="2025-01..2025-02")
    comparison = report.comparison
    assert comparison is not None

    assert (comparison.other_period, comparison.period) == ("2025-01/2025-02", "2025-12/2026-01")
    assert (comparison.other_values["revenue"], comparison.values["revenue"]) == (150, 70)
    assert (comparison.other_values["new_customers"], comparison.values["new_customers"]) == (1, 0)
    assert json.loads(render_json(report))["comparison"]["other_values"]["average_order_value"] == 75
    assert ">-53.3%</td>" in render_report(report, ENGLISH)
    assert "期間比較" in render_report(report, JAPANESE)


@pytest.mark.parametrize("compare", ["2024-11..2025-02", "2025-12..2026-02"])
def test_a_period_outside_the_data_is_refused_with_the_months_there_are(compare: str):
    with pytest.raises(BadInput, match="the complete months of the data are 2025-01 to 2026-01"):
        shop_report(compare=compare)


@pytest.mark.parametrize(
    "text", ["2025", "2025-04..", "2025-09..2025-04", "2025-13..2025-14", "last year", "..2025-04"]
)
def test_a_text_that_is_no_period_is_refused_with_an_example(text: str):
    with pytest.raises(BadInput, match=r"--compare reads like 2025-04\.\.2025-09"):
        parse_period(text)


def test_one_month_is_a_period():
    assert parse_period("2025-04").label == parse_period("2025-04..2025-04").label == "2025-04/2025-04"


def test_a_target_is_met_or_missed_and_makes_a_tile():
    report = shop_report({"revenue": 300.0, "orders": 4.0})
    page = render_report(report, ENGLISH)

    assert [(target.name, target.is_met) for target in report.targets] == [("revenue", False), ("orders", True)]
    assert "target ¥300: missed" in page
    assert "target 4: met" in page
    assert "目標300円:未達" in render_report(report, JAPANESE)


def test_a_target_of_an_unknown_figure_is_refused_in_the_words_of_the_toml():
    with pytest.raises(
        ConfigError, match=r"^\[report\.targets\] revenu = 1: no figure has this name; did you mean 'revenue'\?$"
    ):
        shop_report({"revenu": 1.0})
    with pytest.raises(
        ConfigError, match=r"^\[report\.targets\] aov = 50: no figure has this name; docs/reference/figures\.md lists"
    ):
        shop_report({"aov": 50.0})


def test_changes_are_in_points_for_shares_and_in_percent_for_amounts():
    english, japanese = Formatter(ENGLISH, "JPY", 0), Formatter(JAPANESE, "JPY", 0)

    assert (english.change(0.92, 0.9, unit="share"), japanese.change(0.9, 0.92, unit="share")) == (
        "+2.0 pt", "-2.0ポイント",
    )  # fmt: skip
    assert (english.change(110, 100, unit="money"), english.change(-5.0, 3.0, unit="points")) == ("+10.0%", "-8.0")
    assert (english.change(0.9999, 1.0, unit="money"), english.change(3.0, 3.01, unit="points")) == ("+0.0%", "+0.0")
    assert english.change(1.0, 0.0, unit="money") == english.change(1.0, float("nan"), unit="money") == ""
