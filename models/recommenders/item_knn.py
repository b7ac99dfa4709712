"""Items like those in the history: by who bought them (Sarwar et al. 2001; Deshpande & Karypis 2004).

    likeness[i, j] = sum over customers of x[c, i] * x[c, j]

    cosine   x = the rarity of the customer's purchases, each item's column of length 1
    tf_idf   x = sqrt(times bought) * rarity, each item's column of length 1
    bm25     x = times * (k1 + 1) / (times + k1 * (1 - b + b * item's purchases / their mean)) * rarity

The products and the choice of the nearest are implicit's (`all_pairs_knn`, on all cores); its answers are not used.
An item is like itself as well (`repeat_weight` times the median of all items'), which is how
repeat purchases are recommended; where that is the largest share of a score,
the recommendation stands on the personal stage.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy import sparse

from core.errors import UnknownName, did_you_mean
from core.interactions import Interactions
from models.memory import GB
from models.recommenders.engine.linear import LinearRecommender
from models.recommenders.engine.search_ranges import HALF_LIVES, POPULARITY_POWER, SPANS, Between, OneOf, Ranges

WEIGHTINGS = ("cosine", "tf_idf", "bm25")


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
        "weighting": OneOf(WEIGHTINGS),
        "k1": Between(0.1, 10, log=True),
        "b": Between(0.0, 1.0),
    }

    # NDCG@10 on online_retail II, mean of the 28 days from 2010-07-07 and from 2010-08-04: .392; .390 with
    # popularity_power .2, half_life_days 120 and repeat_weight 8, and there tf_idf .391 and bm25 (k1 1.67) .391.
    popularity_power: float = 0.4

    half_life_days: float | None = 180.0
    "A line of the history counts half as much after so many days."

    n_neighbours: int = 200
    "How many items are kept as similar to each, itself included."

    repeat_weight: float = 20.0
    "An item's likeness to itself: how much a purchase speaks for its own repetition."

    weighting: str = "cosine"
    "What a purchase counts in likeness: cosine, tf_idf or bm25."

    k1: float = 1.67
    "bm25: how far repetition counts; near 0 not at all. Above 0."

    b: float = 0.5
    "bm25: how much less a purchase of an item that is bought much counts; 0 is not at all."

    def __post_init__(self) -> None:
        if self.weighting not in WEIGHTINGS:
            raise UnknownName(f"no weighting '{self.weighting}' in item_knn{did_you_mean(self.weighting, WEIGHTINGS)}")

    def needed_gb(self, interactions: Interactions) -> float:
        """The purchases as a matrix, and the nearest of each item, as implicit returns them and as they are kept."""
        m = len(interactions.item_ids)
        return (60 * len(interactions.items) + 60 * m * min(self.n_neighbours, m)) / GB

    def _learnt_effects(self, interactions: Interactions) -> sparse.csr_matrix:
        columns = weighted_columns(interactions.matrix(), self.weighting, self.k1, self.b)
        own = np.asarray(columns.multiply(columns).sum(axis=0)).ravel()
        repeats = np.where(own > 0, self.repeat_weight * np.median(own[own > 0]) if own.any() else 0.0, 0.0)
        learnt = sparse.csr_matrix(nearest_others(columns, self.n_neighbours) + sparse.diags(repeats), dtype=np.float32)
        learnt.eliminate_zeros()
        return learnt


def nearest_others(columns: sparse.csc_matrix, n: int) -> sparse.csr_matrix:
    """(m, m) float32: the products of each item's column with those of the n items nearest to it, itself left out."""
    from implicit.nearest_neighbours import all_pairs_knn  # here, because answering needs none of it

    found = all_pairs_knn(sparse.csr_matrix(columns, dtype=np.float64), n, show_progress=False)
    near = (found.data > 0) & (found.row != found.col)  # implicit pads with zeros where an item has fewer
    return sparse.csr_matrix((found.data[near], (found.row[near], found.col[near])), found.shape, dtype=np.float32)


def weighted_columns(
    times: sparse.csr_matrix, weighting: str = "cosine", k1: float = 1.2, b: float = 0.5
) -> sparse.csc_matrix:
    """Customers (or baskets) x items, each purchase as it counts, of (n, m) times bought.

    A customer who buys half the catalogue says little about what is alike: rarity is ln(1 + m / items bought).
    """
    rarity = sparse.diags(np.log1p(times.shape[1] / np.maximum(np.diff(times.indptr), 1)).astype(np.float32))
    counted = times.copy()
    if weighting == "bm25":
        counted.data = saturated(times, k1, b)
        return sparse.csc_matrix(rarity @ counted)
    counted.data = np.sqrt(times.data) if weighting == "tf_idf" else np.ones_like(times.data)
    weighted = sparse.csc_matrix(rarity @ counted)
    lengths = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=0)).ravel())
    return sparse.csc_matrix(weighted @ sparse.diags(1 / np.maximum(lengths, 1e-12)), dtype=np.float32)


def saturated(times: sparse.csr_matrix, k1: float, b: float) -> np.ndarray:
    """BM25's count of each purchase, an item standing for a document and customers for its words (Robertson 1994)."""
    bought = np.asarray(times.sum(axis=0)).ravel()
    room = k1 * (1 - b + b * bought / max(float(bought.mean()), 1e-12))
    return (times.data * (k1 + 1) / (times.data + room[times.indices])).astype(np.float32)
