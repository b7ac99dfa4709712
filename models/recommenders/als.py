"""Taste as a vector: implicit-feedback matrix factorisation (Hu, Koren & Volinsky 2008), fitted by `implicit`.

Only the fit is implicit's. A history is folded in here (`folded_in.py`),

    (Y'Y + penalty * I + Y_h' (C_h - I) Y_h) x = Y_h' c_h,   score = Y x,
    c = 1 + alpha * (decayed number of purchases),
    penalty = regularization * (different items in a mean history, at least 1),

and none of implicit's padding, filtering or cold-start answers is ever used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy import sparse

from core.interactions import Interactions
from models.memory import GB
from models.recommenders.engine.factors import FactorRecommender
from models.recommenders.engine.one_thread import on_one_thread
from models.recommenders.engine.search_ranges import HALF_LIVES, POPULARITY_POWER, SPANS, Between, OneOf, Ranges


@dataclass(eq=False)
class Als(FactorRecommender):
    """Ranks items by the product of their vectors with the history's."""

    name: ClassVar[str] = "als"
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

    def _learn(self, interactions: Interactions) -> None:
        confidence = interactions.matrix(self.half_life_days, self.cutoff_)
        confidence.data[:] = 1 + self.alpha * confidence.data
        penalty = self.regularization * max(1.0, confidence.nnz / max(1, confidence.shape[0]))
        self._keep(self._fitted_factors(confidence, penalty), 1.0, penalty)

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

    def _system(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        surer = self.alpha * weights
        return surer, 1 + surer, self.ridge_

    def needed_gb(self, interactions: Interactions) -> float:
        """Vectors of customers and items, and the confidence matrix with its transpose."""
        rows = len(interactions) + 2 * len(interactions.item_ids)
        return (4 * rows * self.n_factors + 16 * len(interactions.items)) / GB
