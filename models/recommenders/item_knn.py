"""Item-based nearest neighbours (Sarwar et al. 2001; Deshpande & Karypis 2004).

    similarity[i, j] = sum over customers of x[c, i] * x[c, j]

    cosine   x = rarity of the customer's purchases, each item's column of length 1
    tf_idf   x = sqrt(times bought) * rarity, each item's column of length 1
    bm25     x = times * (k1 + 1) / (times + k1 * (1 - b + b * item's purchases / their mean)) * rarity

The products and the selection of neighbours are implicit's (`all_pairs_knn`, on all cores); its lists are not used.
An item is also similar to itself (`repeat_weight` times the median over all items), which recommends repeat purchases.
Where that is the largest contribution to a score, the item is on the personal stage.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from core.errors import UnknownName, did_you_mean
from core.interactions import Interactions
from models.recommenders.engine.linear import LinearRecommender
from models.recommenders.engine.search_ranges import HALF_LIVES, POPULARITY_POWER, SPANS, Between, OneOf, Ranges
from models.resources import GB
from models.setting_types import Count, HalfLife, NotNegative, Positive, Power, Share

Weighting = Literal["cosine", "tf_idf", "bm25"]
WEIGHTINGS: tuple[Weighting, ...] = get_args(Weighting)


@dataclass(eq=False)
class ItemKnn(LinearRecommender):
    """Ranks items by their similarity to past purchases."""

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
    popularity_power: Power = 0.4

    half_life_days: HalfLife | None = 180.0
    "A purchase of the history counts half as much after this many days."

    n_neighbours: Count = 200
    "Number of neighbours kept for each item, itself included."

    repeat_weight: NotNegative = 20.0
    "Similarity of an item to itself: how much a purchase predicts its own repetition."

    weighting: Weighting = "cosine"
    "Weight of a purchase in the similarity: cosine, tf_idf or bm25."

    k1: Positive = 1.67
    "bm25: how much repeat purchases count; near 0 not at all. Above 0."

    b: Share = 0.5
    "bm25: how much less a purchase of a popular item counts; 0 is no effect."

    def __post_init__(self) -> None:
        if self.weighting not in WEIGHTINGS:
            raise UnknownName(f"no weighting '{self.weighting}' in item_knn{did_you_mean(self.weighting, WEIGHTINGS)}")

    def memory_gb(self, interactions: Interactions) -> float:
        """The purchases as a matrix, and the neighbours of each item, as implicit returns them and as they are kept."""
        m = len(interactions.item_ids)
        return (60 * len(interactions.items) + 60 * m * min(self.n_neighbours, m)) / GB

    def _fit_effects(self, interactions: Interactions) -> sparse.csr_matrix:
        columns = weigh_purchases(interactions.matrix(), self.weighting, k1=self.k1, b=self.b)
        own = np.asarray(columns.multiply(columns).sum(axis=0)).ravel()
        repeats = np.where(own > 0, self.repeat_weight * np.median(own[own > 0]) if own.any() else 0.0, 0.0)
        others = nearest_others(columns, self.n_neighbours)
        effects = sparse.csr_matrix(others + sparse.diags(repeats), dtype=np.float32)
        effects.eliminate_zeros()
        return effects


def nearest_others(columns: sparse.csc_matrix, n: int) -> sparse.csr_matrix:
    """(m, m) float32 products of each item's column with those of its n nearest items, itself left out."""
    from implicit.nearest_neighbours import all_pairs_knn  # here, because recommending does not need it

    pairs = all_pairs_knn(sparse.csr_matrix(columns, dtype=np.float64), n, show_progress=False)
    is_near = (pairs.data > 0) & (pairs.row != pairs.col)  # implicit pads with zeros where an item has fewer
    cells = (pairs.data[is_near], (pairs.row[is_near], pairs.col[is_near]))
    return sparse.csr_matrix(cells, pairs.shape, dtype=np.float32)


def weigh_purchases(
    times: sparse.csr_matrix, weighting: str = "cosine", *, k1: float = 1.2, b: float = 0.5
) -> sparse.csc_matrix:
    """(n, m) weights of purchases, customers (or baskets) x items, given the numbers of purchases.

    A customer who buys half the catalogue shows little about similarity: rarity is ln(1 + m / items bought).
    """
    rarity = sparse.diags(np.log1p(times.shape[1] / np.maximum(np.diff(times.indptr), 1)).astype(np.float32))
    weights = times.copy()
    if weighting == "bm25":
        weights.data = saturate(times, k1=k1, b=b)
        return sparse.csc_matrix(rarity @ weights)
    weights.data = np.sqrt(times.data) if weighting == "tf_idf" else np.ones_like(times.data)
    weighted = sparse.csc_matrix(rarity @ weights)
    lengths = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=0)).ravel())
    return sparse.csc_matrix(weighted @ sparse.diags(1 / np.maximum(lengths, 1e-12)), dtype=np.float32)


def saturate(times: sparse.csr_matrix, *, k1: float, b: float) -> NDArray[np.float32]:
    """BM25's weight of each purchase, with items as documents and customers as their words (Robertson 1994)."""
    bought = np.asarray(times.sum(axis=0)).ravel()
    room = k1 * (1 - b + b * bought / max(float(bought.mean()), 1e-12))
    return (times.data * (k1 + 1) / (times.data + room[times.indices])).astype(np.float32)


MODEL = ItemKnn
