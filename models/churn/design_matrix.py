"""The design matrix of linear models: features without missing values or heavy tails, and words as 0 and 1.

    number   -> sign(x) * ln(1 + |x| / typical size), the median where missing
    missing  -> an indicator of 1, where enough values were missing at fit
    word     -> one-hot (words of too few rows have no column)
    knot     -> how far the number is above one of its quantiles, where spline knots are asked for

Each resulting column is centred and scaled by its mean and standard deviation at fit, and clipped to four of them.
scikit-learn's transformers are not used, because each column must keep the feature that it belongs to, and the fitted
state must be stored as plain arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from core.feature_table import FeatureColumn

MAX_DEVIATIONS = 4.0
"Standard deviations from the mean; beyond, a value is only known to be extreme."

MIN_ROWS = 20
"Of a word, or of missing values, with a column of its own."

MIN_SIZE = 1e-12
"Smaller values count as zero in the typical size."

BLOCK_ROWS = 4096
"Rows whose design columns are computed at a time."

KNOT, NUMBER, MISSING = -3, -2, -1
"KNOT is the first knot; further knots have smaller codes. Codes from 0 are words."


@dataclass(frozen=True)
class DesignMatrix:
    """Turns feature values into the columns of a linear model."""

    medians: NDArray[np.float64]
    "(m,) of each feature; 0 where every value was missing."
    sizes: NDArray[np.float64]
    "(m,) typical size of each feature that is not zero."
    owners: NDArray[np.int64]
    "(p,) the feature of each design column."
    kinds: NDArray[np.int64]
    "(p,) KNOT or less, NUMBER, MISSING, or the code of a word."
    means: NDArray[np.float64]
    deviations: NDArray[np.float64]
    "(p,) standard deviations."
    knots: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 0)))
    "(m, n_knots) knots of each feature after the log transform; (0, 0) without knots."

    @classmethod
    def fit(cls, values: NDArray[np.float64], columns: Sequence[FeatureColumn], *, n_knots: int = 0) -> Self:
        """Compute medians, sizes, means, deviations and knots of values (n, m)."""
        return cls.fit_transform(values, columns, n_knots=n_knots)[0]

    @classmethod
    def fit_transform(
        cls, values: NDArray[np.float64], columns: Sequence[FeatureColumn], *, n_knots: int = 0
    ) -> tuple[Self, NDArray[np.float64]]:
        """The matrix as `fit` has it, and the design columns of its own values, (n, p), which cost nothing more."""
        medians = np.array([_median(column) for column in values.T])
        sizes = np.array([_median(np.abs(column[np.abs(column) > MIN_SIZE])) or 1.0 for column in values.T])
        pairs = [
            (place, kind)
            for place, column in enumerate(columns)
            for kind in _kinds_of(values[:, place], column, n_knots=n_knots)
        ]
        owners, kinds = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
        unscaled = cls(medians, sizes, owners, kinds, np.zeros(len(owners)), np.ones(len(owners)))
        if n_knots:
            transformed = unscaled.log_transform(np.where(np.isnan(values), medians, values))
            shares = np.arange(1, n_knots + 1) / (n_knots + 1)
            unscaled = replace(unscaled, knots=np.quantile(transformed, shares, axis=0).T)
        raw = unscaled.raw(values)
        means, deviations = raw.mean(axis=0), raw.std(axis=0)
        varies = deviations > 1e-9
        matrix = cls(medians, sizes, owners[varies], kinds[varies], means[varies], deviations[varies], unscaled.knots)
        return matrix, matrix._standardise(raw if varies.all() else raw[:, varies])

    def transform(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The design columns, (n, p)."""
        return self._standardise(self.raw(values))

    def raw(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The design columns before centring and scaling, (n, p)."""
        design = np.empty((len(values), len(self.kinds)), order="F")
        # Large temporary arrays cost more than the arithmetic.
        for start in range(0, len(values), BLOCK_ROWS):
            rows = slice(start, start + BLOCK_ROWS)
            self._write_raw(design[rows], values[rows])
        return design

    def _write_raw(self, design: NDArray[np.float64], values: NDArray[np.float64]) -> None:
        """Write the design columns of some rows."""
        is_missing = np.isnan(values)
        filled = np.where(is_missing, self.medians, values)
        transformed = self.log_transform(filled)
        owners, kinds = self.owners, self.kinds
        numbers, missing, words, knots = map(
            np.flatnonzero, (kinds == NUMBER, kinds == MISSING, kinds >= 0, kinds <= KNOT)
        )
        design[:, numbers] = transformed[:, owners[numbers]]
        design[:, missing] = is_missing[:, owners[missing]]
        design[:, words] = (filled[:, owners[words]] == kinds[words]) & ~is_missing[:, owners[words]]
        above = transformed[:, owners[knots]] - self.knots[owners[knots], KNOT - kinds[knots]]
        design[:, knots] = np.maximum(above, 0)

    def _standardise(self, design: NDArray[np.float64]) -> NDArray[np.float64]:
        """Centre, scale and clip design columns in place."""
        design -= self.means
        design /= self.deviations
        return np.clip(design, -MAX_DEVIATIONS, MAX_DEVIATIONS, out=design)

    def log_transform(self, filled: NDArray[np.float64]) -> NDArray[np.float64]:
        """Numbers without heavy tails, (n, m)."""
        return np.sign(filled) * np.log1p(np.abs(filled) / self.sizes)

    def sum_by_feature(self, of_design: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum design columns (n, p) over the features that they belong to, (n, m)."""
        belongs = self.owners[:, None] == np.arange(len(self.medians))
        return of_design @ belongs.astype(np.float64)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The fitted state; `DesignMatrix(**arrays)` is the same matrix."""
        return dict(vars(self))


def _kinds_of(values: NDArray[np.float64], column: FeatureColumn, *, n_knots: int) -> list[int]:
    is_missing = np.isnan(values)
    kinds = [MISSING] if is_missing.sum() >= MIN_ROWS else []
    if column.vocabulary is None:
        return [*range(KNOT, KNOT - n_knots, -1), NUMBER, *kinds]
    counts = np.bincount(values[~is_missing].astype(np.int64), minlength=len(column.vocabulary))
    return kinds + np.flatnonzero(counts >= MIN_ROWS).tolist()


def _median(values: NDArray[np.float64]) -> float:
    present = values[~np.isnan(values)]
    return float(np.median(present)) if len(present) else 0.0
