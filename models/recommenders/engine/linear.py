"""Base class of item-to-item models, whose scores are sums over the history.

    score[j] = sum over the history's items i of weight[i] * effect[i, j]

The effect matrix is sparse, so the cost of a list depends on the history's rows alone, and the contribution of each
past item is exact. The models differ in how they fit the effects.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from core.interactions import Histories, Interactions, lines_of
from core.recommendations import Stage
from models.recommenders.engine.row_scores import PurchasedWeights, RowScores
from models.recommenders.engine.scoring import ScoringRecommender, sum_history, weigh_purchased


@dataclass(eq=False)
class LinearRecommender(ScoringRecommender, ABC):
    """Ranks items by the summed effects of past purchases; recent purchases weigh more."""

    stage: ClassVar[Stage] = Stage.SIMILAR_ITEMS
    has_item_similarity: ClassVar[bool] = True
    fitted_arrays: ClassVar[tuple[str, ...]] = ("indptr", "neighbours", "effects")

    indptr_: NDArray[np.int64] = field(init=False)
    "(m + 1,) bounds of each item's row in `neighbours_` and `effects_`."
    neighbours_: NDArray[np.int32] = field(init=False)
    "(pairs,) codes of the items that item i has an effect on, ascending, at indptr[i]:indptr[i + 1]."
    effects_: NDArray[np.float32] = field(init=False)
    "(pairs,) what a purchase of item i adds to the score of each neighbour."

    @abstractmethod
    def _fit_effects(self, interactions: Interactions) -> sparse.csr_matrix:
        """(m, m) float32; row i holds what a purchase of item i adds to each score, without stored zeros."""

    def _fit_model(self, interactions: Interactions) -> None:
        effects = self._fit_effects(interactions)
        effects.sort_indices()
        self.indptr_ = effects.indptr.astype(np.int64)
        self.neighbours_ = effects.indices.astype(np.int32)
        self.effects_ = effects.data.astype(np.float32)

    def _raw_scores(self, histories: Histories, cutoff: date) -> NDArray[np.float32]:
        return self._sum_effects(weigh_purchased(histories, histories.weights(self.half_life_days, cutoff)))

    def _sum_effects(self, purchased: PurchasedWeights) -> NDArray[np.float32]:
        """(n, m) sums of the effects of purchased items."""
        neighbours, lengths, parts = self._effects_of(purchased)
        n_rows, n_items = purchased.shape
        cells = np.repeat(purchased.rows, lengths) * n_items + neighbours
        return np.bincount(cells, parts, minlength=n_rows * n_items).astype(np.float32).reshape(purchased.shape)

    def _find_candidates(self, history: Histories, cutoff: date) -> RowScores | None:
        row = self._sum_row(weigh_purchased(history, history.weights(self.half_life_days, cutoff)))
        return row.multiply_by(self._popularity_factor(cutoff))

    def _sum_row(self, purchased: PurchasedWeights) -> RowScores:
        """The sums of the effects of one history's items."""
        neighbours, _, parts = self._effects_of(purchased)
        return RowScores.sum_parts(neighbours, parts, n_items=purchased.shape[1])

    def _effects_of(
        self, purchased: PurchasedWeights
    ) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.float32]]:
        """The neighbours of purchased items, one item's after the other's, their numbers, and the weighted effects."""
        lines = lines_of(self.indptr_, purchased.items)
        lengths = self.indptr_[purchased.items + 1] - self.indptr_[purchased.items]
        return self.neighbours_[lines], lengths, np.repeat(purchased.weights, lengths) * self.effects_[lines]

    def contributions(
        self, histories: Histories, row: int, *, items: NDArray[np.integer], cutoff: date
    ) -> tuple[NDArray[np.integer], NDArray[np.floating]]:
        """Weight times effect."""
        past, weights = sum_history(histories, row, half_life_days=self.half_life_days, cutoff=cutoff)
        return past, weights[:, None] * self._effects_between(past, items)

    def _effects_between(self, items: NDArray[np.integer], others: NDArray[np.integer]) -> NDArray[np.float32]:
        """(items, others) effects."""
        lines = lines_of(self.indptr_, items)
        rows = np.repeat(np.arange(len(items)), self.indptr_[items + 1] - self.indptr_[items])
        # The pairs of an item and a neighbour ascend, because the neighbours of each item do.
        n_items = len(self.item_ids)
        pairs = rows * n_items + self.neighbours_[lines]
        pairs_to_find = np.arange(len(items))[:, None] * n_items + others
        places = np.searchsorted(pairs, pairs_to_find)
        places[places == len(pairs)] = 0
        between = np.zeros(pairs_to_find.shape, dtype=np.float32)
        if len(pairs):
            np.copyto(between, self.effects_[lines[places]], where=pairs[places] == pairs_to_find)
        return between

    def _similar_items(self, code: int) -> tuple[NDArray[np.integer], NDArray[np.floating]]:
        """The positive effects on other items."""
        span = slice(self.indptr_[code], self.indptr_[code + 1])
        others = (self.neighbours_[span] != code) & (self.effects_[span] > 0)
        return self.neighbours_[span][others], self.effects_[span][others]
