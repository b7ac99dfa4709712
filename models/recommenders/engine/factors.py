"""Taste as a vector: what the models share that give every item one and fold a history in.

Only the fit differs between them. A purchase of a second ago counts, and an
unknown customer gets an answer, because a customer's vector is never kept: it
is solved for from the history, exactly, in `folded_in.py`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import ClassVar

import numpy as np

from core.interactions import Histories
from core.recommendations import Stage
from models.recommenders.engine.answer import Answer
from models.recommenders.engine.exclusion import Barred
from models.recommenders.engine.fold_in import FoldedIn
from models.recommenders.engine.one_thread import on_one_thread
from models.recommenders.engine.scoring import ScoringRecommender, past_of

ROUNDING = 1e-6
"A score below this is noise of float32 arithmetic (1 is a purchase) and says nothing."


@dataclass(eq=False)
class FactorRecommender(ScoringRecommender, ABC):
    """Ranks items by the product of their vectors with the history's."""

    own_stage: ClassVar[Stage] = Stage.PERSONAL
    knows_likeness: ClassVar[bool] = True
    learnt: ClassVar[tuple[str, ...]] = ("factors", "ridge")

    factors_: np.ndarray = field(init=False)
    "(m, n_factors) float32, on principal axes (Y'Y is diagonal); zeros for an item that nobody known bought."
    ridge_: np.ndarray = field(init=False)
    "(n_factors,) float64: the diagonal that every history's system has, before its own items."

    @abstractmethod
    def _system(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Weights, pulls and ridge of `FoldedIn`, for a history's (h,) decayed numbers of purchases."""

    def _keep(self, factors: np.ndarray, weight: float, penalty: float = 0.0) -> None:
        """Set what is learnt from (m, n_factors) item vectors on any axes; the ridge is weight * Y'Y + penalty * I."""
        spread, axes = principal_axes(factors)
        self.factors_ = factors @ axes.astype(np.float32)
        self.ridge_ = weight * spread + penalty

    def _write_own(self, answer: Answer, histories: Histories, barred: Barred, cutoff: date) -> None:
        """On one thread: the matrices are small."""
        with on_one_thread():
            super()._write_own(answer, histories, barred, cutoff)

    def _scores(self, histories: Histories, cutoff: date) -> np.ndarray:
        vectors = [self._folded_in(histories, row, cutoff).vector() for row in range(len(histories))]
        vectors = np.array(vectors, dtype=np.float32).reshape(len(histories), self.factors_.shape[1])
        scores = vectors @ self.factors_.T
        scores[scores < ROUNDING] = 0
        return scores

    def shares(self, histories: Histories, row: int, items: np.ndarray, cutoff: date) -> tuple[np.ndarray, np.ndarray]:
        """Each past item's part of the customer's vector, times the vectors of the items."""
        folded = self._folded_in(histories, row, cutoff)
        return folded.items, folded.shares(self.factors_[items]).T

    def _folded_in(self, histories: Histories, row: int, cutoff: date) -> FoldedIn:
        items, weights = past_of(histories, row, self.half_life_days, cutoff)
        return FoldedIn.of(items, self.factors_[items].astype(np.float64), *self._system(weights))

    def _likest(self, code: int) -> tuple[np.ndarray, np.ndarray]:
        """Cosine of the vectors."""
        likeness = self._directions @ self._directions[code]
        likeness[code] = 0
        others = np.flatnonzero(likeness > 0)
        return others, likeness[others]

    def _likeness_between(self, codes: np.ndarray) -> np.ndarray:
        """Cosine of the vectors; 0 where it is below."""
        directions = self._directions[codes]
        with on_one_thread():
            return np.clip(directions @ directions.T, 0, 1)

    @cached_property
    def _directions(self) -> np.ndarray:
        lengths = np.linalg.norm(self.factors_, axis=1, keepdims=True)
        return self.factors_ / np.maximum(lengths, np.finfo(np.float32).tiny)


def principal_axes(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The spread of (n, f) vectors along their principal axes, (f,) float64, and these as (f, f) columns."""
    spread, axes = np.linalg.eigh((vectors.T @ vectors).astype(np.float64))
    return np.maximum(spread, 0), axes
