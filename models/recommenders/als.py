"""Taste as a vector: implicit-feedback matrix factorisation (Hu, Koren & Volinsky 2008), fitted by `implicit`.

Only the fit is implicit's. A history is folded in here, exactly, with numpy and
one Cholesky solve of factors x factors,

    (Y'Y + penalty * I + Y_h' (C_h - I) Y_h) x = Y_h' c_h,   score = Y x,
    c = 1 + alpha * (decayed number of purchases),
    penalty = regularization * (different items in a mean history, at least 1),

so that a purchase of a second ago counts, an unknown customer gets an answer,
and none of implicit's padding, filtering or cold-start answers is ever used.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import ClassVar, Self

import numpy as np
from scipy import sparse
from scipy.linalg import cho_factor, cho_solve

from core.interactions import Histories, Interactions
from models.memory import GB
from models.recommenders.answer import Answer
from models.recommenders.exclusion import Barred
from models.recommenders.one_thread import on_one_thread
from models.recommenders.ranges import HALF_LIVES, POPULARITY_POWER, SPANS, Between, OneOf, Ranges
from models.recommenders.scoring import ScoringRecommender, past_of

ROUNDING = 1e-6
"A score below this is noise of float32 arithmetic (1 is a purchase) and says nothing."


@dataclass(eq=False)
class Als(ScoringRecommender):
    """Ranks items by the product of their vectors with the history's."""

    name: ClassVar[str] = "als"
    own_rung: ClassVar[str] = "personal"
    knows_likeness: ClassVar[bool] = True
    learnt: ClassVar[tuple[str, ...]] = ("factors", "gram")
    ranges: ClassVar[Ranges] = {
        "half_life_days": HALF_LIVES,
        "span_days": SPANS,
        "popularity_power": POPULARITY_POWER,
        "n_factors": OneOf((32, 64, 128, 256)),
        "regularization": Between(0.03, 10, log=True),
        "alpha": Between(0.3, 40, log=True),
    }

    # Best NDCG@10 of 20 settings on online_retail II, 28 days from 2010-08-04; 256 factors gain .013 more for twice the
    # time.
    popularity_power: float = 0.2

    n_factors: int = 128
    "Length of the customer and item vectors."

    regularization: float = 0.6
    "For each different item of a mean history: the same shop with more purchases a customer needs more. Above 0."

    alpha: float = 3.0
    "How much surer a purchase makes us than its absence."

    half_life_days: float | None = 180.0

    iterations: int = 15
    seed: int = 7

    factors_: np.ndarray = field(init=False)
    "(m, n_factors) float32; zeros for an item that nobody known bought."
    gram_: np.ndarray = field(init=False)
    "(n_factors, n_factors) float64: Y'Y + penalty * I."

    def _learn(self, interactions: Interactions) -> None:
        confidence = interactions.matrix(self.half_life_days, self.cutoff_)
        confidence.data[:] = 1 + self.alpha * confidence.data
        penalty = self.regularization * max(1.0, confidence.nnz / max(1, confidence.shape[0]))
        self.factors_ = self._fitted_factors(confidence, penalty)
        exact = self.factors_.astype(np.float64)
        self.gram_ = exact.T @ exact + penalty * np.eye(self.n_factors)

    def _fitted_factors(self, confidence: sparse.csr_matrix, penalty: float) -> np.ndarray:
        from implicit.cpu.als import AlternatingLeastSquares  # here, because answering needs none of it

        with on_one_thread():
            model = AlternatingLeastSquares(
                factors=self.n_factors,
                regularization=penalty,
                alpha=1.0,
                iterations=self.iterations,
                random_state=self.seed,
            )
            model.fit(confidence, show_progress=False)
        bought = np.bincount(confidence.indices, minlength=confidence.shape[1]) > 0
        return np.where(bought[:, None], model.item_factors, 0).astype(np.float32)

    def _write_own(self, answer: Answer, histories: Histories, barred: Barred, cutoff: date) -> None:
        """On one thread: the matrices are small."""
        with on_one_thread():
            super()._write_own(answer, histories, barred, cutoff)

    def _scores(self, histories: Histories, cutoff: date) -> np.ndarray:
        vectors = [self._folded_in(histories, row, cutoff).vector() for row in range(len(histories))]
        scores = np.array(vectors, dtype=np.float32).reshape(len(histories), self.n_factors) @ self.factors_.T
        scores[scores < ROUNDING] = 0
        return scores

    def shares(self, histories: Histories, row: int, items: np.ndarray, cutoff: date) -> tuple[np.ndarray, np.ndarray]:
        """Each past item's part of the customer's vector, times the vectors of the items."""
        folded = self._folded_in(histories, row, cutoff)
        return folded.items, folded.shares(self.factors_[items]).T

    def _folded_in(self, histories: Histories, row: int, cutoff: date) -> FoldedIn:
        items, weights = past_of(histories, row, self.half_life_days, cutoff)
        return FoldedIn.of(items, 1 + self.alpha * weights, self.factors_[items].astype(np.float64), self.gram_)

    def needed_gb(self, interactions: Interactions) -> float:
        """Vectors of customers and items, and the confidence matrix with its transpose."""
        rows = len(interactions) + 2 * len(interactions.item_ids)
        return (4 * rows * self.n_factors + 16 * len(interactions.items)) / GB

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


@dataclass(frozen=True)
class FoldedIn:
    """One history in the space of the item vectors."""

    items: np.ndarray
    "(h,) codes, each once."
    pull: np.ndarray
    "(h, n_factors): confidence times vector; its sum is the right-hand side."
    solved: tuple[np.ndarray, bool]
    "Cholesky factor of the left-hand side."

    @classmethod
    def of(cls, items: np.ndarray, confidence: np.ndarray, vectors: np.ndarray, gram: np.ndarray) -> Self:
        """Solve for a history of items with these confidences and (h, n_factors) vectors."""
        left = gram + (vectors.T * (confidence - 1)) @ vectors
        return cls(items, confidence[:, None] * vectors, cho_factor(left, check_finite=False))

    def vector(self) -> np.ndarray:
        """The customer's vector, (n_factors,); zeros for an empty history."""
        return cho_solve(self.solved, self.pull.sum(axis=0), check_finite=False)

    def shares(self, vectors: np.ndarray) -> np.ndarray:
        """How much each item of the history adds to the score of other items, (others, h)."""
        return cho_solve(self.solved, vectors.T.astype(np.float64), check_finite=False).T @ self.pull.T
