"""GF-CF: a graph filter of one step and the broad tastes, without training (Shen et al. 2021).

    effect = P + alpha * D^-1/2 U U' D^1/2

with P the normalised item graph, U its first eigenvectors (`engine/item_graph.py`) and D the items' purchases.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from core.interactions import Interactions
from models.recommenders.engine.item_graph import ItemGraph, graph_gb
from models.recommenders.engine.linear import LinearRecommender
from models.recommenders.engine.search_ranges import HALF_LIVES, POPULARITY_POWER, SPANS, Between, OneOf, Ranges
from models.recommenders.engine.sparse_effects import add_self_effects
from models.setting_types import Count, HalfLife, NotNegative, Power, Seed


@dataclass(eq=False)
class GfCf(LinearRecommender):
    """Ranks items by the low-frequency part of past purchases on the item graph."""

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
    popularity_power: Power = 0.4

    half_life_days: HalfLife | None = 180.0
    "A purchase of the history counts half as much after this many days."

    alpha: NotNegative = 0.1
    "Weight of the broad tastes relative to one step."

    n_factors: Count = 128
    "Number of broad tastes."

    n_neighbours: Count = 1000
    "Number of effects kept for each item."

    repeat_weight: NotNegative = 40.0
    "How much a purchase predicts its own repetition, in median strongest effects on another item."

    seed: Seed = 7

    def memory_gb(self, interactions: Interactions) -> float:
        """The graph, its eigenvectors, a block of effects, and the effects that are kept."""
        return graph_gb(
            len(interactions.items),
            len(interactions.item_ids),
            n_factors=self.n_factors,
            n_neighbours=self.n_neighbours,
        )

    def _fit_effects(self, interactions: Interactions) -> sparse.csr_matrix:
        graph = ItemGraph.from_purchases(interactions, customer_power=0.5, item_power=0.5)
        tastes, _ = graph.tastes(self.n_factors, self.seed)
        root = np.sqrt(graph.purchases).astype(np.float32)

        def effects(items: NDArray[np.int64]) -> NDArray[np.floating]:
            broad = (tastes[items] * (self.alpha / root[items])[:, None]) @ tastes.T
            return graph.steps(items) + broad * root

        return add_self_effects(graph.keep_strongest(effects, self.n_neighbours), self.repeat_weight)


MODEL = GfCf
