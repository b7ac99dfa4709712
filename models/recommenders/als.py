"""Matrix factorisation for implicit feedback by alternating least squares (Hu, Koren & Volinsky 2008).

The item vectors are fitted by `implicit`. Histories are folded in here (`engine/factors.py`),

    (Y'Y + penalty * I + Y_h' (C_h - I) Y_h) x = Y_h' c_h,   score = Y x,
    c = 1 + alpha * (decayed number of purchases),
    penalty = regularization * (mean number of different items in a history, at least 1),

so that implicit's padding, filtering and cold-start rules play no part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from core.interactions import Interactions
from models.recommenders.engine.factors import FactorRecommender
from models.recommenders.engine.search_ranges import HALF_LIVES, POPULARITY_POWER, SPANS, Between, OneOf, Ranges
from models.resources import GB, limit_blas_to_one_thread
from models.setting_types import Count, HalfLife, NotNegative, Passes, Positive, Power, Seed


@dataclass(eq=False)
class Als(FactorRecommender):
    """Ranks items by the dot product of item and customer vectors, fitted by ALS."""

    name: ClassVar[str] = "als"
    ranges: ClassVar[Ranges] = {
        "half_life_days": HALF_LIVES,
        "span_days": SPANS,
        "popularity_power": POPULARITY_POWER,
        "n_factors": OneOf((32, 64, 128, 256)),
        "regularization": Between(0.03, 10, log=True),
        "alpha": Between(0.3, 40, log=True),
    }

    # Best NDCG@10 of 20 settings on online_retail II, 28 days from 2010-08-04; 256 factors gain .013 for twice the
    # time.
    popularity_power: Power = 0.2

    n_factors: Count = 128
    "Length of the customer and item vectors."

    regularization: Positive = 0.6
    """Penalty for each different item of a mean history, so that it fits shops with more and fewer purchases for each
    customer alike. Above 0."""

    alpha: NotNegative = 3.0
    "How much more confidence a purchase has than its absence."

    half_life_days: HalfLife | None = 180.0

    iterations: Passes = 15
    seed: Seed = 7

    def _fit_model(self, interactions: Interactions) -> None:
        confidence = interactions.matrix(self.half_life_days, self.cutoff_)
        confidence.data[:] = 1 + self.alpha * confidence.data
        penalty = self.regularization * max(1.0, confidence.nnz / max(1, confidence.shape[0]))
        self._set_factors(self._fit_factors(confidence, penalty), weight=1.0, penalty=penalty)

    def _fit_factors(self, confidence: sparse.csr_matrix, penalty: float) -> NDArray[np.float32]:
        from implicit.cpu.als import AlternatingLeastSquares  # here, because recommending does not need it

        with limit_blas_to_one_thread():
            model = AlternatingLeastSquares(
                factors=self.n_factors,
                regularization=penalty,
                alpha=1.0,
                iterations=self.iterations,
                random_state=self.seed,
            )
            model.fit(confidence, show_progress=False)
        # implicit leaves items without purchases at their random start.
        is_bought = np.bincount(confidence.indices, minlength=confidence.shape[1]) > 0
        return np.where(is_bought[:, None], model.item_factors, 0).astype(np.float32)

    def _system(
        self, purchases: NDArray[np.float64]
    ) -> tuple[NDArray[np.floating], NDArray[np.floating], NDArray[np.floating]]:
        extra_confidence = self.alpha * purchases
        return extra_confidence, 1 + extra_confidence, self.ridge_

    def memory_gb(self, interactions: Interactions) -> float:
        """Vectors of customers and items, and the confidence matrix with its transpose."""
        rows = len(interactions) + 2 * len(interactions.item_ids)
        return (4 * rows * self.n_factors + 16 * len(interactions.items)) / GB


MODEL = Als
