"""Matrix factorisation: recommenders that give every item a vector and fold the history in at request time.

The models differ only in their fit. A customer's vector is never stored: it is the exact solution of a small ridge
regression over the history, so that a purchase of a second ago counts and an unknown customer gets an answer.

    A x = V'b,   A = diag(ridge) + V' diag(weights) V,   score of item j = y_j . x

V holds the vectors of the h items of the history. The rest of A is diagonal, because the item vectors are rotated to
their principal axes. With W = diag(weights)^1/2 V diag(ridge)^-1/2,

    A^-1 = diag(ridge)^-1/2 (I - W'(I + W W')^-1 W) diag(ridge)^-1/2     (Woodbury)

so a history of 30 items costs a system of 30 x 30, however long the vectors are.

The best items are found exactly without scoring all: no score exceeds the product of the two vectors' lengths
(Cauchy-Schwarz), so once the longest vectors have given a list, all shorter than its last score allows are left out
(Teflioudi & Gemulla 2016, LEMP). Customers buy popular items most, and those have the longest vectors.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from core.interactions import Histories
from core.recommendations import Stage
from models.recommenders.engine.row_scores import SLACK, RowScores
from models.recommenders.engine.scoring import ScoringRecommender, sum_history
from models.resources import limit_blas_to_one_thread

MIN_SCORE = 1e-6
"Scores below this are noise of float32 arithmetic (a purchase scores about 1) and count as 0."

N_FIRST = 2_048
"Longest vectors that are scored first."
N_KNOWN = 128
"Best items of a history that its candidates contain."
MAX_COPIED = 2**14
"Longest vectors that are copied, so that they lie beside each other: 8 MB of vectors of 128."
FEW = 1 / 8
"Below this share of all vectors, gathering them is faster than multiplying all."


@dataclass(eq=False)
class FactorRecommender(ScoringRecommender, ABC):
    """Ranks items by the dot product of their vectors with the customer's vector."""

    stage: ClassVar[Stage] = Stage.PERSONAL
    has_item_similarity: ClassVar[bool] = True
    uses_small_matrices: ClassVar[bool] = True
    fitted_arrays: ClassVar[tuple[str, ...]] = ("factors", "ridge")

    factors_: NDArray[np.float32] = field(init=False)
    "(m, n_factors) item vectors on principal axes (Y'Y is diagonal); zeros for an item without known buyers."
    ridge_: NDArray[np.float64] = field(init=False)
    "(n_factors,) diagonal of every history's system before its own items are added."

    @abstractmethod
    def _system(
        self, purchases: NDArray[np.float64]
    ) -> tuple[NDArray[np.floating], NDArray[np.floating], NDArray[np.floating]]:
        """Weights, targets and ridge of a `FoldedHistory`, given a history's (h,) decayed numbers of purchases."""

    def _set_factors(self, factors: NDArray[np.float32], *, weight: float, penalty: float = 0.0) -> None:
        """Rotate (m, n_factors) item vectors to principal axes; the ridge is weight * Y'Y + penalty * I."""
        spread, axes = principal_axes(factors)
        self.factors_ = factors @ axes.astype(np.float32)
        self.ridge_ = weight * spread + penalty

    def scores(self, histories: Histories, cutoff: date) -> NDArray[np.float32]:
        """(n, m) score of each item for each history, 0 where it is noise."""
        return cut_noise(super().scores(histories, cutoff))

    def _raw_scores(self, histories: Histories, cutoff: date) -> NDArray[np.float32]:
        vectors = [self._fold_in(histories, row, cutoff=cutoff).customer_vector() for row in range(len(histories))]
        vectors = np.array(vectors, dtype=np.float32).reshape(len(histories), self.factors_.shape[1])
        return cut_noise(vectors @ self.factors_.T)

    def _find_candidates(self, history: Histories, cutoff: date) -> RowScores | None:
        """The items whose vectors are long enough to be among the best."""
        vector = self._fold_in(history, 0, cutoff=cutoff).customer_vector().astype(np.float32)
        return self._longest_first.search(self.factors_, vector)

    @cached_property
    def _longest_first(self) -> LongestFirst:
        return LongestFirst.of(self.factors_, self._factor_at_fit)

    def contributions(
        self, histories: Histories, row: int, *, items: NDArray[np.integer], cutoff: date
    ) -> tuple[NDArray[np.integer], NDArray[np.floating]]:
        """Each past item's part of the customer vector, times the vectors of the items."""
        folded = self._fold_in(histories, row, cutoff=cutoff)
        return folded.items, folded.contributions(self.factors_[items]).T

    def _fold_in(self, histories: Histories, row: int, *, cutoff: date) -> FoldedHistory:
        items, purchases = sum_history(histories, row, half_life_days=self.half_life_days, cutoff=cutoff)
        weights, targets, ridge = self._system(purchases)
        vectors = self.factors_[items].astype(np.float64)
        return FoldedHistory.solve(items, vectors, weights=weights, targets=targets, ridge=ridge)

    def _similar_items(self, code: int) -> tuple[NDArray[np.integer], NDArray[np.floating]]:
        """Cosine of the vectors."""
        similarities = self._directions @ self._directions[code]
        similarities[code] = 0
        others = np.flatnonzero(similarities > 0)
        return others, similarities[others]

    def _similarity_matrix(self, codes: NDArray[np.integer]) -> NDArray[np.floating]:
        """Cosine of the vectors; 0 where it is negative."""
        directions = self._directions[codes]
        with limit_blas_to_one_thread():
            return np.clip(directions @ directions.T, 0, 1)

    @cached_property
    def _directions(self) -> NDArray[np.float32]:
        lengths = np.linalg.norm(self.factors_, axis=1, keepdims=True)
        return self.factors_ / np.maximum(lengths, np.finfo(np.float32).tiny)


