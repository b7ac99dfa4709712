"""A graph filter that blurs what was bought and sharpens it again; nothing is trained.

    blurred   = P D^step_popularity + taste_weight * U U' D^taste_popularity
    sharpened = blurred - sharpening * blurred P
    effect    = D^-item_power * sharpened

P is the normalised graph of the items, U its first eigenvectors (`item_graph.py`), D the items' purchases. The family
is that of GF-CF (Shen et al. 2021), BSPM (Choi et al. 2023: one Euler step of sharpening) and Turbo-CF (Park et al.
2024). What was added here are the powers: how much customers and items who buy or are bought much count on the way,
and how much popular items count at its end. They gained more than sharpening did.
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
class GraphFilter(LinearRecommender):
    """Ranks items by what is left of what was bought, blurred over the graph of items and sharpened again."""

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
    popularity_power: float = 0.4

    half_life_days: float | None = 180.0
    "A line of the history counts half as much after so many days."

    customer_power: float = 0.3
    "How much less a customer who buys much joins items; 1/2 is the usual."

    item_power: float = 0.4
    "How much less an item that is bought much is joined to others; 1/2 is the usual."

    n_factors: int = 128
    "How many tastes are broad."

    taste_weight: float = 0.05
    "How much the broad tastes count beside one step."

    step_popularity: float = 0.1
    "How much more, in a step, items count that are bought much: their purchases to this power."

    taste_popularity: float = 0.2
    "The same in the broad tastes."

    sharpening: float = 0.0
    """How much of what a further step blurs is taken away again; above zero the fit takes longer.

    On gowalla's validation part a second step earned no negative weight once the powers were tuned.
    """

    n_neighbours: int = 1000
    "How many items are kept that each speaks for or against."

    repeat_weight: float = 40.0
    "How much a purchase speaks for its own repetition, in median strongest effects on another item."

    seed: int = 7

    def needed_gb(self, interactions: Interactions) -> float:
        """The graph, its eigenvectors, a block of effects and what is kept."""
        return graph_gb(len(interactions.items), len(interactions.item_ids), self.n_factors, self.n_neighbours)

    def _learnt_effects(self, interactions: Interactions) -> sparse.csr_matrix:
        graph = ItemGraph.of_purchases(interactions, self.customer_power, self.item_power)
        tastes, _ = graph.tastes(self.n_factors, self.seed)
        ends = (graph.purchases**self.taste_popularity)[:, None] * tastes * self.taste_weight
        ends, step_ends, starts = (
            array.astype(np.float32)
            for array in (ends, graph.purchases**self.step_popularity, graph.purchases**-self.item_power)
        )

        def effects(items: np.ndarray) -> np.ndarray:
            blurred = graph.steps(items) * step_ends + tastes[items] @ ends.T
            if self.sharpening:
                blurred -= self.sharpening * graph.another_step(blurred)
            return blurred * starts[items][:, None]

        return with_repeats(graph.strongest(effects, self.n_neighbours), self.repeat_weight)
