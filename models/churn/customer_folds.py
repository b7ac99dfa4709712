"""Rows to learn from, and folds over customers that keep all rows of a customer together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from core.errors import NotEnoughHistory
from core.intervals import resample_weights

N_FOLDS = 5
LEAST_CUSTOMERS = 10
"Of each class: with fewer, a fold or a resample may hold none."


@dataclass(frozen=True)
class LearningRows:
    """Mature rows in the order of the model's columns."""

    values: np.ndarray
    "(n, m) float64, NaN is missing."
    churned: np.ndarray
    "(n,) float64, 1.0 or 0.0."
    customer_ids: np.ndarray

    def resampled(self, n_resamples: int, seed: int) -> Iterator[np.ndarray]:
        """How often each row counts in each bootstrap sample over customers, (n,) float64 each."""
        return resample_weights(self.customer_ids, n_resamples=n_resamples, seed=seed)

    def refuse_too_few(self) -> None:
        """Raises NotEnoughHistory with too few customers of either class."""
        for word, of_class in (("churned", self.churned == 1), ("stayed", self.churned == 0)):
            found = len(np.unique(self.customer_ids[of_class]))
            if found < LEAST_CUSTOMERS:
                raise NotEnoughHistory(
                    f"{found} customers {word}, at least {LEAST_CUSTOMERS} are needed to learn from; "
                    "add earlier cutoffs or shorten the horizon"
                )

    def folds(self, seed: int) -> np.ndarray:
        """(n,) int: the fold that holds each row out; churners are dealt evenly."""
        _, owners = np.unique(self.customer_ids, return_inverse=True)
        ever_churned = np.bincount(owners, weights=self.churned) > 0
        dealt = np.lexsort((np.random.default_rng(seed).random(len(ever_churned)), ever_churned))
        fold_of_customer = np.empty(len(dealt), dtype=np.int64)
        fold_of_customer[dealt] = np.arange(len(dealt)) % N_FOLDS
        return fold_of_customer[owners]


def mean_log_loss(log_odds: np.ndarray, churned: np.ndarray) -> float:
    """-log(probability of what happened), in nats, averaged over rows."""
    return float(np.mean(np.logaddexp(0, log_odds) - churned * log_odds))
