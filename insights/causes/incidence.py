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
from scipy import sparse

from core.intervals import Estimate, estimate_intervals
from insights.causes.episodes import SubscriptionEpisodes
from insights.causes.person_months import PersonMonths

DAYS_A_MONTH = 365.25 / 12


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

    def take(self, rows: np.ndarray) -> Durations:
        """The stays that an index array or boolean mask picks."""
        return Durations(self.customer_ids[rows], self.days[rows], self.causes[rows], self.seen_from[rows])


def incidences(durations: Durations, n_causes: int, at_days: np.ndarray) -> np.ndarray:
    """(n_causes, times) share that has left for each cause within so many days of the beginning."""
    return _weighted(durations, n_causes, at_days, np.ones((1, len(durations.days))))[0]


def incidence_estimates(
    durations: Durations, n_causes: int, at_days: np.ndarray, n_resamples: int = 200, seed: int = 0
) -> list[list[Estimate]]:
    """The same with 90 % intervals over customers, by cause and then time."""
    if not len(durations.days):
        return [[Estimate()] * len(at_days)] * n_causes
    found = estimate_intervals(
        lambda weights: _weighted(durations, n_causes, at_days, weights).reshape(len(weights), -1),
        durations.customer_ids, n_resamples=n_resamples, seed=seed,
    )  # fmt: skip
    return [found[place * len(at_days) : (place + 1) * len(at_days)] for place in range(n_causes)]


def _weighted(durations: Durations, n_causes: int, at_days: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(samples, n_causes, times), each stay counted as often as the sample says."""
    over = durations.causes >= 0
    times, place = np.unique(durations.days[over], return_inverse=True)
    there = _at_risk(durations, times, weights)
    left = np.zeros((len(weights), n_causes, len(times)))
    for cause in range(n_causes):
        of_cause = np.flatnonzero(durations.causes[over] == cause)
        at = (place[of_cause], np.arange(len(of_cause)))
        steps = sparse.csr_matrix((np.ones(len(of_cause)), at), (len(times), len(of_cause)))
        left[:, cause] = (steps @ weights[:, np.flatnonzero(over)[of_cause]].T).T
    hazards = left / np.maximum(there, 1e-300)[:, None]
    staying = np.cumprod(1 - hazards.sum(axis=1).clip(0, 1), axis=1)
    before = np.concatenate([np.ones((len(weights), 1)), staying[:, :-1]], axis=1)
    reached = np.cumsum(before[:, None] * hazards, axis=2)
    reached = np.concatenate([np.zeros((len(weights), n_causes, 1)), reached], axis=2)
    return reached[:, :, np.searchsorted(times, at_days, side="right")]


def _at_risk(durations: Durations, times: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(samples, times) weight of the stays that were seen to last to each time and had been seen before it."""
    leaving, coming = np.argsort(durations.days, kind="stable"), np.argsort(durations.seen_from, kind="stable")
    gone, come = (
        np.concatenate([np.zeros((len(weights), 1)), np.cumsum(weights[:, order], axis=1)], axis=1)
        for order in (leaving, coming)
    )
    lasted = np.searchsorted(durations.days[leaving], times, side="left")
    begun = np.searchsorted(durations.seen_from[coming], times, side="left")
    return come[:, begun] - gone[:, lasted]