@dataclass(frozen=True, kw_only=True)
class FoldedHistory:
    """The solved system of one history, ready to score any item."""

    items: NDArray[np.int32]
    "(h,) codes, each once."
    weighted_targets: NDArray[np.floating]
    "(h, n_factors): what each item adds to the right-hand side V'b."
    scale: NDArray[np.floating]
    "(n_factors,): ridge^-1/2."
    scaled: NDArray[np.floating]
    "(h, n_factors): W."
    cholesky: tuple[NDArray[np.float64], bool]
    "Cholesky factor of I + W W', or of I + W'W where the history is longer than the vectors or empty."

    @classmethod
    def solve(
        cls,
        items: NDArray[np.int32],
        vectors: NDArray[np.float64],
        *,
        weights: NDArray[np.floating],
        targets: NDArray[np.floating],
        ridge: NDArray[np.floating],
    ) -> Self:
        """From (h, n_factors) vectors, (h,) weights >= 0, (h,) targets b and (n_factors,) ridge > 0."""
        scale = 1 / np.sqrt(ridge)
        scaled = np.sqrt(weights)[:, None] * vectors * scale
        small = scaled @ scaled.T if _is_short(scaled) else scaled.T @ scaled
        small.flat[:: len(small) + 1] += 1
        return cls(
            items=items,
            weighted_targets=targets[:, None] * vectors,
            scale=scale,
            scaled=scaled,
            cholesky=cho_factor(small, check_finite=False),
        )

    def customer_vector(self) -> NDArray[np.float64]:
        """(n_factors,); zeros for an empty history."""
        return self._apply_inverse(self.weighted_targets.sum(axis=0)[:, None])[:, 0]

    def contributions(self, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        """(others, h): how much each item of the history adds to the scores of other items, given their vectors."""
        return self._apply_inverse(vectors.T.astype(np.float64)).T @ self.weighted_targets.T

    def _apply_inverse(self, right: NDArray[np.float64]) -> NDArray[np.float64]:
        """A^-1 times a (n_factors, r) matrix."""
        inner = self.scale[:, None] * right
        if _is_short(self.scaled):
            inner -= self.scaled.T @ cho_solve(self.cholesky, self.scaled @ inner, check_finite=False)
        else:
            inner = cho_solve(self.cholesky, inner, check_finite=False)
        return self.scale[:, None] * inner


@dataclass(frozen=True, kw_only=True)
class LongestFirst:
    """Item vectors times the items' popularity factors, from the longest down."""

    items: NDArray[np.int32]
    "(m,) codes."
    rising: NDArray[np.float32]
    "(m,) lengths, from the shortest up."
    factor: NDArray[np.float32]
    "(m,) popularity factor of each item, by code."
    copied: NDArray[np.float32]
    "(at most MAX_COPIED, n_factors) the longest vectors."

    @classmethod
    def of(cls, vectors: NDArray[np.float32], factor: NDArray[np.float32]) -> Self:
        """Of (m, n_factors) vectors and (m,) factors."""
        lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors)) * factor
        items = np.argsort(-lengths, kind="stable").astype(np.int32)
        copied = items[:MAX_COPIED]
        return cls(
            items=items,
            rising=np.ascontiguousarray(lengths[items[::-1]]),
            factor=factor,
            copied=vectors[copied] * factor[copied][:, None],
        )

    def search(self, vectors: NDArray[np.float32], customer: NDArray[np.float32]) -> RowScores | None:
        """The row of a customer's (n_factors,) vector; None where too many items could be among the best."""
        first = self._score(vectors, customer, places=slice(0, N_FIRST))
        lowest = max(float(np.partition(first, -N_KNOWN)[-N_KNOWN]) if len(first) >= N_KNOWN else 0.0, MIN_SCORE)
        length = float(np.linalg.norm(customer) * SLACK)
        # Every item from `end` on has a score of at most `lowest`.
        shortest = np.float32(lowest / max(length, MIN_SCORE))  # another type would copy all lengths
        end = len(self.items) - int(np.searchsorted(self.rising, shortest))
        if end > FEW * len(self.items):
            return None
        further = self._score(vectors, customer, places=slice(N_FIRST, end)) if end > N_FIRST else first[:0]
        scores = np.concatenate([first, further])
        places = np.flatnonzero(scores >= lowest)
        items = self.items[places].astype(np.int64)

        def score_others(others: NDArray[np.integer]) -> NDArray[np.float32]:
            return cut_noise((vectors[others] @ customer) * self.factor[others])

        bound = lowest if lowest > MIN_SCORE else 0.0
        return RowScores(items, scores[places], len(self.items), bound, score_others)

    def _score(
        self, vectors: NDArray[np.float32], customer: NDArray[np.float32], *, places: slice
    ) -> NDArray[np.float32]:
        """Scores of the items at some places."""
        start, end, _ = places.indices(len(self.items))
        beside = self.copied[start:end] @ customer
        items = self.items[max(start, len(self.copied)) : end]
        return np.concatenate([beside, (vectors[items] @ customer) * self.factor[items]]) if len(items) else beside


def cut_noise(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """The scores, those below MIN_SCORE as 0, in place."""
    scores[scores < MIN_SCORE] = 0
    return scores


def principal_axes(vectors: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Eigenvalues of V'V for (n, f) vectors, (f,), and the principal axes as (f, f) columns."""
    spread, axes = np.linalg.eigh((vectors.T @ vectors).astype(np.float64))
    return np.maximum(spread, 0), axes


def _is_short(scaled: NDArray[np.floating]) -> bool:
    """Whether the system over the items of the history is the smaller one."""
    return 0 < scaled.shape[0] <= scaled.shape[1]
