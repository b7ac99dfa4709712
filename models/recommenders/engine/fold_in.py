"""A history in the space of the item vectors: one small ridge regression, solved exactly from its smaller side.

    A x = V'b,   A = diag(ridge) + V' diag(weights) V,   score of item j = y_j . x

V are the vectors of the history's h items. What everything else adds to A is
diagonal, because the item vectors stand on their principal axes. With
W = diag(weights)^1/2 V diag(ridge)^-1/2,

    A^-1 = diag(ridge)^-1/2 (I - W'(I + W W')^-1 W) diag(ridge)^-1/2     (Woodbury)

so that a history of 30 items costs a system of 30 x 30, however long the vectors are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.linalg import cho_factor, cho_solve


@dataclass(frozen=True)
class FoldedIn:
    """One history, ready to say what it thinks of any item."""

    items: np.ndarray
    "(h,) codes, each once."
    pulled: np.ndarray
    "(h, n_factors): what each item adds to the right-hand side."
    scale: np.ndarray
    "(n_factors,): ridge^-1/2."
    scaled: np.ndarray
    "(h, n_factors): W."
    solved: tuple[np.ndarray, bool]
    "Cholesky factor of I + W W', or of I + W' W where the history is longer than the vectors or empty."

    @classmethod
    def of(
        cls, items: np.ndarray, vectors: np.ndarray, weights: np.ndarray, pulls: np.ndarray, ridge: np.ndarray
    ) -> Self:
        """Solve for (h, n_factors) vectors, (h,) weights of at least 0, (h,) pulls b and (n_factors,) ridge above 0."""
        scale = 1 / np.sqrt(ridge)
        scaled = np.sqrt(weights)[:, None] * vectors * scale
        small = scaled @ scaled.T if _is_short(scaled) else scaled.T @ scaled
        small.flat[:: len(small) + 1] += 1
        return cls(items, pulls[:, None] * vectors, scale, scaled, cho_factor(small, check_finite=False))

    def vector(self) -> np.ndarray:
        """The customer's vector, (n_factors,); zeros for an empty history."""
        return self._divided(self.pulled.sum(axis=0)[:, None])[:, 0]

    def shares(self, vectors: np.ndarray) -> np.ndarray:
        """How much each item of the history adds to the score of other items, (others, h)."""
        return self._divided(vectors.T.astype(np.float64)).T @ self.pulled.T

    def _divided(self, right: np.ndarray) -> np.ndarray:
        """A^-1 times (n_factors, r)."""
        inner = self.scale[:, None] * right
        if _is_short(self.scaled):
            inner -= self.scaled.T @ cho_solve(self.solved, self.scaled @ inner, check_finite=False)
        else:
            inner = cho_solve(self.solved, inner, check_finite=False)
        return self.scale[:, None] * inner


def _is_short(scaled: np.ndarray) -> bool:
    """Whether the system of the items is the smaller one."""
    return 0 < scaled.shape[0] <= scaled.shape[1]
