"""Taste as a vector, held back by frequency: iALS as Rendle et al. 2022 revisited it, fitted by our own exact solver.

    c = 1 + alpha * (decayed number of purchases)     of what was bought
    f = (sum of c over a history) + alpha0 * m        m items; of an item the same over its customers
    penalty = regularization * alpha0 * m * (f / (alpha0 * m))^frequency_power

The objective is in `alternating.py`. With frequency_power 1 the penalty is regularization * f; written like this,
regularization means about as much whatever the power is, and a history needs nothing else of the fit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy import sparse

from core.interactions import Interactions
from models.memory import GB
from models.recommenders.engine.alternating import Side, item_vectors
from models.recommenders.engine.factors import FactorRecommender
from models.recommenders.engine.search_ranges import HALF_LIVES, POPULARITY_POWER, SPANS, Between, OneOf, Ranges


@dataclass(eq=False)
class Ials(FactorRecommender):
    """Ranks items by the product of their vectors with the history's."""

    name: ClassVar[str] = "ials"
    ranges: ClassVar[Ranges] = {
        "half_life_days": HALF_LIVES,
        "span_days": SPANS,
        "popularity_power": POPULARITY_POWER,
        "n_factors": OneOf((32, 64, 128, 256)),
        "alpha0": Between(0.01, 10, log=True),
        "regularization": Between(0.0001, 0.01, log=True),
        "frequency_power": Between(0, 1),
        "epochs": Between(3, 8, whole=True),
        "alpha": Between(0.3, 10, log=True),
    }

    # NDCG@10 on online_retail II, mean of 28 days from 2010-07-07 and 2010-08-04, about 60 settings: .377 with these.
    # Near them: alpha0 8 .377, 2.5 .375; from there 64, 256 factors .352, .381, 10 epochs .374, span_days 180 .373.
    # The best that a search found with alpha0 below .9 had .367, with a frequency_power of 0 .375.
    popularity_power: float = 0.2

    n_factors: int = 128
    "Length of the customer and item vectors."

    alpha0: float = 4.0
    "How sure we are that nobody wants what was not bought; a purchase long ago is 1. Above 0."

    regularization: float = 0.001
    "For each unit of frequency. Above 0."

    frequency_power: float = 1.0
    "How much more strongly who bought more is held back: 0 not at all, 1 in proportion."

    alpha: float = 4.0
    "How much surer a purchase of today makes us than one of long ago; repetitions add up."

    half_life_days: float | None = 180.0

    epochs: int = 5
    "Rounds of exact solves: 8 are no better than 4."

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
        unobserved = self.alpha0 * max(1, others)  # nobody known may have bought anything
        return self.regularization * unobserved * (1 + confidence / unobserved) ** self.frequency_power

    def _system(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        confidence = self._confidence(weights)
        return confidence, confidence, self.ridge_ + self._penalty(confidence.sum(), len(self.item_ids))

    def needed_gb(self, interactions: Interactions) -> float:
        """Vectors of both sides, those of the items five times over while they are drawn, and the matrix twice."""
        rows = 2 * len(interactions) + 5 * len(interactions.item_ids)
        vectors = 4 * self.n_factors * (rows + 6 * self.n_factors)
        return (vectors + 16 * len(interactions.items)) / GB
