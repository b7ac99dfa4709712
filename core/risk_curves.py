"""Churn curves: one per customer, from which the risk of every horizon follows.

    P(churn)                     ______
                         ____---'         the hazard is constant within a period, so that every day has a risk
                   __---'
    0 ____------''
      cutoff   1st period   2nd   ...   horizon   the tail: the hazard of the last periods continues

Time counts from the cutoff, or from the end of the gap if there is one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.window import DAYS_PER_MONTH

TAIL_PERIODS = 3
"Number of last periods whose mean hazard continues beyond the horizon."
LONGEST_DAYS = 3652
"Ten years: the longest time that a customer is expected to stay, however low the hazard."


@dataclass(frozen=True)
class RiskCurves:
    """P(churn) at the end of each period; row i is one customer."""

    period_days: int
    risk: NDArray[np.float64]
    "(n, periods), never falls along a row."
    by_cause: NDArray[np.float64]
    "(n, periods, causes) the part of `risk` of each cause; no causes if the model does not know them."
    causes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.risk)

    @property
    def days(self) -> NDArray[np.int64]:
        """The end of each period, (periods,)."""
        return self.period_days * np.arange(1, self.risk.shape[1] + 1, dtype=np.int64)

    @property
    def horizon_days(self) -> int:
        """Length of the curves."""
        return self.period_days * self.risk.shape[1]

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_] | slice) -> RiskCurves:
        """The rows that an index array, mask or slice selects."""
        return replace(self, risk=self.risk[rows], by_cause=self.by_cause[rows])

    def at(self, days: float) -> NDArray[np.float64]:
        """P(churn) within this many days, 0 to `horizon_days`; (n,)."""
        before, after, share = self._survival_around(days)
        with np.errstate(divide="ignore", invalid="ignore"):
            survival = before * np.where(before > 0, after / before, 0.0) ** share
        return 1.0 - survival

    def causes_at(self, days: float) -> NDArray[np.float64]:
        """P(churn) within this many days by cause, (n, causes). The causes add up to `at`."""
        before, after, _ = self._survival_around(days)
        period = min(int(days // self.period_days), self.risk.shape[1] - 1)
        at_end = self.by_cause[:, period]
        at_start = self.by_cause[:, period - 1] if period else np.zeros_like(at_end)
        share_of_period = np.divide(
            before - (1.0 - self.at(days)), before - after, out=np.zeros_like(before), where=before > after
        )
        return at_start + (at_end - at_start) * share_of_period[:, None]

    def _survival_around(self, days: float) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
        """Survival at the start and at the end of the period of a day, and the share of the period that has passed."""
        period = min(int(days // self.period_days), self.risk.shape[1] - 1)
        before = 1.0 - self.risk[:, period - 1] if period else np.ones(len(self))
        return before, 1.0 - self.risk[:, period], days / self.period_days - period

    @property
    def months_within(self) -> NDArray[np.float64]:
        """Expected months as a customer within the horizon, (n,): the restricted mean survival time."""
        survival = np.column_stack([np.ones(len(self)), 1.0 - self.risk])
        return _mean_survival(survival[:, :-1], survival[:, 1:]).sum(axis=1) * self.period_days / DAYS_PER_MONTH

    @property
    def months_expected(self) -> NDArray[np.float64]:
        """Expected months as a customer, (n,): those within the horizon, and a tail.

        Beyond the horizon, the mean hazard of each customer's last three periods continues, until at most ten years
        after the cutoff.
        """
        survival = np.column_stack([np.ones(len(self)), 1.0 - self.risk])
        n_periods = min(TAIL_PERIODS, self.risk.shape[1])
        span, beyond = n_periods * self.period_days, LONGEST_DAYS - self.horizon_days
        with np.errstate(divide="ignore", invalid="ignore"):
            hazard = np.log(survival[:, -1 - n_periods] / survival[:, -1]) / span
            # The integral of exp(-hazard * t) over the days beyond the horizon.
            tail = np.where(hazard > 0, -np.expm1(-hazard * beyond) / hazard, beyond)
        return self.months_within + np.where(survival[:, -1] > 0, survival[:, -1] * tail, 0.0) / DAYS_PER_MONTH


def _mean_survival(before: NDArray[np.float64], after: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean survival during a period of constant hazard: the logarithmic mean of its values at both ends."""
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (before - after) / np.log(before / after)
    return np.where(after <= 0, 0.0, np.where(before - after < 1e-12, after, mean))
