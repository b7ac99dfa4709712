"""Training rows, and folds over customers that keep all rows of a customer together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import NotEnoughHistory
from core.intervals import resample_weights

N_FOLDS = 5
MIN_CUSTOMERS = 10
"Of each class: with fewer, a fold or a resample may have none."


@dataclass(frozen=True)
class TrainingRows:
    """Mature rows in the order of the model's columns."""

    values: NDArray[np.float64]
    "(n, m), NaN is missing."
    churned: NDArray[np.float64]
    "(n,) 1.0 or 0.0."
    customer_ids: NDArray[np.str_]

    def take(self, rows: NDArray[np.bool_]) -> TrainingRows:
        """The rows that a mask selects."""
        return TrainingRows(self.values[rows], self.churned[rows], self.customer_ids[rows])

    def resample(self, n_resamples: int, *, seed: int) -> Iterator[NDArray[np.float64]]:
        """Draw bootstrap samples over customers: how often each row counts, (n,) each."""
        return resample_weights(self.customer_ids, n_resamples=n_resamples, seed=seed)

    def refuse_too_few(self) -> None:
        """Raise NotEnoughHistory where either class has too few customers."""
        for word, of_class in (("churned", self.churned == 1), ("stayed", self.churned == 0)):
            n_customers = len(np.unique(self.customer_ids[of_class]))
            if n_customers < MIN_CUSTOMERS:
                raise NotEnoughHistory(
                    f"{n_customers} customers {word}, but a model needs at least {MIN_CUSTOMERS}; "
                    "add earlier cutoffs or shorten the horizon"
                )

    def folds(self, seed: int) -> NDArray[np.int64]:
        """The fold that holds each row out, (n,), with churned customers spread evenly."""
        _, owners = np.unique(self.customer_ids, return_inverse=True)
        ever_churned = np.bincount(owners, weights=self.churned) > 0
        dealt = np.lexsort((np.random.default_rng(seed).random(len(ever_churned)), ever_churned))
        fold_of_customer = np.empty(len(dealt), dtype=np.int64)
        fold_of_customer[dealt] = np.arange(len(dealt)) % N_FOLDS
        return fold_of_customer[owners]


def mean_log_loss(log_odds: NDArray[np.float64], churned: NDArray[np.float64]) -> float:
    """The log loss in nats, averaged over rows."""
    return float(np.mean(np.logaddexp(0, log_odds) - churned * log_odds))
