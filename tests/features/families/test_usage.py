"""The usage family, worked out by hand."""

from __future__ import annotations

import math
from typing import Any

from tests.featured import features_at
from tests.worlds import frame, shop


def used(when: str, event: str = "visit", **more: Any) -> dict[str, Any]:
    return {"customer_id": "ada", "event_time": when, "event": event, **more}


def ada(*events: dict[str, Any]) -> dict[str, float]:
    old = {"customer_id": "old", "event_time": "2020-01-01", "event": "visit"}
    row = features_at(shop(usage=frame(old, *events)), "ada")
    return dict(zip(row.names, row.values[0].tolist(), strict=True))


def test_a_shop_without_purchases_has_features_of_usage():
    found = ada(used("2024-03-01"), used("2024-02-20"), used("2024-02-20T12:00"))

    assert (found["days_since_last_usage"], found["usage_events_30d"], found["usage_days_30d"]) == (7, 3, 2)
    assert "orders_30d" not in found


def test_sessions_are_counted_once_and_only_where_they_are_recorded():
    found = ada(used("2024-03-01", session_id="s"), used("2024-03-02", session_id="s"), used("2024-03-03"))

    assert found["usage_sessions_30d"] == 1
    assert "usage_sessions_30d" not in ada(used("2024-03-01"))


def test_each_kind_of_event_has_its_own_count():
    found = ada(used("2024-03-01", "log in"), used("2024-03-02", "log in"), used("2024-03-03"))

    assert (found["usage_log_in_30d"], found["usage_visit_30d"]) == (2, 1)


def test_usage_that_fades_shows_in_its_trend():
    assert ada(used("2024-02-25"), used("2024-02-26"))["usage_trend_7d"] == 0
    assert math.isnan(ada(used("2024-01-01"))["usage_trend_7d"])


def test_errors_are_those_that_the_table_counts_and_else_the_events_called_so():
    found = ada(used("2024-03-01", "export", errors=3), used("2024-03-02", "error page"))

    assert found["usage_errors_30d"] == 3
    assert ada(used("2024-03-01", "export"), used("2024-03-02", "Error page"))["usage_errors_30d"] == 1
