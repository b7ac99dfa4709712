"""What tasks were worth is counted by customer and week, by hand where it can be."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.health import lead_days, named_share, typical, weekly
from core.outcomes import Outcomes

WEEKS = np.array(["2025-01-07", "2025-01-14"], "datetime64[D]")
ENDED = np.datetime64("2025-02-01")
CUSTOMERS = np.array(["acme", "acme", "bolt", "bolt", "cold", "cold"])
LEFT = np.array([True, True, True, True, False, False])
"Acme and Bolt end on the first of February."
FELL = np.array([False, True, False, False, True, False])
"Acme got a task a week later, Cold one for nothing."


def outcomes() -> Outcomes:
    n = len(CUSTOMERS)
    return Outcomes(
        customer_ids=CUSTOMERS,
        cutoffs=np.tile(WEEKS, 3),
        churned=LEFT,
        churned_at=np.where(LEFT, ENDED, np.datetime64("NaT", "D")),
        cause=np.full(n, ""),
        amount_after=np.zeros(n),
        observed_until=np.full(n, np.datetime64("2026-01-01")),
        horizon_days=90,
    )


def test_a_task_gives_the_days_from_it_to_the_end():
    assert lead_days(outcomes().take(FELL)).tolist() == [18.0]


def test_a_leaver_is_named_once_however_many_weeks_come_before_the_end():
    assert named_share(outcomes(), FELL).value == pytest.approx(1 / 2)


def test_tasks_are_counted_week_by_week():
    found = weekly(outcomes().cutoffs, FELL)

    assert (found.value, found.low, found.high) == (1.0, 1.0, 1.0)


def test_without_a_task_there_is_no_figure():
    assert np.isnan(typical(np.empty(0), np.empty(0, "U1")).value)
