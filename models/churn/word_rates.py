"""Columns of very many words as numbers: each word becomes the churn rate of its customers, in log-odds.

    area        customers   churned   rate, shrunk to the mean of all
    AREA17      412         130       -0.78
    AREA640     3           3         -0.91    almost the mean: three customers say little

A row that is fitted on gets the rate of the other folds' customers, so no row's own label is among its features. A row
that is scored gets the rate of all training rows. Missing values, and words that training did not have, get the rate of
the training rows without a value; where there are none, that is the mean. (Micci-Barreca 2001; scikit-learn's
TargetEncoder.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.feature_table import FeatureColumn
from models.churn.customer_folds import TrainingRows

MAX_WORDS = 200
"Words up to which each has its own weight or branch."
MAX_ALL_WORDS = 400
"Words of all columns together that have a weight or a branch of their own."
PRIOR_ROWS = 20.0
"Rows of the mean that are added to those of each word."
MIN_RATE = 1e-4
"Keeps log-odds finite."
PREFIX = "word_rates_"


@dataclass(frozen=True)
class WordRates:
    """The log-odds of each word of the columns with very many words."""

    by_place: dict[int, NDArray[np.float64]] = field(default_factory=dict[int, NDArray[np.float64]])
    "By place of the column: of each word and, last, of missing values, (number of its words + 1,)."

    @classmethod
    def fit(cls, rows: TrainingRows, columns: Sequence[FeatureColumn]) -> Self:
        """Compute the rates of all training rows."""
        return cls({place: _rates(rows, place, n_words=n) for place, n in wide_columns(columns).items()})

    def encode(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The values (n, m) with rates in the place of codes."""
        if not self.by_place:
            return values
        encoded = values.copy()
        for place, rates in self.by_place.items():
            encoded[:, place] = rates[_codes(values[:, place], n_words=len(rates) - 1)]
        return encoded

    def as_numbers(self, columns: Sequence[FeatureColumn]) -> tuple[FeatureColumn, ...]:
        """The columns of encoded values: those with rates have no words."""
        return tuple(
            msgspec.structs.replace(column, vocabulary=None) if place in self.by_place else column
            for place, column in enumerate(columns)
        )

    def arrays(self) -> dict[str, NDArray[np.float64]]:
        """The state by name; `of_arrays` is the inverse."""
        return {f"{PREFIX}{place}": rates for place, rates in self.by_place.items()}

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, NDArray[np.float64]]) -> Self:
        """The rates among the arrays of an artifact."""
        return cls({int(name.removeprefix(PREFIX)): one for name, one in arrays.items() if name.startswith(PREFIX)})


def encode_training_rows(rows: TrainingRows, columns: Sequence[FeatureColumn], *, seed: int) -> TrainingRows:
    """The rows with rates in the place of codes, each computed without the customers of the row's fold."""
    if not wide_columns(columns):
        return rows
    values, folds = rows.values.copy(), rows.folds(seed)
    for fold in np.unique(folds):
        held, others = folds == fold, rows.take(folds != fold)
        values[held] = WordRates.fit(others, columns).encode(rows.values[held])
    return replace(rows, values=values)


def wide_columns(columns: Sequence[FeatureColumn]) -> dict[int, int]:
    """The places of the columns with very many words, and how many they have.

    Where the others have very many words together, those with the most words are among them.
    """
    n_words = {place: len(c.vocabulary) for place, c in enumerate(columns) if c.vocabulary is not None}
    wide: dict[int, int] = {}
    for place in sorted(n_words, key=lambda place: -n_words[place]):
        if n_words[place] > MAX_WORDS or sum(n_words.values()) - sum(wide.values()) > MAX_ALL_WORDS:
            wide[place] = n_words[place]
    return wide


def _rates(rows: TrainingRows, place: int, *, n_words: int) -> NDArray[np.float64]:
    codes, churned = _codes(rows.values[:, place], n_words=n_words), rows.churned
    weights = rows.row_weights
    n_rows, n_churned = (np.bincount(codes, weights=one, minlength=n_words + 1) for one in (weights, weights * churned))
    mean = np.average(churned, weights=weights) if len(churned) else 0.5
    rate = np.clip((n_churned + PRIOR_ROWS * mean) / (n_rows + PRIOR_ROWS), MIN_RATE, 1 - MIN_RATE)
    return np.log(rate / (1 - rate))


def _codes(values: NDArray[np.float64], *, n_words: int) -> NDArray[np.int64]:
    """The codes of a column, (n,); missing values have the code after the last word."""
    return np.where(np.isnan(values), n_words, values).astype(np.int64)
