"""What a second stage learns on later folds: which of the candidates were bought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from models.recommenders.reranking.trees import Trees

TRUNCATION = 20
"Pairs of ranks are swapped where one of them is above this; what is judged are the first 10."


@dataclass(frozen=True)
class Examples:
    """Candidates of some customers, one customer after the other."""

    features: np.ndarray
    "(pairs, columns) float32."
    bought: np.ndarray
    "(pairs,) bool."
    n_candidates: np.ndarray
    "(customers,) pairs of each; they sum to all."
    n_bought: np.ndarray
    "(customers,) different items that each bought, candidates or not."

    @classmethod
    def joined(cls, some: Sequence[Examples]) -> Self:
        """All of at least one."""
        names = ("features", "bought", "n_candidates", "n_bought")
        return cls(*(np.concatenate([getattr(each, name) for each in some]) for name in names))

    def __len__(self) -> int:
        """How many customers."""
        return len(self.n_candidates)

    @property
    def recall(self) -> float:
        """Share of what was bought that is among the candidates: no order of them can find more."""
        return float(self.bought.sum() / self.n_bought.sum())

    def telling(self) -> Examples:
        """Only customers who bought some candidates and left others: nothing is learnt of order from the rest."""
        customers = np.repeat(np.arange(len(self)), self.n_candidates)
        hits = np.bincount(customers, self.bought, minlength=len(self))
        told = (hits > 0) & (hits < self.n_candidates)
        pairs = told[customers]
        return Examples(self.features[pairs], self.bought[pairs], self.n_candidates[told], self.n_bought[told])


@dataclass(frozen=True)
class Growing:
    """How trees are grown."""

    n_trees: int
    n_leaves: int
    learning_rate: float
    seed: int

    def trees(self, examples: Examples) -> Trees:
        """Those that rank what was bought first (LambdaMART, Burges 2010), by LightGBM on one thread."""
        import lightgbm as lgb  # here, because answering needs none of it

        recipe = {
            "objective": "lambdarank", "lambdarank_truncation_level": TRUNCATION, "learning_rate": self.learning_rate,
            "num_leaves": self.n_leaves, "min_data_in_leaf": max(5, min(200, len(examples.bought) // 200)),
            "lambda_l2": 10.0, "feature_fraction": 0.5, "bagging_fraction": 0.7, "bagging_freq": 1,
            "seed": self.seed, "num_threads": 1, "deterministic": True, "force_row_wise": True, "verbosity": -1,
        }  # fmt: skip
        pairs = lgb.Dataset(examples.features, examples.bought.astype(np.int32), group=examples.n_candidates)
        return Trees.of_text(lgb.train(recipe, pairs, self.n_trees).model_to_string())
