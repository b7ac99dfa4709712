"""Recommenders that add up: each thing bought adds its own share to the score of every item.

    score[j] = sum over the history's items i of weight[i] * effect[i, j]

`effect` is sparse, so an answer costs what the history's rows hold, and the
share of each past item in a score is exact. What models of this family differ
in is how the effects are learnt.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar

import numpy as np
from scipy import sparse

from core.interactions import Histories, Interactions, lines_of
from core.recommendations import Stage
from models.recommenders.engine.scoring import ScoringRecommender, item_weights, past_of


@dataclass(eq=False)
class LinearRecommender(ScoringRecommender, ABC):
    """Ranks items by the sum of the effects of what was bought, recent purchases counting more."""

    own_stage: ClassVar[Stage] = Stage.SIMILAR_ITEMS
    knows_likeness: ClassVar[bool] = True
    learnt: ClassVar[tuple[str, ...]] = ("indptr", "neighbours", "effects")

    indptr_: np.ndarray = field(init=False)
    "(m + 1,) int64."
    neighbours_: np.ndarray = field(init=False)
    "(pairs,) int32: codes of the items that item i speaks for, rising, at indptr[i]:indptr[i + 1]."
    effects_: np.ndarray = field(init=False)
    "(pairs,) float32: what a purchase of item i adds to the score of each."

    @abstractmethod
    def _learnt_effects(self, interactions: Interactions) -> sparse.csr_matrix:
        """(m, m) float32, row i what a purchase of item i adds to each score; nothing stored is zero."""

    def _learn(self, interactions: Interactions) -> None:
        learnt = self._learnt_effects(interactions)
        learnt.sort_indices()
        self.indptr_ = learnt.indptr.astype(np.int64)
        self.neighbours_ = learnt.indices.astype(np.int32)
        self.effects_ = learnt.data.astype(np.float32)

    def _scores(self, histories: Histories, cutoff: date) -> np.ndarray:
        return self._spread(item_weights(histories, histories.weights(self.half_life_days, cutoff)))

    def _spread(self, bought: np.ndarray) -> np.ndarray:
        """(n, m) weights of what was bought to the sum of their effects."""
        customers, items = np.nonzero(bought)
        lines = lines_of(self.indptr_, items)
        lengths = self.indptr_[items + 1] - self.indptr_[items]
        cells = np.repeat(customers, lengths) * bought.shape[1] + self.neighbours_[lines]
        parts = np.repeat(bought[customers, items], lengths) * self.effects_[lines]
        return np.bincount(cells, parts, minlength=bought.size).astype(np.float32).reshape(bought.shape)

    def shares(self, histories: Histories, row: int, items: np.ndarray, cutoff: date) -> tuple[np.ndarray, np.ndarray]:
        """Weight times effect."""
        past, weights = past_of(histories, row, self.half_life_days, cutoff)
        return past, weights[:, None] * self._effects_between(past, items)

    def _effects_between(self, items: np.ndarray, others: np.ndarray) -> np.ndarray:
        """(items, others) float32; the others are all different."""
        lines = lines_of(self.indptr_, items)
        rows = np.repeat(np.arange(len(items)), self.indptr_[items + 1] - self.indptr_[items])
        column_of = np.full(len(self.item_ids), -1)
        column_of[others] = np.arange(len(others))
        columns = column_of[self.neighbours_[lines]]
        between = np.zeros((len(items), len(others)), dtype=np.float32)
        between[rows[columns >= 0], columns[columns >= 0]] = self.effects_[lines][columns >= 0]
        return between

    def _likest(self, code: int) -> tuple[np.ndarray, np.ndarray]:
        span = slice(self.indptr_[code], self.indptr_[code + 1])
        others = (self.neighbours_[span] != code) & (self.effects_[span] > 0)
        return self.neighbours_[span][others], self.effects_[span][others]
