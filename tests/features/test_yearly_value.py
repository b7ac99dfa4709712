"""The value of a customer: what they brought in during the 365 days before the cutoff."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import pytest

from core.config.money import MoneySettings
from features.yearly_value import compute_yearly_value
from tables.building import tables_from_frames
from tests.worlds import config, frame

CUTOFF = date(2026, 4, 1)
IDS = np.array(["ada", "bo"])


def value(*, money: MoneySettings | None = None, **frames) -> tuple[str, list[float]]:
    tables = tables_from_frames(config(money=money or MoneySettings(), watermark=CUTOFF), frames)
    kind, values = compute_yearly_value(tables, IDS, cutoff=CUTOFF)
    return kind, values.tolist()


def line(customer_id: str, day: str, amount: float, **others) -> dict[str, object]:
    return {"customer_id": customer_id, "event_time": datetime.fromisoformat(day), "amount": amount, **others}


def span(customer_id: str, start: str, end: str | None, mrr: float, **others) -> dict[str, object]:
    return {
        "customer_id": customer_id,
        "subscription_id": "s",
        "plan": "pro",
        "mrr": mrr,
        "started_at": datetime.fromisoformat(start),
        "ended_at": None if end is None else datetime.fromisoformat(end),
        **others,
    }


def test_purchases_count_less_returns_within_the_last_year_only():
    lines = [line("ada", "2025-04-01", 100.0), line("ada", "2026-03-31", -30.0), line("ada", "2025-03-31", 500.0)]

    assert value(purchases=frame(*lines)) == ("revenue", [70.0, 0.0])


def test_costs_are_taken_off_where_they_are_recorded_and_a_return_gives_them_back():
    lines = [
        line("ada", "2026-01-01", 100.0, cost=60.0),
        line("ada", "2026-01-02", -100.0, cost=60.0),
        line("bo", "2026-01-01", 50.0, cost=None),
    ]

    assert value(purchases=frame(*lines)) == ("margin", [0.0, 50.0])


def test_a_subscription_counts_for_the_days_on_which_it_ran():
    spans = [span("ada", "2024-01-01", None, 120.0), span("bo", "2025-01-01", "2025-04-11", 120.0)]

    kind, (ada, bo) = value(subscriptions=frame(*spans))

    assert kind == "revenue"
    assert (ada, bo) == (pytest.approx(120 * 12 * 365 / 365.25), pytest.approx(120 * 10 / (365.25 / 12)))


def test_the_margin_rate_of_a_subscription_wins_over_that_of_the_settings():
    spans = [
        span("ada", "2024-01-01", None, 100.0, margin_rate=0.5),
        span("bo", "2024-01-01", None, 100.0, margin_rate=None),
    ]

    kind, (ada, bo) = value(money=MoneySettings(margin_rate=0.8), subscriptions=frame(*spans))

    assert (kind, ada / bo) == ("margin", pytest.approx(0.5 / 0.8))


def test_without_purchases_and_subscriptions_the_value_is_unknown():
    usage = frame({"customer_id": "ada", "event_time": datetime(2026, 1, 1), "event": "login"})

    kind, values = value(usage=usage)

    assert kind == ""
    assert np.isnan(values).all()
