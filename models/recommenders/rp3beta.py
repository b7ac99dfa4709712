"""RP3beta: a random walk item - customer - item, with popular end items discounted (Paudel et al. 2017).

    item i -> one of its buyers -> an item j of that customer
    effect[i, j] = sum over customers of (w[c, i] / w[., i])^alpha * (w[c, j] / w[c, .])^alpha / (w[., j])^beta

with w the decayed number of purchases, and `.` its sum over that index.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy import sparse

from core.interactions import Interactions
from models.recommenders.engine.linear import LinearRecommender
from models.recommenders.engine.search_ranges import HALF_LIVES, POPULARITY_POWER, SPANS, Between, Ranges
from models.recommenders.engine.sparse_effects import (
    add_self_effects,
    item_blocks,
    keep_strongest,
    stack_blocks,
)
from models.resources import GB
from models.setting_types import Count, HalfLife, NotNegative, Power

STEPS_AT_ONCE = 2e7
"Products of a block of items in memory at a time."

TINY = 1e-12
"Replaces a zero denominator."


@dataclass(eq=False)
class Rp3Beta(LinearRecommender):
    """Ranks items by how likely a random walk from past purchases ends at them."""

    name: ClassVar[str] = "rp3beta"
    ranges: ClassVar[Ranges] = {
        "half_life_days": HALF_LIVES,
        "span_days": SPANS,
        "popularity_power": POPULARITY_POWER,
        "alpha": Between(0.4, 1.6),
        "beta": Between(0.0, 1.0),
        "n_neighbours": Between(50, 1000, log=True, whole=True),
        "repeat_weight": Between(0.5, 100, log=True),
    }

    # NDCG@10 on online_retail II, mean of the 28 days from 2010-07-07 and from 2010-08-04: .393, the best of 24
    # settings; with popularity_power .2, repeat_weight 8 and half_life_days 120 it was .384.
    popularity_power: Power = 0.43

    half_life_days: HalfLife | None = 180.0

    alpha: Power = 1.05
    "Power of a step's probability: above 1 likely steps count more."

    beta: Power = 0.3
    "How much less a popular end item counts; 0 is no effect."

    n_neighbours: Count = 53
    "Number of effects kept for each item."

    repeat_weight: NotNegative = 100.0
    "How much a purchase predicts its own repetition, in median strongest effects on another item."

    def memory_gb(self, interactions: Interactions) -> float:
        """The purchases four times over, a block of products with its sorting, and the effects that are kept."""
        m = len(interactions.item_ids)
        kept = 8 * m * min(self.n_neighbours, m)
        return (48 * len(interactions.items) + 24 * STEPS_AT_ONCE + 3 * kept) / GB

    def _fit_effects(self, interactions: Interactions) -> sparse.csr_matrix:
        bought = interactions.matrix(self.half_life_days, self.cutoff_)
        ends = np.maximum(np.asarray(bought.sum(axis=0)).ravel(), TINY)
        to_customers = step_probabilities(sparse.csr_matrix(bought.T), self.alpha)
        to_items = step_probabilities(bought, self.alpha) @ sparse.diags(ends**-self.beta)
        to_items = sparse.csr_matrix(to_items, dtype=np.float32)
        blocks = item_blocks(to_customers.astype(bool) @ np.diff(to_items.indptr).astype(float), STEPS_AT_ONCE)
        walks = (
            keep_strongest(sparse.csr_matrix(to_customers[items] @ to_items), items, n=self.n_neighbours)
            for items in blocks
        )
        return add_self_effects(stack_blocks(walks), self.repeat_weight)


def step_probabilities(bought: sparse.csr_matrix, power: float) -> sparse.csr_matrix:
    """Each row divided by its sum, to a power: the probability of each step from that row."""
    sums = np.maximum(np.asarray(bought.sum(axis=1)).ravel(), TINY)
    steps = bought.copy()
    steps.data = ((bought.data / np.repeat(sums, np.diff(bought.indptr))) ** power).astype(np.float32)
    return steps


MODEL = Rp3Beta
