"""Features of usage, on small logs with known answers."""

from __future__ import annotations

import math
from typing import Any

from tests.featured import features_at
from tests.worlds import frame, shop


def event(when: str, name: str = "visit", **more: Any) -> dict[str, Any]:
    return {"customer_id": "ada", "event_time": when, "event": name, **more}


def features_of_ada(*events: dict[str, Any]) -> dict[str, float]:
    old = {"customer_id": "old", "event_time": "2020-01-01", "event": "visit"}
    row = features_at(shop(usage=frame(old, *events)), "ada")
    return dict(zip(row.names, row.values[0].tolist(), strict=True))


def test_a_data_set_without_purchases_has_usage_features():
    features = features_of_ada(event("2024-03-01"), event("2024-02-20"), event("2024-02-20T12:00"))

    assert (features["days_since_last_usage"], features["usage_events_30d"], features["usage_days_30d"]) == (7, 3, 2)
    assert "orders_30d" not in features


def test_a_session_counts_once_and_only_where_sessions_are_recorded():
    features = features_of_ada(
        event("2024-03-01", session_id="s"), event("2024-03-02", session_id="s"), event("2024-03-03")
    )

    assert features["usage_sessions_30d"] == 1
    assert "usage_sessions_30d" not in features_of_ada(event("2024-03-01"))


def test_each_kind_of_event_has_its_own_count():
    features = features_of_ada(event("2024-03-01", "log in"), event("2024-03-02", "log in"), event("2024-03-03"))

    assert (features["usage_log_in_30d"], features["usage_visit_30d"]) == (2, 1)


def test_declining_usage_shows_in_its_trend():
    assert features_of_ada(event("2024-02-25"), event("2024-02-26"))["usage_trend_7d"] == 0
    assert math.isnan(features_of_ada(event("2024-01-01"))["usage_trend_7d"])


def test_errors_come_from_the_errors_column_or_else_from_event_names():
    features = features_of_ada(event("2024-03-01", "export", errors=3), event("2024-03-02", "error page"))

    assert features["usage_errors_30d"] == 3
    assert features_of_ada(event("2024-03-01", "export"), event("2024-03-02", "Error page"))["usage_errors_30d"] == 1
