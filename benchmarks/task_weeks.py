"""How precise the tasks of each week were. One week has few tasks, so weeks are summarised together.

week      1  2  3  4 ...        tasks  2  0  5  1        right  1  -  0  1
precision .5 -  0  1            mean .5, over the three weeks with a task
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.pages import format_interval, table
from core.intervals import Estimate, estimate_interval
from core.labels import Labels

QUARTER_WEEKS = 13
NOTE = (
    "`task_precision_by_week` is the mean over weeks with a task; a week with ten tasks counts as much as a week with "
    "one. Its interval, and those below, resample weeks. The 90 days after one week overlap those after the next, so "
    "these intervals are narrower than they would be for independent weeks."
)


@dataclass(frozen=True, kw_only=True)
class TaskWeeks:
    """Counts by week, in the order of time; every array is (n_weeks,)."""

    cutoffs: NDArray[np.datetime64]
    "datetime64[D]"
    customers: NDArray[np.float64]
    churners: NDArray[np.float64]
    "Customers who churned within the horizon."
    tasks: NDArray[np.float64]
    right: NDArray[np.float64]
    "Tasks whose customer churned within the horizon."

    @classmethod
    def of(cls, labels: Labels, has_task: NDArray[np.bool_]) -> TaskWeeks:
        """Count rows of (customer, week); `has_task` (n,) says which of them opened a task."""
        cutoffs, weeks = np.unique(labels.cutoffs, return_inverse=True)
        flags = (np.ones(len(weeks)), labels.churned, has_task, has_task & labels.churned)
        customers, churners, tasks, right = (
            np.bincount(weeks, flag, len(cutoffs)).astype(np.float64) for flag in flags
        )
        return cls(cutoffs=cutoffs, customers=customers, churners=churners, tasks=tasks, right=right)

    def precision(self) -> Estimate:
        """The mean precision of weeks with a task, with its interval over these weeks; no figure without a task."""
        has_tasks = self.tasks > 0
        if not has_tasks.any():
            return Estimate()
        by_week = self.right[has_tasks] / self.tasks[has_tasks]
        return estimate_interval(lambda rows: float(by_week[rows].mean()), self.cutoffs[has_tasks])

    def precision_of(self, quarter: slice) -> Estimate:
        """The share of all tasks of these weeks that were right, with its interval over weeks."""
        right, tasks = self.right[quarter], self.tasks[quarter]

        def share(weeks: NDArray[np.int64]) -> float:
            return float(right[weeks].sum() / tasks[weeks].sum()) if tasks[weeks].any() else float("nan")

        return estimate_interval(share, self.cutoffs[quarter])

    def quarters(self) -> list[slice]:
        """Slices of thirteen weeks, from the first week on; the last may be shorter."""
        starts = range(0, len(self.cutoffs), QUARTER_WEEKS)
        return [slice(start, min(start + QUARTER_WEEKS, len(self.cutoffs))) for start in starts]


def quarter_table(weeks: TaskWeeks) -> str:
    """Render one row per quarter: weeks with a task, tasks, and how many were right."""
    header = ["weeks from", "to", "weeks with a task", "tasks", "precision", "churn rate"]
    return table(header, [_row(weeks, quarter) for quarter in weeks.quarters()])


def _row(weeks: TaskWeeks, quarter: slice) -> Sequence[str]:
    cutoffs, tasks = weeks.cutoffs[quarter], weeks.tasks[quarter]
    rate = weeks.churners[quarter].sum() / weeks.customers[quarter].sum()
    with_task = f"{(tasks > 0).sum()} of {len(tasks)}"
    precision = format_interval(weeks.precision_of(quarter), 3)
    return [str(cutoffs[0]), str(cutoffs[-1]), with_task, f"{tasks.sum():.0f}", precision, f"{rate:.3f}"]
