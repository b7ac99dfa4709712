"""Customers who were followed for different times: who was still there, and what each says for those unseen.

    T   the end of the day on which a customer left, or of the last day observed
    S   Kaplan-Meier: the share that has not left
    G   the same of being observed: who left at T speaks for 1 / G(T-) customers, who stays beyond t for 1 / G(t-)

(Inverse probability of censoring weights: Graf et al. 1999; Kaplan & Meier 1958.) Every figure is worked out for many
bootstrap samples at once, told by weights (samples, rows). Departures come before ends of observation on the same day.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from core.labels import Labels
from models.metrics.weighted import ratio


@dataclass(frozen=True)
class Followed:
    """When each of (n,) rows left or was last seen."""

    days: np.ndarray
    "T, (n,) float64."
    left: np.ndarray
    "(n,) bool: left at T; otherwise observed until T."

    @classmethod
    def of(cls, outcomes: Labels) -> Self:
        """What the outcomes say."""
        return cls(np.where(outcomes.churned, outcomes.days_stayed + 1, outcomes.days_observed), outcomes.churned)

    def take(self, rows: np.ndarray) -> Followed:
        """The rows that an index array or mask picks."""
        return Followed(self.days[rows], self.left[rows])

    @cached_property
    def _order(self) -> np.ndarray:
        return np.argsort(self.days, kind="stable")

    @cached_property
    def _times(self) -> np.ndarray:
        return np.unique(self.days)

    def _counted(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """How many left, how many were last seen and how many were there, at each of the times; (samples, times)."""
        starts = np.searchsorted(self.days[self._order], self._times)
        in_order = weights[:, self._order]
        left = np.add.reduceat(in_order * self.left[self._order], starts, axis=1)
        ended = np.add.reduceat(in_order, starts, axis=1)
        there = np.cumsum(ended[:, ::-1], axis=1)[:, ::-1]
        return left, ended - left, there

    def staying(self, weights: np.ndarray, days: float) -> np.ndarray:
        """S(days): the share that has not left by then, (samples,). Beyond the last day observed it stays as it is."""
        left, _, there = self._counted(weights)
        return _product(left, there)[:, np.searchsorted(self._times, days, side="right")]

    def standing_for(self, weights: np.ndarray, days: float) -> tuple[np.ndarray, np.ndarray]:
        """For how many customers each row speaks, (samples, n): of who left by `days`, of who stayed for so long."""
        left, last_seen, there = self._counted(weights)
        observed = _product(last_seen, there - left)
        before = np.searchsorted(self._times, self.days, side="left")
        gone = self.left & (self.days <= days)
        stayed = np.where(self.left, self.days > days, self.days >= days)
        until_then = observed[:, [np.searchsorted(self._times, days, side="left")]]
        return (
            ratio(weights * gone, observed[:, before], otherwise=0.0),
            ratio(weights * stayed, np.broadcast_to(until_then, weights.shape), otherwise=0.0),
        )


def _product(events: np.ndarray, there: np.ndarray) -> np.ndarray:
    """The share that is left before each time, and last after all of them; (samples, times + 1)."""
    kept = np.cumprod(1.0 - ratio(events, there, otherwise=0.0), axis=1)
    return np.column_stack([np.ones(len(events)), kept])
