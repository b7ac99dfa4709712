"""Habits: which hours of the day, or days of the week, a customer prefers, shrunk to what all customers prefer.

    all customers -> segment -> customer        each level's shares are the prior of the next one

    shares of a group = (its counts + weight x shares of the level above) / (its count + weight)

That is the posterior mean under a Dirichlet prior. The weight of a customer's prior, in moments, is the one under
which the counts of all customers are most likely (Minka 2000): where customers do not differ it grows without bound,
and each customer has the preferences of all.

Which level is used is decided on later moments: those after the last DECIDING_SHARE of them begin. The simplest level
within one standard error of the best one wins. Where it costs something to wait for a slot, as for a day of the week,
the simplest level of all is that any slot will do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import gammaln

from core.choosing import choose_simplest

GROUP_WEIGHT = 100.0
"Weight of the prior of a segment or channel, in moments."
MAX_FITTED = 20_000
"Customers that the weight of the prior is fitted on."
LOG_WEIGHTS = (-1.0, 12.0)
"Logarithms of the weights that are searched: 0.4 to 160,000 moments."
DECIDING_SHARE = 0.3
"Share of the moments, the latest ones, that decide between levels."
MIN_DECIDING = 100
"Later moments that a decision needs; with fewer, all customers are treated alike."
OWN_SHARE = 1e-6
"Weight of a slot's own share beside that within its reach: it decides between equals alone."
COMMON, ANY = "all customers", "any"
UNKNOWN = -1
"The slot where none is better than another, or none is on record."


@dataclass(frozen=True)
class Cycle:
    """Slots that repeat: the hours of a day, or the days of a week."""

    n_slots: int
    reach: int
    "Slots on either side of the chosen one that count as a hit: 1 for the hour before and the hour after."

    def is_hit(self, slots: NDArray[np.int64], chosen: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether each slot is within reach of the chosen one, (n,)."""
        distance = np.abs(slots - chosen)
        return np.minimum(distance, self.n_slots - distance) <= self.reach

    def window_shares(self, shares: NDArray[np.float64]) -> NDArray[np.float64]:
        """The share within reach of each slot, (n, slots)."""
        return np.sum([np.roll(shares, step, axis=-1) for step in range(-self.reach, self.reach + 1)], axis=0)


HOURS_OF_DAY, DAYS_OF_WEEK = Cycle(24, 1), Cycle(7, 0)


@dataclass(frozen=True)
class Level:
    """Groups of customers that share their preferences, and the moments that count for them."""

    name: str
    groups: NDArray[np.int64]
    "(customers,) the group of each customer."
    counts_moment: NDArray[np.bool_]
    "(moments,) whether a moment counts at this level."
    is_personal: bool = False
    "Whether each customer is a group, so that the weight of the prior is fitted."


@dataclass(frozen=True, kw_only=True)
class Observations:
    """Moments of customers in slots of a cycle; every array is (moments,), in the order of time."""

    cycle: Cycle
    rows: NDArray[np.int64]
    "Row of the customer, 0 to n_customers - 1."
    slots: NDArray[np.int64]
    may_decide: NDArray[np.bool_]
    "Whether a moment may decide between levels: a response in the channel, where it is about a channel."
    allowed: NDArray[np.bool_]
    "(slots,) those that may be chosen."
    may_be_any: bool = False
    "Whether no slot is chosen where none was shown to be better than chance."


@dataclass(frozen=True, kw_only=True)
class SlotChoice:
    """The best slot of each customer by the level that was chosen; arrays are (customers,)."""

    slots: NDArray[np.int64]
    level: str
    n_moments: NDArray[np.int64]
    "Moments of the customer that count at that level."
    weights: Mapping[str, float]
    "Weight of the prior of each level, in moments."
    hit_rates: Mapping[str, float]
    "Share of the deciding moments within reach, by level; empty where they are too few to decide."


def fit_habits(seen: Observations, levels: Sequence[Level]) -> SlotChoice:
    """Choose the level on the later moments, then use all of them. The first level is that of all customers."""
    level, rates = _choose_level(seen, levels)
    everything = np.ones(len(seen.rows), bool)
    shares, weights = fit_shares(seen, levels, is_past=everything)
    chosen = next((one for one in levels if one.name == level), levels[0])
    counted = np.bincount(seen.rows[chosen.counts_moment], minlength=len(chosen.groups))
    slots = np.full(len(counted), UNKNOWN) if level == ANY else best_slots(shares[level], seen)
    return SlotChoice(slots=slots, level=level, n_moments=counted, weights=weights, hit_rates=rates)


