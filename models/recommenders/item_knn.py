"""Items like those in the history: cosine similarity of who bought them (Sarwar et al. 2001; Deshpande & Karypis 2004).

    likeness[i, j] = sum over customers of x[c, i] * x[c, j], x weighted and each item's column of length 1
    score[j]       = sum over the history's items i of weight[i] * likeness[i, j]

An item is like itself as well (1.0, times `repeat_weight`), which is how
repeat purchases are recommended; where that is the largest share of a score,
the recommendation stands on the personal rung.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar

import numpy as np
from scipy import sparse

from core.interactions import Histories, Interactions, lines_of
from core.recommendations import RUNGS
from models.recommenders.answer import Answer
from models.recommenders.scoring import ScoringRecommender, item_weights

ITEMS_AT_ONCE = 512
"Rows of the likeness matrix computed together, so that it is never held whole."


@dataclass(eq=False)
class ItemKnn(ScoringRecommender):
    """Ranks items by their likeness to what was bought, recent purchases counting more."""

    name: ClassVar[str] = "item_knn"
    own_rung: ClassVar[str] = "similar_items"
    knows_likeness: ClassVar[bool] = True
    learnt: ClassVar[tuple[str, ...]] = ("indptr", "neighbours", "likeness")

    # Among the best NDCG@10 of 30 settings on online_retail II, 28 days from 2010-07-07 and 2010-08-04: .395, and
    # .378 without popularity, .341 with repeat_weight 1; more of either or more neighbours gains < .004.
    popularity_power: float = 0.2

    n_neighbours: int = 200
    "How many items are kept as similar to each, itself included."

    half_life_days: float = 120.0
    "A line of the history counts half as much after so many days."

    repeat_weight: float = 8.0
    "An item's likeness to itself: how much a purchase speaks for its own repetition."

    indptr_: np.ndarray = field(init=False)
    "(m + 1,) int64."
    neighbours_: np.ndarray = field(init=False)
    "(pairs,) int32: codes of the items like item i, at indptr[i]:indptr[i + 1]."
    likeness_: np.ndarray = field(init=False)
    "(pairs,) float32, above zero."

    def _learn(self, interactions: Interactions) -> None:
        columns = weighted_columns(interactions)
        rows = list(_nearest(columns, self.n_neighbours, self.repeat_weight))
        self.indptr_ = np.concatenate([[0], np.cumsum([len(items) for items, _ in rows])]).astype(np.int64)
        self.neighbours_ = np.concatenate([items for items, _ in rows]).astype(np.int32)
        self.likeness_ = np.concatenate([likeness for _, likeness in rows]).astype(np.float32)

    def _scores(self, histories: Histories, cutoff: date) -> np.ndarray:
        bought = item_weights(histories, histories.weights(self.half_life_days, cutoff))
        customers, items = np.nonzero(bought)
        lines = lines_of(self.indptr_, items)
        lengths = self.indptr_[items + 1] - self.indptr_[items]
        cells = np.repeat(customers, lengths) * bought.shape[1] + self.neighbours_[lines]
        shares = np.repeat(bought[customers, items], lengths) * self.likeness_[lines]
        return np.bincount(cells, shares, minlength=bought.size).astype(np.float32).reshape(bought.shape)

    def _explain(self, answer: Answer, histories: Histories, cutoff: date) -> None:
        """The item of the history with the largest share in the score."""
        bought = item_weights(histories, histories.weights(self.half_life_days, cutoff))
        for row, weights in enumerate(bought):
            items = np.flatnonzero(weights)
            shares = weights[items, None] * self._likeness_between(items, answer.items[row])
            if len(items):
                strongest = items[shares.argmax(axis=0)]
                own = answer.items[row] >= 0
                answer.because[row][own] = strongest[own]
        answer.rungs[(answer.because >= 0) & (answer.because == answer.items)] = RUNGS.index("personal")

    def _likeness_between(self, items: np.ndarray, others: np.ndarray) -> np.ndarray:
        """(items, others) float32."""
        lines = lines_of(self.indptr_, items)
        rows = np.repeat(np.arange(len(items)), self.indptr_[items + 1] - self.indptr_[items])
        column_of = np.full(len(self.item_ids), -1)
        column_of[others[others >= 0]] = np.flatnonzero(others >= 0)
        columns = column_of[self.neighbours_[lines]]
        between = np.zeros((len(items), len(others)), dtype=np.float32)
        between[rows[columns >= 0], columns[columns >= 0]] = self.likeness_[lines][columns >= 0]
        return between

    def _likest(self, code: int) -> tuple[np.ndarray, np.ndarray]:
        span = slice(self.indptr_[code], self.indptr_[code + 1])
        others = self.neighbours_[span] != code
        return self.neighbours_[span][others], self.likeness_[span][others]


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


def _nearest(columns: sparse.csc_matrix, n_neighbours: int, repeat_weight: float) -> Iterator[tuple[np.ndarray, ...]]:
    """For each item the codes and likeness of its nearest, itself among them where it counts."""
    rows = sparse.csr_matrix(columns)
    for start in range(0, columns.shape[1], ITEMS_AT_ONCE):
        block = sparse.csr_matrix(columns[:, start : start + ITEMS_AT_ONCE].T @ rows)
        for place in range(block.shape[0]):
            span = slice(block.indptr[place], block.indptr[place + 1])
            items, likeness = block.indices[span], block.data[span]
            likeness = np.where(items == start + place, likeness * repeat_weight, likeness)
            best = np.lexsort((items, -likeness))[:n_neighbours]
            best = np.sort(best[likeness[best] > 0])
            yield items[best], likeness[best]
