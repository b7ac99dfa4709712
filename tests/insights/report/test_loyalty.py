"""Points, ranks and referrals in the report, in a shop small enough to count by hand."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any

import pytest

from core.config.loyalty import LoyaltySettings
from insights.report.building import Report, build_report
from insights.report.computing import compute_figures
from insights.report.inputs import FigureInputs
from insights.report.report_data import load_report_data
from tests.worlds import config, frame, shop

LINES = (
    "ada 2025-02-03 5000", "ada 2025-06-01 3000", "bo 2025-02-20 1000", "bo 2025-07-15 400", "cy 2025-03-05 600",
    "dee 2025-03-10 2000", "dee 2025-12-20 1000", "eve 2025-12-20 100",
)  # fmt: skip
PEOPLE = frame(
    {"customer_id": "ada", "joined_at": "2025-02-01", "referred_by": None},
    {"customer_id": "bo", "joined_at": "2025-02-10", "referred_by": "ada"},
    {"customer_id": "cy", "joined_at": "2025-03-01", "referred_by": None},
    {"customer_id": "dee", "joined_at": "2025-03-10", "referred_by": "ada"},
    # Joined too late for 90 days.
    {"customer_id": "eve", "joined_at": "2025-12-01", "referred_by": "ada"},
)


def entry(who: str, when: str, points: float, *, kind: str = "plus", until: str | None = None) -> dict[str, Any]:
    return {"customer_id": who, "event_time": when, "points": points, "kind": kind, "expires_at": until}


LEDGER = (
    entry("ada", "2025-02-03", 500, until="2025-11-30"), entry("ada", "2025-06-01", 300),
    entry("ada", "2025-08-01", -100),
    entry("bo", "2025-02-20", 100, until="2025-08-31"), entry("bo", "2025-09-02", -100, kind="Expired"),
    entry("bo", "2025-09-03", 60, until="2026-03-15"),
    entry("dee", "2025-03-10", 240), entry("dee", "2025-04-01", -140),
    entry("dee", "2026-01-01", 1000),
)  # fmt: skip
RANKS = {"silver": 1_500.0, "gold": 5_000.0}


@cache
def loyalty_report(point_value: float | None = 2.0) -> Report:
    """Before 2026: Ada let 400 of 500 points lapse, Bo's 100 are booked as expired, and Dee spent 140 of 240."""
    settings = config(loyalty=LoyaltySettings(point_value=point_value, ranks=RANKS), active_days=365)
    tables = shop(*LINES, settings=settings, customers=PEOPLE, points=frame(*LEDGER))
    return build_report(tables, date(2026, 1, 1))


def value(name: str, *, group: str = "", report: Report | None = None) -> float:
    by = "rank" if group else "all"
    figure = (report or loyalty_report()).figures.one(name, by, group=group)
    assert figure is not None
    return figure.value


def test_outstanding_points_are_what_was_earned_less_what_was_spent_or_lapsed():
    # Ada 300, Bo 60, Dee 100; what happens on the day of the report and later is not known.
    assert value("points_outstanding") == 460
    assert value("points_expiring_soon") == 60
    assert value("points_face_value") == 920


def test_the_liability_takes_off_the_breakage_of_the_points_that_ended():
    assert (value("points_expired"), value("points_spent"), value("points_earned")) == (500, 240, 1200)
    assert value("points_breakage_rate") == pytest.approx(500 / 740)
    assert value("points_liability") == pytest.approx(920 * 240 / 740)


def test_earning_and_burning_are_rates_with_intervals():
    burn = loyalty_report().figures.one("points_burn_rate")

    assert burn is not None
    assert burn.value == pytest.approx(240 / 1200)
    assert burn.estimate.low <= burn.value <= burn.estimate.high
    assert value("points_redeeming_share") == pytest.approx(2 / 3)
    # 1,200 points of 2 yen each for 12,400 yen that Ada, Bo and Dee bought.
    assert value("points_reward_rate") == pytest.approx(2400 / 12_400)


def test_points_that_lapse_count_in_the_month_of_their_last_day():
    months = {one.place.period: one.value for one in loyalty_report().figures.monthly("points_expired")}

    assert (months["2025-11"], months["2025-09"]) == (400, 100)


def test_balances_of_today_are_not_shown_for_an_earlier_period():
    settings = config(loyalty=LoyaltySettings(point_value=2.0, ranks=RANKS), active_days=365)
    data = load_report_data(shop(*LINES, settings=settings, points=frame(*LEDGER)), date(2026, 1, 1))
    earlier = data.calendar.without_last(0)
    assert earlier is not None

    names = {one.name for one in compute_figures(FigureInputs(data.over(earlier), is_summary=True))}

    assert {"points_earned", "points_burn_rate"} <= names
    assert names.isdisjoint({"points_outstanding", "points_face_value", "points_liability", "rank_customers"})


def test_customers_are_counted_by_rank():
    assert [value("rank_customers", group=name) for name in RANKS] == [1, 1]
    assert value("rank_share", group="gold") == pytest.approx(1 / 5)


def test_without_the_value_of_a_point_there_is_no_money_and_the_report_says_so():
    report = loyalty_report(point_value=None)

    assert report.figures.one("points_outstanding") is not None
    assert {figure.name for figure in report.figures}.isdisjoint({"points_face_value", "points_liability"})
    assert "point_value" in report.missing


def test_without_a_table_of_points_the_report_has_no_chapter_and_asks_for_nothing():
    report = build_report(shop(*LINES), date(2026, 1, 1))

    assert not [figure for figure in report.figures if figure.name.startswith(("points_", "rank_"))]
    assert not {"point_value", "points_expiries"} & set(report.missing)


def test_referred_customers_are_compared_with_others_over_the_same_days_after_joining():
    # Bo and Dee: 1,000 and 2,000 within 90 days. Ada and Cy: 5,000 and 600; June is later than 90 days.
    assert (value("referred_value"), value("other_value")) == (1_500, 2_800)
    assert value("referred_value_difference") == -1_300


def test_a_customer_who_orders_again_within_half_a_year_is_retained():
    # Bo ordered on day 155, Ada on day 120. Dee ordered on day 285, and Cy never again.
    assert (value("referred_retention"), value("other_retention")) == (1 / 2, 1 / 2)
    assert value("referred_retention_difference") == 0
