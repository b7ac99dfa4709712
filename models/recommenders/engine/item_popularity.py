"""Item popularity: shares of all purchases, where older purchases count less.

`seasonal_popularity` computes them week by week back from the cutoff of the fit:

    row   last      ...      1        0
          |-7 days-|-7 days-|-7 days-cutoff

Recommendations for a day in April use the popularity of that April, from purchases before that day alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Self

import numpy as np
from numpy.typing import NDArray

from core.interactions import Interactions, decay_weights

STEP_DAYS = 7
MAX_STEPS = 52
FLOOR = 0.02
"Share of an equal share that every item gets in addition, so that no item is out of season for ever."
FEW_ITEMS = 1 / 8
"Below this share of all items, sorting them by popularity is faster than leaving the others out of the order."


@dataclass(frozen=True, eq=False)
class PopularityOrder:
    """All items from the most popular one down, ties by code."""

    codes: NDArray[np.int64]
    "(m,)"
    rank: NDArray[np.int64]
    "(m,) place of each item in `codes`."

    @classmethod
    def of(cls, popularity: NDArray[np.float64]) -> Self:
        """The order of (m,) shares."""
        codes = np.argsort(-popularity, kind="stable")
        rank = np.empty_like(codes)
        rank[codes] = np.arange(len(codes))
        return cls(codes, rank)

    def without(self, excluded: NDArray[np.bool_] | None) -> NDArray[np.int64]:
        """The codes that are not excluded, in order; `excluded` is (m,), None where no item is."""
        if excluded is None:
            return self.codes
        allowed = np.flatnonzero(~excluded)
        if len(allowed) > FEW_ITEMS * len(excluded):
            return self.codes[~excluded[self.codes]]
        return allowed[np.argsort(self.rank[allowed])]


def popularity_of(interactions: Interactions, half_life_days: float, *, cutoff: date) -> NDArray[np.float64]:
    """(m,) share of each item in all purchases, anonymous ones too; a purchase counts half every `half_life_days`."""
    items = np.concatenate([interactions.items, interactions.anonymous_items])
    times = np.concatenate([interactions.times, interactions.anonymous_times])
    weights = decay_weights(times, half_life_days, cutoff=cutoff)
    counts = np.bincount(items, weights, minlength=len(interactions.item_ids))
    return counts / counts.sum()


def seasonal_popularity(interactions: Interactions, half_life_days: float, *, cutoff: date) -> NDArray[np.float32]:
    """(steps, m) share of each item before the cutoff, one week earlier, and so on to the first purchase."""
    items = np.concatenate([interactions.items, interactions.anonymous_items])
    times = np.concatenate([interactions.times, interactions.anonymous_times])
    end, step, m = np.datetime64(cutoff, "s"), np.timedelta64(STEP_DAYS, "D"), len(interactions.item_ids)
    before = times < end
    if not before.any():
        return np.full((1, m), 1 / m, dtype=np.float32)
    items, times = items[before], times[before]
    steps = np.minimum((end - times - np.timedelta64(1, "s")) // step, MAX_STEPS - 1)
    n_steps = int(steps.max()) + 1
    # Each purchase is weighed once, at the end of its own step; every later step multiplies by the same factor.
    weights = decay_weights(times + steps * step, half_life_days, cutoff=cutoff)
    counts = np.bincount(steps * m + items, weights, minlength=n_steps * m).reshape(n_steps, m)
    for later in range(n_steps - 2, -1, -1):
        counts[later] += counts[later + 1] * 0.5 ** (STEP_DAYS / half_life_days)
    totals = np.maximum(counts.sum(axis=1, keepdims=True), np.finfo(float).tiny)
    return (counts / totals + FLOOR / m).astype(np.float32)


def popularity_at(seasonal: NDArray[np.float32], fitted_at: date, *, cutoff: date) -> NDArray[np.float32]:
    """(m,) newest row of `seasonal` without purchases after the cutoff; the oldest row for an even older cutoff."""
    steps = -(-max(0, (fitted_at - cutoff).days) // STEP_DAYS)
    return seasonal[min(steps, len(seasonal) - 1)]
