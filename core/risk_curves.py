"""When customers will leave: one curve a customer, from which every horizon's risk follows.

    P(left)                      ______
                         ____---'         within a period the hazard is constant, so that any day has its answer
                   __---'
    0 ____------''
      cutoff   1st period   2nd   ...   horizon learnt   the tail: each goes on leaving at their own last rate

Times count from the cutoff, or from the end of the gap where there is one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from core.window import DAYS_PER_MONTH

TAIL_PERIODS = 3
"The last periods of the curve, whose rate of leaving goes on beyond it."
LONGEST_DAYS = 3652
"Ten years: nobody is expected to stay longer, however seldom they leave."


@dataclass(frozen=True)
class RiskCurves:
    """P(churn) at the end of each period; row i is one customer."""

    period_days: int
    risk: np.ndarray
    "(n, periods) float64; never falls along a row."
    by_cause: np.ndarray
    "(n, periods, causes) float64: the part of `risk` that each cause has; no causes where none were learnt."
    causes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.risk)

    @property
    def days(self) -> np.ndarray:
        """(periods,) int64: the end of each period."""
        return self.period_days * np.arange(1, self.risk.shape[1] + 1)

    @property
    def horizon_days(self) -> int:
        """How far the curves reach."""
        return self.period_days * self.risk.shape[1]

    def take(self, rows: np.ndarray | slice) -> RiskCurves:
        """The rows that an index array, mask or slice picks."""
        return replace(self, risk=self.risk[rows], by_cause=self.by_cause[rows])

    def at(self, days: float) -> np.ndarray:
        """P(churn) within so many days, 0 to `horizon_days`; (n,)."""
        before, after, share = self._around(days)
        with np.errstate(divide="ignore", invalid="ignore"):
            staying = before * np.where(before > 0, after / before, 0.0) ** share
        return 1.0 - staying

    def causes_at(self, days: float) -> np.ndarray:
        """P(churn) within so many days by cause, (n, causes); where causes were learnt, they add up to `at`."""
        before, after, _ = self._around(days)
        period = min(int(days // self.period_days), self.risk.shape[1] - 1)
        until = self.by_cause[:, period]
        since = self.by_cause[:, period - 1] if period else np.zeros_like(until)
        left = np.divide(
            before - (1.0 - self.at(days)), before - after, out=np.zeros_like(before), where=before > after
        )
        return since + (until - since) * left[:, None]

    def _around(self, days: float) -> tuple[np.ndarray, np.ndarray, float]:
        """The share that stays at the beginning and the end of the period that holds a day, and how far into it."""
        period = min(int(days // self.period_days), self.risk.shape[1] - 1)
        before = 1.0 - self.risk[:, period - 1] if period else np.ones(len(self))
        return before, 1.0 - self.risk[:, period], days / self.period_days - period

    @property
    def months_within(self) -> np.ndarray:
        """(n,) months that each is expected to stay within the horizon learnt: the restricted mean."""
        staying = np.column_stack([np.ones(len(self)), 1.0 - self.risk])
        return _mean_staying(staying[:, :-1], staying[:, 1:]).sum(axis=1) * self.period_days / DAYS_PER_MONTH

    @property
    def expected_months(self) -> np.ndarray:
        """(n,) months that each is expected to stay: those within the horizon, and a tail.

        Beyond the horizon, each goes on leaving at the mean rate of their own last three periods, for ten years from
        the cutoff at most.
        """
        staying = np.column_stack([np.ones(len(self)), 1.0 - self.risk])
        last_periods = min(TAIL_PERIODS, self.risk.shape[1])
        span, beyond = last_periods * self.period_days, LONGEST_DAYS - self.horizon_days
        with np.errstate(divide="ignore", invalid="ignore"):
            rate = np.log(staying[:, -1 - last_periods] / staying[:, -1]) / span
            tail = np.where(rate > 0, -np.expm1(-rate * beyond) / rate, beyond)
        return self.months_within + np.where(staying[:, -1] > 0, staying[:, -1] * tail, 0.0) / DAYS_PER_MONTH


def _mean_staying(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """The mean share that stays during a period of constant hazard: the logarithmic mean of its two ends."""
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (before - after) / np.log(before / after)
    return np.where(after <= 0, 0.0, np.where(before - after < 1e-12, after, mean))
