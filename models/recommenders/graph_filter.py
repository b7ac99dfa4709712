"""A graph filter that blurs past purchases over the item graph and sharpens the result, without training.

    blurred   = P D^step_popularity + taste_weight * U U' D^taste_popularity
    sharpened = blurred - sharpening * blurred P
    effect    = D^-item_power * sharpened

P is the normalised item graph, U its first eigenvectors (`engine/item_graph.py`), D the items' purchases. It belongs
to the family of GF-CF (Shen et al. 2021), BSPM (Choi et al. 2023: one Euler step of sharpening) and Turbo-CF (Park et
al. 2024). The powers are ours: how much active customers and popular items count on the way, and how much popular items
count at the end. They gained more than sharpening did.
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
class GraphFilter(LinearRecommender):
    """Ranks items by past purchases, blurred over the item graph and sharpened."""

    name: ClassVar[str] = "graph_filter"
    ranges: ClassVar[Ranges] = {
        "half_life_days": HALF_LIVES,
        "span_days": SPANS,
        "popularity_power": POPULARITY_POWER,
        "customer_power": Between(0.0, 0.6),
        "item_power": Between(0.2, 0.6),
        "n_factors": OneOf((64, 128, 256, 512, 1024)),
        "taste_weight": Between(0.01, 1.0, log=True),
        "step_popularity": Between(-0.2, 0.4),
        "taste_popularity": Between(-0.2, 0.4),
        "sharpening": Between(0.0, 0.6),
        "repeat_weight": Between(0.5, 100, log=True),
    }

    # NDCG@10 on online_retail II, mean of the 28 days from 2010-07-07 and from 2010-08-04: .394; repeat_weight 15
    # gave .387 and 90 .394; half_life_days 120 with popularity_power .2 and repeat_weight 8 .388.
    popularity_power: Power = 0.4

    half_life_days: HalfLife | None = 180.0
    "A purchase of the history counts half as much after this many days."

    customer_power: Power = 0.3
    "How much less an active customer connects items; usually 1/2."

    item_power: Power = 0.4
    "How much less a popular item is connected to others; usually 1/2."

    n_factors: Count = 128
    "Number of broad tastes."

    taste_weight: NotNegative = 0.05
    "Weight of the broad tastes relative to one step."

    step_popularity: Power = 0.1
    "How much more popular items count in a step: the power of their purchases."

    taste_popularity: Power = 0.2
    "The same in the broad tastes."

    sharpening: NotNegative = 0.0
    """How much of a further blurring step is subtracted; above zero the fit takes longer.

    On gowalla's validation part a second step got no negative weight once the powers were tuned.
    """

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
        graph = ItemGraph.from_purchases(interactions, customer_power=self.customer_power, item_power=self.item_power)
        tastes, _ = graph.tastes(self.n_factors, self.seed)
        ends = (graph.purchases**self.taste_popularity)[:, None] * tastes * self.taste_weight
        ends, step_ends, starts = (
            array.astype(np.float32)
            for array in (ends, graph.purchases**self.step_popularity, graph.purchases**-self.item_power)
        )

        def effects(items: NDArray[np.int64]) -> NDArray[np.floating]:
            blurred = graph.steps(items) * step_ends + tastes[items] @ ends.T
            if self.sharpening:
                blurred -= self.sharpening * graph.step_again(blurred)
            return blurred * starts[items][:, None]

        return add_self_effects(graph.keep_strongest(effects, self.n_neighbours), self.repeat_weight)


MODEL = GraphFilter