def fit_shares(
    seen: Observations, levels: Sequence[Level], *, is_past: NDArray[np.bool_]
) -> tuple[dict[str, NDArray[np.float64]], dict[str, float]]:
    """The shares of the slots by level, (customers, slots) each, and the weight of each level's prior."""
    n_slots = seen.cycle.n_slots
    above = np.full((1, n_slots), 1 / n_slots)
    shares, weights = dict[str, NDArray[np.float64]](), dict[str, float]()
    for level in levels:
        used = is_past & level.counts_moment
        groups = level.groups[seen.rows[used]]
        n_groups = int(level.groups.max(initial=0)) + 1
        cells = np.bincount(groups * n_slots + seen.slots[used], minlength=n_groups * n_slots)
        counts = cells.reshape(n_groups, n_slots).astype(np.float64)
        if level.is_personal:
            weight = fit_prior_weight(counts, np.broadcast_to(above, counts.shape))
            above = _shrink(counts, above, weight=weight)
        else:
            weight = n_slots if not weights else GROUP_WEIGHT
            above = _shrink(counts[level.groups], above, weight=weight)
        shares[level.name], weights[level.name] = above, float(weight)
    return shares, weights


def _shrink(counts: NDArray[np.float64], prior: NDArray[np.float64], *, weight: float) -> NDArray[np.float64]:
    return (counts + weight * prior) / (counts.sum(axis=1, keepdims=True) + weight)


def fit_prior_weight(counts: NDArray[np.float64], prior: NDArray[np.float64]) -> float:
    """The weight under which counts, (n, slots), are most likely, given the prior's shares, (n, slots).

    The counts are Dirichlet-multinomial. Customers without moments say nothing.
    """
    repeating = np.flatnonzero(counts.sum(axis=1) > 1)
    repeating = repeating[:: max(1, len(repeating) // MAX_FITTED)]
    if not len(repeating):
        return float(np.exp(LOG_WEIGHTS[1]))
    rows, slots = np.nonzero(counts[repeating])
    cells, shares, totals = counts[repeating][rows, slots], prior[repeating][rows, slots], counts[repeating].sum(axis=1)

    def loss(log_weight: float) -> float:
        weight = np.exp(log_weight)
        of_cells = gammaln(cells + weight * shares) - gammaln(weight * shares)
        return float((gammaln(weight + totals) - gammaln(weight)).sum() - of_cells.sum())

    return float(np.exp(minimize_scalar(loss, bounds=LOG_WEIGHTS, method="bounded").x))


def best_slots(shares: NDArray[np.float64], seen: Observations) -> NDArray[np.int64]:
    """The allowed slot with the largest share within its reach, (customers,); of equals that with most of its own."""
    return np.where(seen.allowed, seen.cycle.window_shares(shares) + OWN_SHARE * shares, -1.0).argmax(axis=1)


def _choose_level(seen: Observations, levels: Sequence[Level]) -> tuple[str, dict[str, float]]:
    """The level to use, and the hit rate of each one on the later moments of customers with earlier ones."""
    n_past = round((1 - DECIDING_SHARE) * len(seen.rows))
    is_past = np.arange(len(seen.rows)) < n_past
    later = np.flatnonzero(~is_past & seen.may_decide & np.isin(seen.rows, seen.rows[is_past]))
    if len(later) < MIN_DECIDING:
        return ANY if seen.may_be_any else levels[0].name, {}
    shares, _ = fit_shares(seen, levels, is_past=is_past)
    rows = seen.rows[later]
    chosen = {name: best_slots(one, seen) for name, one in shares.items()}
    by_chance = np.full(len(later), (2 * seen.cycle.reach + 1) / seen.cycle.n_slots)
    hits = {ANY: by_chance} if seen.may_be_any else {}
    hits |= {name: seen.cycle.is_hit(seen.slots[later], one[rows]).astype(float) for name, one in chosen.items()}
    best = choose_simplest(rows.astype(str), hits)
    return best, {name: float(one.mean()) for name, one in hits.items()}
