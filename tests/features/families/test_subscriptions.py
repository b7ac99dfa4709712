"""Features of subscriptions, on small histories with known answers."""

from __future__ import annotations

import math
from typing import Any

from tests.featured import features_at
from tests.worlds import frame, shop

OLD = {"customer_id": "old", "event_time": "2020-01-01", "event": "visit"}
COLUMNS: dict[str, Any] = {"ended_at": None, "cancel_requested_at": None, "renews_at": None, "refunded": None}


def span(began: str, mrr: float, ended: str | None = None, **more: Any) -> dict[str, Any]:
    defaults = {"customer_id": "ada", "subscription_id": "s", "plan": "basic", "seats": 5, "term_months": 12}
    return {**defaults, **COLUMNS, "mrr": mrr, "started_at": began, "ended_at": ended, **more}


def features_of_ada(*spans: dict[str, Any]) -> dict[str, float]:
    tables = shop(usage=frame(OLD), subscriptions=frame(span("2020-01-01", 1.0, customer_id="old"), *spans))
    row = features_at(tables, "ada")
    return dict(zip(row.names, row.values[0].tolist(), strict=True))


def test_a_span_that_ends_after_the_cutoff_still_runs():
    features = features_of_ada(
        span("2023-03-08", 100.0, "2024-03-08"), span("2023-03-08", 40.0, "2024-03-07", subscription_id="t")
    )

    assert (features["subscriptions_running"], features["mrr_now"], features["seats_now"]) == (1, 100, 5)
    assert (features["subscriptions_ended_total"], features["days_since_subscription_ended"]) == (1, 1)


def test_a_more_expensive_span_of_the_same_subscription_is_an_upgrade():
    features = features_of_ada(
        span("2023-01-01", 100.0, "2024-02-01"), span("2024-02-01", 150.0, "2024-03-01"), span("2024-03-01", 120.0)
    )

    assert (features["upgrades_90d"], features["downgrades_90d"], features["mrr_change_90d"]) == (1, 1, 20)
    assert features["reactivations_total"] == 0


def test_a_customer_who_comes_back_after_a_pause_is_reactivated():
    features = features_of_ada(span("2023-01-01", 100.0, "2023-06-01"), span("2023-09-01", 100.0, subscription_id="t"))

    assert features["reactivations_total"] == 1
    assert features["subscription_tenure_days"] == 432


def test_there_is_no_pause_while_another_subscription_runs():
    features = features_of_ada(
        span("2023-01-01", 100.0, "2023-06-01"), span("2023-02-01", 10.0, subscription_id="t"),
        span("2023-09-01", 100.0, subscription_id="u"),
    )  # fmt: skip

    assert features["reactivations_total"] == 0


def test_only_running_subscriptions_have_days_to_renewal():
    features = features_of_ada(
        span("2023-03-20", 100.0, renews_at="2024-03-20"), span("2020-03-20", 1.0, "2021-01-01", renews_at="2021-03-20")
    )

    assert features["days_to_renewal"] == 12


def test_a_cancellation_request_is_known_from_its_own_time_on():
    requested = features_of_ada(span("2023-03-20", 100.0, cancel_requested_at="2024-03-07T23:00"))
    not_yet = features_of_ada(span("2023-03-20", 100.0, cancel_requested_at="2024-03-08"))

    assert (requested["cancellations_requested"], not_yet["cancellations_requested"]) == (1, 0)


def test_the_plan_is_that_of_most_running_subscriptions():
    row = features_at(
        shop(
            usage=frame(OLD),
            subscriptions=frame(span("2023-01-01", 9.0, plan="pro"), span("2020-01-01", 9.0, "2021-01-01")),
        ),
        "ada",
    )

    plans = row.vocabularies["main_plan"]
    assert plans[int(row.column("main_plan")[0])] == "pro"
    assert row.column("subscriptions_on_basic")[0] == 0


def test_a_customer_without_subscriptions_has_zero_mrr_and_no_renewal():
    features = features_of_ada()

    assert features["mrr_now"] == 0
    assert math.isnan(features["days_to_renewal"])
