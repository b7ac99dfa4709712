"""A graph filter of two parts, one step and the broad tastes; nothing is trained (Shen et al. 2021, GF-CF).

    effect = P + alpha * D^-1/2 U U' D^1/2

with P the normalised graph of the items, U its first eigenvectors (`item_graph.py`) and D the items' purchases.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy import sparse

from core.interactions import Interactions
from models.recommenders.engine.item_graph import ItemGraph, graph_gb
from models.recommenders.engine.linear import LinearRecommender
from models.recommenders.engine.search_ranges import HALF_LIVES, POPULARITY_POWER, SPANS, Between, OneOf, Ranges
from models.recommenders.engine.strongest import with_repeats


@dataclass(eq=False)
class GfCf(LinearRecommender):
    """Ranks items by the low frequencies of what was bought."""

    name: ClassVar[str] = "gf_cf"
    ranges: ClassVar[Ranges] = {
        "half_life_days": HALF_LIVES,
        "span_days": SPANS,
        "popularity_power": POPULARITY_POWER,
        "alpha": Between(0.05, 1.0, log=True),
        "n_factors": OneOf((64, 128, 256, 512)),
        "repeat_weight": Between(0.5, 100, log=True),
    }

    # NDCG@10 on online_retail II, mean of the 28 days from 2010-07-07 and from 2010-08-04: .395; alpha .3 gave
    # .394, and beside it repeat_weight 15 .389 and 90 .393.
    popularity_power: float = 0.4

    half_life_days: float | None = 180.0
    "A line of the history counts half as much after so many days."

    alpha: float = 0.1
    "How much the broad tastes count beside one step."

    n_factors: int = 128
    "How many tastes are broad."

    n_neighbours: int = 1000
    "How many items are kept that each speaks for or against."

    repeat_weight: float = 40.0
    "How much a purchase speaks for its own repetition, in median strongest effects on another item."

    seed: int = 7

    def needed_gb(self, interactions: Interactions) -> float:
        """The graph, its eigenvectors, a block of effects and what is kept."""
        return graph_gb(len(interactions.items), len(interactions.item_ids), self.n_factors, self.n_neighbours)

    def _learnt_effects(self, interactions: Interactions) -> sparse.csr_matrix:
        graph = ItemGraph.of_purchases(interactions, 0.5, 0.5)
        tastes, _ = graph.tastes(self.n_factors, self.seed)
        root = np.sqrt(graph.purchases).astype(np.float32)

        def effects(items: np.ndarray) -> np.ndarray:
            broad = (tastes[items] * (self.alpha / root[items])[:, None]) @ tastes.T
            return graph.steps(items) + broad * root

        return with_repeats(graph.strongest(effects, self.n_neighbours), self.repeat_weight)
