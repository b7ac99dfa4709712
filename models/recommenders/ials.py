"""Taste as a vector, held back by frequency: iALS as Rendle et al. 2022 revisited it, fitted by our own exact solver.

    c     1 + alpha * (decayed number of purchases - 1), of what was bought
    f     sum of the confidence of a history + alpha0 * (items of the catalogue); of an item with the customers
    penalty = regularization * alpha0 * items * (f / (alpha0 * items))^frequency_power

With frequency_power 1 the penalty is regularization * f: who bought much is held back as much for each purchase as who
bought little. 0 is `als` without that. The objective is in `alternating.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy import sparse

from core.interactions import Interactions
from models.memory import GB
from models.recommenders.alternating import Side, item_vectors
from models.recommenders.factors import FactorRecommender
from models.recommenders.ranges import HALF_LIVES, POPULARITY_POWER, SPANS, Between, OneOf, Ranges


@dataclass(eq=False)
class Ials(FactorRecommender):
    """Ranks items by the product of their vectors with the history's."""

    name: ClassVar[str] = "ials"
    ranges: ClassVar[Ranges] = {
        "half_life_days": HALF_LIVES,
        "span_days": SPANS,
        "popularity_power": POPULARITY_POWER,
        "n_factors": OneOf((32, 64, 128, 256)),
        "alpha0": Between(0.001, 1, log=True),
        "regularization": Between(0.0003, 0.1, log=True),
        "frequency_power": Between(0, 1),
        "alpha": Between(0.1, 10, log=True),
    }

    popularity_power: float = 0.2

    n_factors: int = 128
    "Length of the customer and item vectors."

    alpha0: float = 0.03
    "How sure we are that what was not bought is not wanted, where a purchase is 1. Above 0."

    regularization: float = 0.003
    "For each unit of frequency. Above 0."

    frequency_power: float = 1.0
    "How much more strongly who bought more is held back: 0 not at all, 1 in proportion."

    alpha: float = 1.0
    "How much surer each repetition makes us than the first purchase."

    half_life_days: float | None = 180.0

    epochs: int = 12
    seed: int = 7

    def _learn(self, interactions: Interactions) -> None:
        bought = interactions.matrix(self.half_life_days, self.cutoff_)
        bought.data[:] = self._confidence(bought.data)
        first = np.random.default_rng(self.seed).normal(0, 0.1, (bought.shape[1], self.n_factors))
        first = (first / np.sqrt(self.n_factors)).astype(np.float32)
        sides = self._side(bought), self._side(sparse.csr_matrix(bought.T))
        self._keep(item_vectors(*sides, first, self.alpha0, self.epochs), self.alpha0)

    def _side(self, bought: sparse.csr_matrix) -> Side:
        confidence = np.asarray(bought.sum(axis=1)).ravel()
        return Side(bought, self._penalty(confidence, bought.shape[1]).astype(np.float32))

    def _confidence(self, weights: np.ndarray) -> np.ndarray:
        return 1 + self.alpha * weights

    def _penalty(self, confidence: np.ndarray | float, others: int) -> np.ndarray:
        """What holds back a row with this sum of confidence among so many of the other side."""
        unobserved = self.alpha0 * max(1, others)
        return self.regularization * unobserved * (1 + confidence / unobserved) ** self.frequency_power

    def _system(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        confidence = self._confidence(weights)
        return confidence, confidence, self.ridge_ + self._penalty(confidence.sum(), len(self.item_ids))

    def needed_gb(self, interactions: Interactions) -> float:
        """Vectors of both sides, once more on their principal axes, and the confidence matrix with its transpose."""
        rows = len(interactions) + len(interactions.item_ids)
        vectors = 4 * self.n_factors * (2 * rows + 6 * self.n_factors)
        return (vectors + 16 * len(interactions.items)) / GB
