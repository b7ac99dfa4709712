"""Which items speak for which: a ridge regression of every item on all others at once (Steck 2019, EASE).

    P = X'X, H = (P + regularization * I)^-1
    effect[i, j] = -H[i, j] / H[j, j], times (i's purchases)^-item_power * (j's purchases)^end_popularity

X is what was bought, with customers and items that buy or are bought much counting less, and of largest singular value
1 (`item_graph.py`): the weighted variant, which on gowalla ranks better than the plain one.

The inverse is exact as far as `dense_gb` reaches. Beyond, with U and L the first eigenvectors and values of P,

    I - regularization * H  =  c P + U (L / (L + regularization) - c L) U',   c = 1 / (last L + regularization)

which is exact along U, and a chord below the true curve across it, where what is left of P is small.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy import sparse

from core.errors import BadInput
from core.interactions import Interactions
from models.memory import GB
from models.recommenders.engine.inverse import BYTES_A_CELL, invert
from models.recommenders.engine.item_graph import CELLS_AT_ONCE, ItemGraph, graph_gb
from models.recommenders.engine.linear import LinearRecommender
from models.recommenders.engine.search_ranges import HALF_LIVES, POPULARITY_POWER, SPANS, Between, Ranges
from models.recommenders.engine.strongest import item_blocks, with_repeats

Effects = Callable[[np.ndarray], np.ndarray]
"From codes of items to (items, m) float32."


@dataclass(eq=False)
class Ease(LinearRecommender):
    """Ranks items by how what was bought predicts them, all else that was bought being known."""

    name: ClassVar[str] = "ease"
    ranges: ClassVar[Ranges] = {
        "half_life_days": HALF_LIVES,
        "span_days": SPANS,
        "popularity_power": POPULARITY_POWER,
        "regularization": Between(0.001, 1.0, log=True),
        "customer_power": Between(0.0, 0.6),
        "item_power": Between(0.0, 0.6),
        "end_popularity": Between(0.0, 0.8),
        "repeat_weight": Between(0.5, 100, log=True),
    }

    # NDCG@10 on online_retail II, mean of the 28 days from 2010-07-07 and from 2010-08-04: .395; repeat_weight 40
    # gave .394 and 90 .392, and beside 40 a regularization of .2 .394 and of .01 .393.
    popularity_power: float = 0.4

    half_life_days: float | None = 180.0
    "A line of the history counts half as much after so many days."

    regularization: float = 0.05
    "Against too large effects; in the largest eigenvalue of P. Above 0."

    customer_power: float = 0.3
    "How much less a customer who buys much is learnt from; 0 is EASE as published."

    item_power: float = 0.4
    "How much less an item that is bought much speaks for others."

    end_popularity: float = 0.4
    "How much more an item that is bought much is spoken for; EASE as published has 0 here and in item_power."

    n_neighbours: int = 1000
    "How many items are kept that each speaks for or against."

    dense_gb: float = 4.0
    "Memory, 10^9 bytes, up to which the inverse is exact: 25,000 items."

    n_factors: int = 512
    "Along how many eigenvectors it is exact beyond that."

    repeat_weight: float = 15.0
    "How much a purchase speaks for its own repetition, in median strongest effects on another item."

    seed: int = 7

    def needed_gb(self, interactions: Interactions) -> float:
        """The inverse or the eigenvectors, and what making the effects takes."""
        m, dense = len(interactions.item_ids), self._dense(len(interactions.item_ids))
        making = graph_gb(len(interactions.items), m, 0 if dense else self.n_factors, self.n_neighbours)
        return making + (dense_gb(m) if dense else 0)

    def _dense(self, m: int) -> bool:
        return dense_gb(m) <= self.dense_gb

    def _learnt_effects(self, interactions: Interactions) -> sparse.csr_matrix:
        graph = ItemGraph.of_purchases(interactions, self.customer_power, self.item_power)
        starts = (graph.purchases**-self.item_power).astype(np.float32)
        ends = (graph.purchases**self.end_popularity).astype(np.float32)
        dense = self._dense(len(starts))
        solved = exact(graph, self.regularization) if dense else self._along_tastes(graph)
        learnt = graph.strongest(lambda items: solved(items) * starts[items][:, None] * ends, self.n_neighbours)
        return with_repeats(learnt, self.repeat_weight)

    def _along_tastes(self, graph: ItemGraph) -> Effects:
        tastes, values = graph.tastes(self.n_factors, self.seed)
        slope = 1 / (values[-1:].sum() + self.regularization)
        gains = (values / (values + self.regularization) - slope * values).astype(np.float32)
        steps_back = np.asarray(graph.links.multiply(graph.links).sum(axis=0)).ravel()
        unsaid = (1 - slope * steps_back - (tastes**2) @ gains).astype(np.float32)
        return lambda items: (slope * graph.steps(items) + (tastes[items] * gains) @ tastes.T) / unsaid


def dense_gb(m: int) -> float:
    """What the exact inverse of m items takes, 10^9 bytes."""
    return BYTES_A_CELL * m * m / GB


def exact(graph: ItemGraph, regularization: float) -> Effects:
    """The effects by the inverse itself, in float32 and in place. Raises BadInput where there is none."""
    m = len(graph.purchases)
    inverse = np.empty((m, m), dtype=np.float32)
    for items in item_blocks(np.full(m, float(m)), CELLS_AT_ONCE):
        inverse[items] = graph.steps(items)
    inverse[np.diag_indices(m)] += np.float32(regularization)
    try:
        invert(inverse)
    except np.linalg.LinAlgError as fault:
        found = f"regularization is {regularization}, at which effects have no bounds; take a larger one"
        raise BadInput(found) from fault
    return lambda items: -inverse[items] / inverse.diagonal()
