"""What tasks were worth is counted by customer and week, by hand where it can be."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.health import lead_days, named_share, typical, weekly
from benchmarks.task_weeks import TaskWeeks, quarter_table
from core.labels import Labels

WEEKS = np.array(["2025-01-07", "2025-01-14"], "datetime64[D]")
ENDED = np.datetime64("2025-02-01")
CUSTOMERS = np.array(["acme", "acme", "bolt", "bolt", "cold", "cold"])
LEFT = np.array([True, True, True, True, False, False])
"Acme and Bolt end on the first of February."
FELL = np.array([False, True, False, False, True, False])
"Acme got a task a week later, Cold one for nothing."


def outcomes() -> Labels:
    n = len(CUSTOMERS)
    return Labels(
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


def task_weeks(tasks: list[int], right: list[int]) -> TaskWeeks:
    """Weeks of ten customers, of whom one leaves."""
    n = len(tasks)
    cutoffs = np.datetime64("2025-01-07") + 7 * np.arange(n)
    return TaskWeeks(cutoffs, np.full(n, 10.0), np.ones(n), np.array(tasks, float), np.array(right, float))


def test_weeks_are_counted_from_rows():
    weeks = TaskWeeks.of(outcomes(), FELL)

    assert weeks.cutoffs.tolist() == WEEKS.tolist()
    assert (weeks.customers.tolist(), weeks.leavers.tolist()) == ([3.0, 3.0], [2.0, 2.0])
    assert (weeks.tasks.tolist(), weeks.right.tolist()) == ([1.0, 1.0], [0.0, 1.0])


def test_a_week_without_a_task_has_no_precision_and_a_week_with_ten_weighs_as_one():
    found = task_weeks([2, 0, 10, 1], [1, 0, 0, 1]).precision()

    assert found.value == pytest.approx((1 / 2 + 0 + 1) / 3)
    assert found.low < found.value < found.high


def test_weeks_without_any_task_have_no_precision():
    assert np.isnan(task_weeks([0, 0], [0, 0]).precision().value)


def test_a_quarter_is_thirteen_weeks_and_counts_every_task_alike():
    weeks = task_weeks([2, 0, 8] + 10 * [0] + [0], [1, 0, 1] + 10 * [0] + [0])

    first, second = quarter_table(weeks).splitlines()[2:]

    assert first.startswith("| 2025-01-07 | 2025-04-01 | 2 of 13 | 10 | 0.200 [")
    assert second == "| 2025-04-08 | 2025-04-08 | 0 of 1 | 0 | - | 0.100 |"
