"""Cumulative incidence of competing churn causes (Aalen & Johansen 1978), from episodes or person-months.

Running episodes are censored; episodes that started before observation enter late. The incidence of one cause counts
beside the others: treating churn for another cause as censored would overstate it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.intervals import N_RESAMPLES, Estimate, estimate_intervals
from core.survival import TimeToEvent
from insights.causes.person_months import PersonMonths
from tables.episodes import SubscriptionEpisodes


@dataclass(frozen=True)
class Durations:
    """Durations of episodes, or of their parts; every array is (n,)."""

    customer_ids: NDArray[np.str_]
    days: NDArray[np.int64]
    "At least 1: how long each lasted, or was observed to last."
    causes: NDArray[np.int64]
    "Index of the cause; -1 for an episode that has not ended."
    entry_days: NDArray[np.int64]
    "Its age when observation started."

    @classmethod
    def of(
        cls, episodes: SubscriptionEpisodes, causes: NDArray[np.int64], *, observed_from: np.datetime64
    ) -> Durations:
        """Durations of episodes with the cause of each end; episodes that ended before observation are left out."""
        until = np.where(np.isnat(episodes.ended_on), episodes.observed_until, episodes.ended_on)
        is_observed = (until > observed_from) & (episodes.began_on < episodes.observed_until)
        episodes, causes, until = episodes.take(is_observed), causes[is_observed], until[is_observed]
        entry_days = (observed_from - episodes.began_on).astype(np.int64).clip(0)
        days = (until - episodes.began_on).astype(np.int64).clip(1)
        return cls(episodes.customer_ids, days, np.where(np.isnat(episodes.ended_on), -1, causes), entry_days)

    @classmethod
    def of_months(cls, rows: PersonMonths, ended_on: NDArray[np.datetime64], *, causes: NDArray[np.int64]) -> Durations:
        """Durations of person-months, each with the end of its episode, (n,) datetime64[D], and the cause of churn.

        Each row covers its own days only, so that a customer counts for a group in the months of membership.
        """
        began = rows.months.astype("datetime64[D]") - rows.tenure_days
        until = np.where(rows.churned, ended_on, (rows.months + 1).astype("datetime64[D]") - 1)
        return cls(
            rows.customer_ids,
            (until - began).astype(np.int64),
            np.where(rows.churned, causes, -1),
            rows.tenure_days - 1,
        )

    @property
    def time_to_event(self) -> TimeToEvent:
        """The same rows for survival analysis."""
        return TimeToEvent(self.days, self.causes, self.entry_days)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Durations:
        """The rows that an index array or boolean mask picks."""
        return Durations(self.customer_ids[rows], self.days[rows], self.causes[rows], self.entry_days[rows])


def estimate_incidence(
    durations: Durations, at_days: NDArray[np.float64], *, n_causes: int, n_resamples: int = N_RESAMPLES, seed: int = 0
) -> list[list[Estimate]]:
    """Incidence by cause and then time, with 90 % intervals over customers."""
    if not len(durations.days):
        return [[Estimate()] * len(at_days)] * n_causes
    time_to_event = durations.time_to_event
    estimates = estimate_intervals(
        lambda weights: time_to_event.aalen_johansen(n_causes, weights).at(at_days).reshape(len(weights), -1),
        durations.customer_ids, n_resamples=n_resamples, seed=seed,
    )  # fmt: skip
    return [estimates[cause * len(at_days) : (cause + 1) * len(at_days)] for cause in range(n_causes)]
