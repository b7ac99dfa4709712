"""Survival analysis of weighted rows: Kaplan-Meier and Aalen-Johansen for many bootstrap samples at once.

    hazard of a cause at t     events of it at t / rows at risk at t
    survival S(t)              product over s <= t of 1 - (hazard of all causes at s)           Kaplan & Meier 1958
    cumulative incidence       sum over s <= t of S(s-) x (hazard of the cause at s)            Aalen & Johansen 1978

A row is at risk at t if it entered before t and lasts to t or longer. Events come before censoring at the same time. A
sample is a row of weights: how often each of the n rows counts in it. The cumulative incidences of all causes and S(t)
add up to 1 at every t. The incidence of one cause is what it takes in competition with the others: 1 - S(t) of a
Kaplan-Meier estimate that censors the other causes would overstate it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

RealArray = NDArray[np.floating | np.integer]
"Numbers of any width: times in whole days, or in fractions of months."

CENSORED = -1
"The cause of a row that was last seen without an event."


@dataclass(frozen=True)
class StepCurves:
    """Curves that change at certain times only, continuous from the right."""

    times: RealArray
    "(times,) rising."
    values: NDArray[np.float64]
    "(..., times + 1): before the first time, and from each time on."

    def at(self, times: RealArray | float) -> NDArray[np.float64]:
        """The values at some times: what happens at exactly a time has happened. (..., len(times))."""
        return self.values[..., np.searchsorted(self.times, times, side="right")]

    def before(self, times: RealArray | float) -> NDArray[np.float64]:
        """The values just before some times. (..., len(times))."""
        return self.values[..., np.searchsorted(self.times, times, side="left")]


@dataclass(frozen=True)
class TimeToEvent:
    """When each of n rows had its event, or until when it was seen without one."""

    durations: RealArray
    "(n,) time of the event or of the last sight."
    causes: NDArray[np.int64]
    "(n,) number of the event's cause, from 0; CENSORED where the row was last seen without an event."
    entry: RealArray | None = None
    "(n,) time at which each row came under observation (left truncation); None for all from the beginning."

    @classmethod
    def of_one_cause(cls, durations: RealArray, has_event: NDArray[np.bool_]) -> TimeToEvent:
        """Rows with one kind of event; `has_event` (n,) is False for censored rows."""
        return cls(durations, np.where(has_event, 0, CENSORED))

    def kaplan_meier(self, weights: NDArray[np.float64] | None = None) -> StepCurves:
        """S(t), the share without an event up to and including t; (samples, times + 1) for weights (samples, n).

        Beyond the last time the curve stays as it is, also where the last row was censored.
        """
        weights = self._weights(weights)
        events = self._counts(weights, self.causes != CENSORED)
        return self._survival(_ratio(events, self._at_risk(weights)))

    def aalen_johansen(self, n_causes: int, weights: NDArray[np.float64] | None = None) -> StepCurves:
        """Cumulative incidence of each cause; (samples, n_causes, times + 1) for weights (samples, n)."""
        weights = self._weights(weights)
        at_risk = self._at_risk(weights)
        events = [self._counts(weights, self.causes == cause) for cause in range(n_causes)]
        hazards = np.stack([_ratio(counts, at_risk) for counts in events], axis=1)
        before = self._survival(hazards.sum(axis=1)).values[:, None, :-1]
        incidence = np.cumsum(before * hazards, axis=2)
        return StepCurves(self._times, np.concatenate([np.zeros((*incidence.shape[:2], 1)), incidence], axis=2))

    def censoring(self, weights: NDArray[np.float64] | None = None) -> StepCurves:
        """G(t), the share that is not censored up to and including t; (samples, times + 1) for weights (samples, n).

        Kaplan-Meier with the roles exchanged: rows with an event at t are no longer at risk of being censored at t.
        """
        weights = self._weights(weights)
        is_censored = self.causes == CENSORED
        at_risk = self._at_risk(weights) - self._counts(weights, ~is_censored)
        return self._survival(_ratio(self._counts(weights, is_censored), at_risk))

    @cached_property
    def _times(self) -> RealArray:
        return np.unique(self.durations)

    @cached_property
    def _columns(self) -> NDArray[np.int64]:
        """(n,) place of each row's duration among the times."""
        return np.searchsorted(self._times, self.durations)

    @cached_property
    def _order(self) -> NDArray[np.int64]:
        return np.argsort(self.durations, kind="stable")

    def _weights(self, weights: NDArray[np.float64] | None) -> NDArray[np.float64]:
        return np.ones((1, len(self.durations))) if weights is None else weights

    def _counts(self, weights: NDArray[np.float64], mask: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Weight of the rows that a mask (n,) picks by the time at which they end, (samples, times)."""
        counts = np.zeros((len(weights), len(self._times)))
        rows = self._order[mask[self._order]]
        if len(rows):
            columns, starts = np.unique(self._columns[rows], return_index=True)
            counts[:, columns] = np.add.reduceat(weights[:, rows], starts, axis=1)
        return counts

    def _at_risk(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Weight of the rows that have entered before each time and last to it or longer, (samples, times)."""
        ending = self._counts(weights, np.ones(len(self.durations), bool))
        at_risk = ending[:, ::-1].cumsum(axis=1)[:, ::-1]
        if self.entry is None:
            return at_risk
        order = np.argsort(self.entry, kind="stable")
        entered_later = weights[:, order][:, ::-1].cumsum(axis=1)[:, ::-1]
        entered_later = np.concatenate([entered_later, np.zeros((len(weights), 1))], axis=1)
        return at_risk - entered_later[:, np.searchsorted(self.entry[order], self._times, side="left")]

    def _survival(self, hazards: NDArray[np.float64]) -> StepCurves:
        """The product of 1 - hazard over the times, from hazards (samples, times)."""
        # The hazards of several causes may add up to more than 1 by a rounding error.
        steps = np.cumprod(1.0 - hazards.clip(0.0, 1.0), axis=1, dtype=np.float64)
        return StepCurves(self._times, np.column_stack([np.ones(len(hazards)), steps]))


def _ratio(events: NDArray[np.float64], at_risk: NDArray[np.float64]) -> NDArray[np.float64]:
    """Events over rows at risk, 0 where no row is at risk."""
    return np.divide(events, at_risk, out=np.zeros_like(events), where=at_risk > 0)
