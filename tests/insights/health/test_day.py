"""One day of health: scores, dimensions, changes with reasons, alerts."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from scipy.special import expit

from core.health import BANDS, DIMENSIONS, Band, Dimension
from insights.health.day import NO_BANDS
from tests.insights.health.accounts import DAY, GONE, LESS, WELL, company, day_of


def test_health_is_the_probability_of_staying():
    day = day_of({"acme": WELL, "bolt": GONE})

    assert day.health == pytest.approx([100 * expit(2 + 0.9), 100 * expit(-2.8)])
    assert day.probability == pytest.approx(1 - day.health / 100)


def test_a_dimension_is_the_health_of_a_customer_who_is_average_in_all_others():
    day = day_of({"acme": WELL})
    of = dict(zip(DIMENSIONS, day.dimensions[0], strict=True))

    assert (of[Dimension.USAGE], of[Dimension.SENTIMENT]) == (
        pytest.approx(100 * expit(2)),
        pytest.approx(100 * expit(0.9)),
    )
    assert of[Dimension.BILLING] == pytest.approx(50)
    assert np.isnan([of[Dimension.SUPPORT], of[Dimension.DEPTH]]).all()


def test_changes_compare_the_same_account_and_are_unknown_for_a_new_one():
    day = day_of({"acme": GONE, "new": WELL}, {"acme": LESS}, {"acme": WELL})

    assert day.health_before[7] == pytest.approx([100 * expit(0.9), np.nan], nan_ok=True)
    assert day.health_before[28] == pytest.approx([100 * expit(2.9), np.nan], nan_ok=True)
    assert day.best_before[0] == pytest.approx(100 * expit(2.9))


def test_the_feature_that_changed_most_is_the_first_reason_with_both_values():
    (reasons,) = day_of({"acme": GONE}, month_before={"acme": WELL}).reasons

    assert [reason.code for reason in reasons] == ["usage", "sentiment"]
    assert reasons[0].en == "Days with usage fell from 25 to 1 within 28 days"
    assert reasons[0].ja == "利用日数が28日間で25日から1日に減少"
    assert (reasons[0].direction, reasons[0].weight) == ("up", pytest.approx(4.8))
    assert (reasons[0].value, reasons[0].usual_value) == (1.0, 25.0)


def test_an_unchanged_feature_is_no_reason_and_an_improved_one_lowers_the_risk():
    (reasons,) = day_of({"acme": (20.0, 9.0, 1000.0)}, month_before={"acme": LESS}).reasons

    assert [(reason.code, reason.direction) for reason in reasons] == [("usage", "down")]


def test_a_customer_of_less_than_a_month_is_compared_with_last_week():
    (reasons,) = day_of({"acme": GONE}, {"acme": LESS}).reasons

    assert reasons[0].en == "Days with usage fell from 15 to 1 within 7 days"


def test_a_value_that_became_known_is_a_reason_and_one_that_stays_unknown_is_not():
    unknown, partly_known = (15.0, np.nan, np.nan), (15.0, 2.0, np.nan)
    (reasons,) = day_of({"acme": partly_known}, month_before={"acme": unknown}).reasons

    assert [reason.en for reason in reasons] == ["Last NPS: 2 (28 days earlier: none)"]


def test_a_new_customer_has_no_reasons():
    assert day_of({"acme": WELL}).reasons == [()]


def test_alerts_and_the_dimension_that_dropped_most():
    now = {"acme": GONE, "bolt": WELL, "cold": (10.0, 9.0, 1000.0)}
    day = day_of(now, None, dict.fromkeys(now, WELL))

    assert day.has_alert.tolist() == [True, False, True]
    assert DIMENSIONS[day.dropped_most[0]] == "usage"


def test_a_drop_that_ends_healthy_raises_no_alert():
    day = day_of({"acme": (22.0, 9.0, 1000.0)}, None, {"acme": (40.0, 9.0, 1000.0)}, settings=company(alert_drop=4.0))

    assert day.best_before[0] - day.health[0] > 4
    assert not day.has_alert.any()


def test_one_drop_raises_one_alert_within_the_cool_down():
    alerts, last = [], NO_BANDS
    for passed in range(0, 29, 7):
        day = day_of({"acme": GONE}, None, {"acme": WELL}, day=DAY + timedelta(days=passed), last=last)
        alerts.append(bool(day.has_alert[0]))
        last = day.bands

    assert alerts == [True, False, False, False, True]


def test_a_slow_slide_whose_steps_stay_below_the_threshold_raises_no_alert_even_across_bands():
    settings, last, alerts = company(alert_drop=99.0), NO_BANDS, []
    for step, days_used in enumerate([25.0, 15.0, 11.0, 9.0, 6.0]):
        then = {"acme": (days_used, 6.0, 1000.0)}
        day = day_of(then, then, then, settings=settings, day=DAY + timedelta(days=14 * step), last=last)
        last = day.bands
        alerts.append((BANDS[day.states.band[0]], bool(day.has_alert[0])))

    assert alerts == [
        (Band.HEALTHY, False), (Band.WATCH, False), (Band.AT_RISK, False), (Band.AT_RISK, False),
        (Band.CRITICAL, False),
    ]  # fmt: skip


def test_a_day_without_customers_is_empty():
    day = day_of({}, {"acme": WELL}, {"acme": WELL})

    assert (len(day), day.has_alert.tolist(), day.reasons) == (0, [], [])
