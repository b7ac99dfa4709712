"""Precision, recall and lead time of tasks, on small examples with known answers."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.health import lead_days, mean_with_interval, share_with_task, tasks_per_week
from benchmarks.task_weeks import TaskWeeks, quarter_table
from core.labels import Labels

WEEKS = np.array(["2025-01-07", "2025-01-14"], "datetime64[D]")
ENDED = np.datetime64("2025-02-01")
CUSTOMERS = np.array(["acme", "acme", "bolt", "bolt", "cold", "cold"])
CHURNED = np.array([True, True, True, True, False, False])
"Acme and Bolt churn on the first of February."
HAS_TASK = np.array([False, True, False, False, True, False])
"Acme has a task in the second week; Cold has a false one in the first."


def labels() -> Labels:
    n = len(CUSTOMERS)
    return Labels(
        customer_ids=CUSTOMERS,
        cutoffs=np.tile(WEEKS, 3),
        churned=CHURNED,
        churned_at=np.where(CHURNED, ENDED, np.datetime64("NaT", "D")),
        cause=np.full(n, ""),
        amount_after=np.zeros(n),
        observed_until=np.full(n, np.datetime64("2026-01-01")),
        horizon_days=90,
    )


def test_the_lead_time_is_the_days_from_the_task_to_the_churn():
    assert lead_days(labels().take(HAS_TASK)).tolist() == [18.0]


def test_a_churned_customer_counts_once_however_many_weeks_precede_the_churn():
    assert share_with_task(labels(), HAS_TASK).value == pytest.approx(1 / 2)


def test_tasks_are_counted_week_by_week():
    estimate = tasks_per_week(labels().cutoffs, HAS_TASK)

    assert (estimate.value, estimate.low, estimate.high) == (1.0, 1.0, 1.0)


def test_without_a_task_there_is_no_figure():
    assert np.isnan(mean_with_interval(np.empty(0), np.empty(0, "U1")).value)


def task_weeks(tasks: list[int], right: list[int]) -> TaskWeeks:
    """Weeks of ten customers, one of which churns."""
    n = len(tasks)
    cutoffs = np.datetime64("2025-01-07") + 7 * np.arange(n)
    return TaskWeeks(
        cutoffs=cutoffs,
        customers=np.full(n, 10.0),
        churners=np.ones(n),
        tasks=np.array(tasks, float),
        right=np.array(right, float),
    )


def test_weeks_are_counted_from_rows():
    weeks = TaskWeeks.of(labels(), HAS_TASK)

    assert weeks.cutoffs.tolist() == WEEKS.tolist()
    assert (weeks.customers.tolist(), weeks.churners.tolist()) == ([3.0, 3.0], [2.0, 2.0])
    assert (weeks.tasks.tolist(), weeks.right.tolist()) == ([1.0, 1.0], [0.0, 1.0])


def test_precision_by_week_ignores_weeks_without_tasks_and_weights_the_others_equally():
    precision = task_weeks([2, 0, 10, 1], [1, 0, 0, 1]).precision()

    assert precision.value == pytest.approx((1 / 2 + 0 + 1) / 3)
    assert precision.low < precision.value < precision.high


def test_weeks_without_any_task_have_no_precision():
    assert np.isnan(task_weeks([0, 0], [0, 0]).precision().value)


def test_a_quarter_has_thirteen_weeks_and_weights_tasks_equally():
    weeks = task_weeks([2, 0, 8] + 10 * [0] + [0], [1, 0, 1] + 10 * [0] + [0])

    first, second = quarter_table(weeks).splitlines()[2:]

    assert first.startswith("| 2025-01-07 | 2025-04-01 | 2 of 13 | 10 | 0.200 [")
    assert second == "| 2025-04-08 | 2025-04-08 | 0 of 1 | 0 | - | 0.100 |"
