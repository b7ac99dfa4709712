"""Right-censored times: how many customers have not churned yet, and inverse-probability-of-censoring weights.

    T   the end of the day on which a customer churned, or of the last day observed
    S   Kaplan-Meier: the share that has not churned
    G   the same for censoring: a customer who churned at T has weight 1 / G(T-), one who stayed beyond t has 1 / G(t-)

(Graf et al. 1999; Kaplan & Meier 1958.) Every figure is computed for many bootstrap samples at once, given as weights
(samples, rows). On one day, churn comes before the end of observation.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from core.labels import Labels
from core.survival import TimeToEvent
from models.metrics.weighted import ratio


@dataclass(frozen=True)
class CensoredTimes:
    """When each of (n,) rows churned or was last observed."""

    days: NDArray[np.float64]
    "T, (n,)."
    is_event: NDArray[np.bool_]
    "(n,) churned at T; otherwise observed until T."

    @classmethod
    def of(cls, outcomes: Labels) -> Self:
        """The times of these outcomes."""
        return cls(np.where(outcomes.churned, outcomes.days_to_churn + 1, outcomes.days_observed), outcomes.churned)

    def take(self, rows: NDArray[Any]) -> CensoredTimes:
        """The rows that an index array or mask selects."""
        return CensoredTimes(self.days[rows], self.is_event[rows])

    @cached_property
    def _time_to_event(self) -> TimeToEvent:
        return TimeToEvent.of_one_cause(self.days, self.is_event)

    def survival(self, weights: NDArray[np.float64], days: float) -> NDArray[np.float64]:
        """S(days): the share that has not churned by then, (samples,). It is constant after the last day observed."""
        return self._time_to_event.kaplan_meier(weights).at(days)

    def ipc_weights(self, weights: NDArray[np.float64], days: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The weights of rows that churned by `days` and of rows that stayed so long, (samples, n) each."""
        observed = self._time_to_event.censoring(weights)
        has_churned = self.is_event & (self.days <= days)
        has_stayed = np.where(self.is_event, self.days > days, self.days >= days)
        until_then = observed.before(days)[:, None]
        return (
            ratio(weights * has_churned, observed.before(self.days), otherwise=0.0),
            ratio(weights * has_stayed, np.broadcast_to(until_then, weights.shape), otherwise=0.0),
        )
