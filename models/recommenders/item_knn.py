"""Items like those in the history: cosine similarity of who bought them (Sarwar et al. 2001; Deshpande & Karypis 2004).

    likeness[i, j] = sum over customers of x[c, i] * x[c, j], x weighted and each item's column of length 1

The products and the choice of the nearest are implicit's (`all_pairs_knn`, on all cores); its answers are not used.
An item is like itself as well (1.0, times `repeat_weight`), which is how
repeat purchases are recommended; where that is the largest share of a score,
the recommendation stands on the personal rung.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy import sparse

from core.interactions import Interactions
from models.memory import GB
from models.recommenders.linear import LinearRecommender
from models.recommenders.ranges import HALF_LIVES, POPULARITY_POWER, SPANS, Between, Ranges


@dataclass(eq=False)
class ItemKnn(LinearRecommender):
    """Ranks items by their likeness to what was bought."""

    name: ClassVar[str] = "item_knn"
    ranges: ClassVar[Ranges] = {
        "half_life_days": HALF_LIVES,
        "span_days": SPANS,
        "popularity_power": POPULARITY_POWER,
        "n_neighbours": Between(20, 500, log=True, whole=True),
        "repeat_weight": Between(1, 30, log=True),
    }

    # Among the best NDCG@10 of 30 settings on online_retail II, 28 days from 2010-07-07 and 2010-08-04: .395, and
    # .378 without popularity, .341 with repeat_weight 1; more of either or more neighbours gains < .004.
    popularity_power: float = 0.2

    half_life_days: float | None = 120.0
    "A line of the history counts half as much after so many days."

    n_neighbours: int = 200
    "How many items are kept as similar to each, itself included."

    repeat_weight: float = 8.0
    "An item's likeness to itself: how much a purchase speaks for its own repetition."

    def needed_gb(self, interactions: Interactions) -> float:
        """The nearest of each item, as implicit returns them and as they are kept."""
        return 60 * len(interactions.item_ids) * min(self.n_neighbours, len(interactions.item_ids)) / GB

    def _learnt_effects(self, interactions: Interactions) -> sparse.csr_matrix:
        from implicit.nearest_neighbours import all_pairs_knn  # here, because answering needs none of it

        columns = weighted_columns(interactions)
        found = all_pairs_knn(sparse.csr_matrix(columns, dtype=np.float64), self.n_neighbours, show_progress=False)
        near = found.data > 0  # implicit pads with zeros where an item has fewer
        likeness = np.where(found.row == found.col, found.data * self.repeat_weight, found.data)[near]
        return sparse.csr_matrix((likeness, (found.row[near], found.col[near])), found.shape, dtype=np.float32)


def weighted_columns(interactions: Interactions) -> sparse.csc_matrix:
    """Customers x items: 1 where bought, times the rarity of customers' purchases, each column of length 1.

    A customer who buys half the catalogue says little about what is alike: rows are weighted by ln(1 + m / items).
    """
    bought = interactions.matrix()
    bought.data[:] = 1
    rarity = np.log1p(bought.shape[1] / np.maximum(np.diff(bought.indptr), 1)).astype(np.float32)
    weighted = sparse.csc_matrix(sparse.diags(rarity) @ bought)
    lengths = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=0)).ravel())
    return sparse.csc_matrix(weighted @ sparse.diags(1 / np.maximum(lengths, 1e-12)), dtype=np.float32)
