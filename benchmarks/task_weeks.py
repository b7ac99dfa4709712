"""What the tasks of each week were worth. A week makes few, so that one alone says little: weeks are told together.

week      1  2  3  4 ...        tasks  2  0  5  1        right  1  -  0  1
precision .5 -  0  1            their mean, .5, is of the three weeks that made a task
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.pages import interval, table
from core.intervals import Estimate, estimate_interval
from core.labels import Labels

QUARTER_WEEKS = 13
NOTE = (
    "By week: the mean of `task_precision_by_week` counts every week that made a task alike, whether it made one or "
    "ten; its interval draws weeks, and so do those below. A week tells of the next 90 days, which the weeks after it "
    "share: intervals over weeks are narrower than they would be for weeks that have nothing in common."
)


@dataclass(frozen=True)
class TaskWeeks:
    """Counts of the judged weeks, one after another; every array is (weeks,)."""

    cutoffs: np.ndarray
    "datetime64[D]"
    customers: np.ndarray
    leavers: np.ndarray
    "Of the customers, those who left within the horizon."
    tasks: np.ndarray
    right: np.ndarray
    "Of the tasks, those whose customer left within the horizon."

    @classmethod
    def of(cls, judged: Labels, fell: np.ndarray) -> TaskWeeks:
        """Counted from one row a customer and week; `fell` (rows,) is where a task was made."""
        cutoffs, weeks = np.unique(judged.cutoffs, return_inverse=True)
        counted = (np.ones(len(weeks)), judged.churned, fell, fell & judged.churned)
        customers, leavers, tasks, right = (np.bincount(weeks, each, len(cutoffs)) for each in counted)
        return cls(cutoffs, customers, leavers, tasks, right)

    def precision(self) -> Estimate:
        """The mean precision of the weeks that made a task, with its interval over these weeks; none without one."""
        busy = self.tasks > 0
        if not busy.any():
            return Estimate()
        of_week = self.right[busy] / self.tasks[busy]
        return estimate_interval(lambda rows: float(of_week[rows].mean()), self.cutoffs[busy])

    def pooled(self, quarter: slice) -> Estimate:
        """The share of all tasks of these weeks that were right, with its interval over the weeks."""
        right, tasks = self.right[quarter], self.tasks[quarter]

        def share(weeks: np.ndarray) -> float:
            return float(right[weeks].sum() / tasks[weeks].sum()) if tasks[weeks].any() else float("nan")

        return estimate_interval(share, self.cutoffs[quarter])

    def quarters(self) -> list[slice]:
        """Thirteen weeks each, from the first week on; the last may be shorter."""
        starts = range(0, len(self.cutoffs), QUARTER_WEEKS)
        return [slice(start, min(start + QUARTER_WEEKS, len(self.cutoffs))) for start in starts]


def quarter_table(weeks: TaskWeeks) -> str:
    """A row for each quarter: how many of its weeks made a task, how many tasks, how many were right."""
    header = ["weeks from", "to", "weeks with a task", "tasks", "precision", "leave anyhow"]
    return table(header, [_row(weeks, quarter) for quarter in weeks.quarters()])


def _row(weeks: TaskWeeks, quarter: slice) -> Sequence[str]:
    cutoffs, tasks = weeks.cutoffs[quarter], weeks.tasks[quarter]
    rate = weeks.leavers[quarter].sum() / weeks.customers[quarter].sum()
    busy = f"{(tasks > 0).sum()} of {len(tasks)}"
    precision = interval(weeks.pooled(quarter), 3)
    return [str(cutoffs[0]), str(cutoffs[-1]), busy, f"{tasks.sum():.0f}", precision, f"{rate:.3f}"]
