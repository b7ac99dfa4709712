"""Training rows, and folds over customers that keep all rows of a customer together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from core.errors import NotEnoughHistory
from core.intervals import resample_weights, scale_of_subsamples, subsample_weights
from core.labels import outcome_words

N_FOLDS = 5
MIN_CUSTOMERS = 10
"Of each class: with fewer, a fold or a resample may have none."
ENOUGH_HELD_OUT = 1_000
"Customers of each class that are held out to choose settings; more cost fits, and the loss changes by .0001 nats."
RESAMPLE_ROWS, RESAMPLE_ROWS_OF_CLASS = 10_000, 1_000
"""Of a refit for the intervals of scores, all rows and those of each class: it costs the same however many there are.
With 5,000 to 10,000 of 46,000 rows, the scaled spread of boosted trees was .9 of that of bootstrap samples."""


@dataclass(frozen=True)
class TrainingRows:
    """Mature rows in the order of the model's columns."""

    values: NDArray[np.float64]
    "(n, m), NaN is missing."
    churned: NDArray[np.float64]
    "(n,) 1.0 or 0.0."
    customer_ids: NDArray[np.str_]
    is_event: bool = False
    "See `Labels.is_event`."
    weights: NDArray[np.float64] | None = None
    "(n,) how much each row counts; None: all alike."

    @property
    def row_weights(self) -> NDArray[np.float64]:
        """How much each row counts, (n,)."""
        return np.ones(len(self.churned)) if self.weights is None else self.weights

    def take(self, rows: NDArray[np.bool_]) -> TrainingRows:
        """The rows that a mask selects."""
        arrays = {one.name: getattr(self, one.name) for one in fields(self)}
        return replace(self, **{name: one[rows] for name, one in arrays.items() if isinstance(one, np.ndarray)})

    def resample(self, n_resamples: int, *, seed: int) -> Iterator[NDArray[np.float64]]:
        """Draw samples of the customers: how often each row is drawn times its weight, (n,) each.

        They are bootstrap samples. Where `RESAMPLE_ROWS` with `RESAMPLE_ROWS_OF_CLASS` of each class are less
        than half of the rows, they are samples of about that size without replacement, whose refits vary more, by
        `1 / resample_scale`.
        """
        share = self._resample_share
        counts = (
            resample_weights(self.customer_ids, n_resamples=n_resamples, seed=seed)
            if share == 1
            else subsample_weights(self.customer_ids, share=share, n_resamples=n_resamples, seed=seed)
        )
        return counts if self.weights is None else (one * self.weights for one in counts)

    @property
    def resample_scale(self) -> float:
        """The standard deviation of a model of these rows, in those of its refits on samples."""
        share = self._resample_share
        return 1.0 if share == 1 else scale_of_subsamples(share)

    @property
    def _resample_share(self) -> float:
        n_rows, n_churned = len(self.churned), self.churned.sum()
        share = max(RESAMPLE_ROWS / n_rows, RESAMPLE_ROWS_OF_CLASS / max(1, min(n_churned, n_rows - n_churned)))
        return float(share) if share < 1 / 2 else 1.0

    def refuse_too_few(self) -> None:
        """Raise NotEnoughHistory where either class has too few customers."""
        words = outcome_words(is_event=self.is_event)
        for word, of_class in zip(words, (self.churned == 1, self.churned == 0), strict=True):
            n_customers = len(np.unique(self.customer_ids[of_class]))
            if n_customers < MIN_CUSTOMERS:
                raise NotEnoughHistory(
                    f"{n_customers} customers {word} in the training data, but a model needs at least {MIN_CUSTOMERS}; "
                    "add earlier cutoffs, or choose another horizon_days"
                )

    def folds(self, seed: int) -> NDArray[np.int64]:
        """The fold that holds each row out, (n,), with churned customers spread evenly."""
        _, owners = np.unique(self.customer_ids, return_inverse=True)
        ever_churned = np.bincount(owners, weights=self.churned) > 0
        dealt = np.lexsort((np.random.default_rng(seed).random(len(ever_churned)), ever_churned))
        fold_of_customer = np.empty(len(dealt), dtype=np.int64)
        fold_of_customer[dealt] = np.arange(len(dealt)) % N_FOLDS
        return fold_of_customer[owners]

    def hold_out_folds(self, seed: int) -> list[NDArray[np.bool_]]:
        """The rows of each fold that is held out to choose settings, (n,) each.

        All folds of `folds`; of many customers, the first ones that hold `ENOUGH_HELD_OUT` customers of each class.
        """
        folds, held_out = self.folds(seed), list[NDArray[np.bool_]]()
        for fold in np.unique(folds):
            held_out.append(folds == fold)
            if self.smaller_class(np.any(held_out, axis=0)) >= ENOUGH_HELD_OUT:
                break
        return held_out

    def smaller_class(self, rows: NDArray[np.bool_] | bool = True) -> int:
        """Customers of the class that has fewer of them, among all rows or some, (n,)."""
        classes = (rows & (self.churned == 1), rows & (self.churned == 0))
        return min(len(np.unique(self.customer_ids[of_class])) for of_class in classes)


def mean_log_loss(log_odds: NDArray[np.float64], rows: TrainingRows) -> float:
    """The weighted mean log loss in nats of the rows that have log-odds, (n,); NaN is no prediction."""
    is_predicted = ~np.isnan(log_odds)
    losses = log_losses(log_odds[is_predicted], rows.churned[is_predicted])
    return float(np.average(losses, weights=rows.row_weights[is_predicted]))


def log_losses(log_odds: NDArray[np.float64], churned: NDArray[np.float64]) -> NDArray[np.float64]:
    """The log loss of each row in nats, (n,)."""
    return np.logaddexp(0, log_odds) - churned * log_odds


def rows_with_weight(weights: NDArray[np.float64]) -> NDArray[np.int64]:
    """The rows that a refit on a sample needs: all of a bootstrap sample, the drawn ones of a small sample."""
    drawn = np.flatnonzero(weights)
    return drawn if len(drawn) < len(weights) / 2 else np.arange(len(weights))
