"""How many have left for each cause by a time: cumulative incidence of competing causes (Aalen & Johansen 1978).

    hazard of a cause at t     left for it at t / still there before t
    incidence of a cause       sum over t of P(still there before t) x its hazard at t
    incidences + P(still there) = 1, at every t

Who is still there at the end is counted until then, and who was won before the days that are looked at only from
then on. One cause's incidence is what it takes beside the others: taking those for still there would overstate it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.intervals import N_RESAMPLES, Estimate, estimate_intervals
from core.survival import TimeToEvent
from insights.causes.person_months import PersonMonths
from tables.episodes import SubscriptionEpisodes


@dataclass(frozen=True)
class Durations:
    """Stays as lengths; every array is (n,)."""

    customer_ids: np.ndarray
    days: np.ndarray
    "int64, at least 1: how long each lasted, or was seen to last."
    causes: np.ndarray
    "int64 place among the causes; -1 where the stay was not over."
    seen_from: np.ndarray
    "int64: days that it had lasted when it was first seen."

    @classmethod
    def of(cls, stays: SubscriptionEpisodes, codes: np.ndarray, looked_at_from: np.datetime64) -> Durations:
        """Lengths of stays with the cause (place) of each end; what was over before the day is left out."""
        until = np.where(np.isnat(stays.ended_on), stays.observed_until, stays.ended_on)
        seen = (until > looked_at_from) & (stays.began_on < stays.observed_until)
        stays, codes, until = stays.take(seen), codes[seen], until[seen]
        before = (looked_at_from - stays.began_on).astype(np.int64).clip(0)
        lasted = (until - stays.began_on).astype(np.int64).clip(1)
        return cls(stays.customer_ids, lasted, np.where(np.isnat(stays.ended_on), -1, codes), before)

    @classmethod
    def of_months(cls, rows: PersonMonths, ended_on: np.ndarray, codes: np.ndarray) -> Durations:
        """Of person-months, each with the end of its stay, (n,) datetime64[D], and the cause (place) of a departure.

        Each tells of its own days only, so that who belongs to a group for some months counts for these.
        """
        began = rows.months.astype("datetime64[D]") - rows.tenure_days
        until = np.where(rows.left, ended_on, (rows.months + 1).astype("datetime64[D]") - 1)
        return cls(
            rows.customer_ids, (until - began).astype(np.int64), np.where(rows.left, codes, -1), rows.tenure_days - 1
        )

    @property
    def time_to_event(self) -> TimeToEvent:
        """The same rows for survival analysis."""
        return TimeToEvent(self.days, self.causes, self.seen_from)

    def take(self, rows: np.ndarray) -> Durations:
        """The stays that an index array or boolean mask picks."""
        return Durations(self.customer_ids[rows], self.days[rows], self.causes[rows], self.seen_from[rows])


def incidences(durations: Durations, n_causes: int, at_days: np.ndarray) -> np.ndarray:
    """(n_causes, times) share that has left for each cause within so many days of the beginning."""
    return durations.time_to_event.aalen_johansen(n_causes).at(at_days)[0]


def incidence_estimates(
    durations: Durations, n_causes: int, at_days: np.ndarray, n_resamples: int = N_RESAMPLES, seed: int = 0
) -> list[list[Estimate]]:
    """The same with 90 % intervals over customers, by cause and then time."""
    if not len(durations.days):
        return [[Estimate()] * len(at_days)] * n_causes
    time_to_event = durations.time_to_event
    found = estimate_intervals(
        lambda weights: time_to_event.aalen_johansen(n_causes, weights).at(at_days).reshape(len(weights), -1),
        durations.customer_ids, n_resamples=n_resamples, seed=seed,
    )  # fmt: skip
    return [found[place * len(at_days) : (place + 1) * len(at_days)] for place in range(n_causes)]
