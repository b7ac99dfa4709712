"""Features as a linear model needs them: no gaps, no heavy tails, words as 0 and 1.

    number   -> sign(x) * ln(1 + |x| / typical size), the median where missing
    missing  -> 1 beside it, where some were missing at fit
    word     -> 1 for the word it is (words of too few rows count as none)
    bend     -> how far the number lies beyond one of its quantiles, where bends are asked for

Every resulting column is centred and scaled by what was seen at fit, and kept within four spreads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np

from core.feature_table import FeatureColumn

WIDEST = 4.0
"Spreads from the mean: beyond, a value says no more than that it is extreme."

LEAST_ROWS = 20
"Of a word or a gap that gets a coefficient of its own."

LEAST_SIZE = 1e-12
"What lies closer to zero counts as zero where the typical size is told."

BEND, NUMBER, MISSING = -3, -2, -1
"BEND is the first one; the others are told by smaller numbers."


@dataclass(frozen=True)
class DesignMatrix:
    """How feature values become the columns of a linear model."""

    medians: np.ndarray
    "(m,) of each feature; 0 where none was known."
    sizes: np.ndarray
    "(m,) typical size of each feature that is not zero."
    owners: np.ndarray
    "(p,) the feature behind each design column."
    kinds: np.ndarray
    "(p,) BEND and less, NUMBER, MISSING, or the code of a word."
    means: np.ndarray
    spreads: np.ndarray
    knots: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))
    "(m, bends) where each feature may bend, squashed; (0, 0) where none does."

    @classmethod
    def learnt_from(cls, values: np.ndarray, columns: Sequence[FeatureColumn], bends: int = 0) -> Self:
        """Medians, sizes, spreads and knots of values (n, m)."""
        medians = np.array([_median(column) for column in values.T])
        sizes = np.array([_median(np.abs(column[np.abs(column) > LEAST_SIZE])) or 1.0 for column in values.T])
        wanted = [
            (place, kind) for place, column in enumerate(columns) for kind in _kinds_of(values[:, place], column, bends)
        ]
        owners, kinds = np.array(wanted, dtype=np.int64).reshape(-1, 2).T
        unscaled = cls(medians, sizes, owners, kinds, np.zeros(len(owners)), np.ones(len(owners)))
        if bends:
            squashed = unscaled.squashed(np.where(np.isnan(values), medians, values))
            unscaled = replace(unscaled, knots=np.quantile(squashed, np.arange(1, bends + 1) / (bends + 1), axis=0).T)
        raw = unscaled.raw(values)
        means, spreads = raw.mean(axis=0), raw.std(axis=0)
        varies = spreads > 1e-9
        return cls(medians, sizes, owners[varies], kinds[varies], means[varies], spreads[varies], unscaled.knots)

    def transform(self, values: np.ndarray) -> np.ndarray:
        """Design columns, (n, p)."""
        return np.clip((self.raw(values) - self.means) / self.spreads, -WIDEST, WIDEST)

    def raw(self, values: np.ndarray) -> np.ndarray:
        """Design columns before centring and scaling, (n, p)."""
        gaps = np.isnan(values)
        filled = np.where(gaps, self.medians, values)
        squashed = self.squashed(filled)
        own, own_gaps = filled[:, self.owners], gaps[:, self.owners]
        is_word = (own == self.kinds) & ~own_gaps
        told = np.where(
            self.kinds == NUMBER, squashed[:, self.owners], np.where(self.kinds == MISSING, own_gaps, is_word)
        )
        bent = np.flatnonzero(self.kinds <= BEND)
        owners = self.owners[bent]
        told[:, bent] = np.maximum(squashed[:, owners] - self.knots[owners, BEND - self.kinds[bent]], 0)
        return told

    def squashed(self, filled: np.ndarray) -> np.ndarray:
        """Numbers without heavy tails, (n, m)."""
        return np.sign(filled) * np.log1p(np.abs(filled) / self.sizes)

    def by_feature(self, of_design: np.ndarray) -> np.ndarray:
        """Sums of design columns (n, p) over the features they come from, (n, m)."""
        belongs = self.owners[:, None] == np.arange(len(self.medians))
        return of_design @ belongs.astype(np.float64)

    def arrays(self) -> dict[str, np.ndarray]:
        """What rebuilds it: `DesignMatrix(**arrays)`."""
        return dict(vars(self))


def _kinds_of(column: np.ndarray, meaning: FeatureColumn, bends: int) -> list[int]:
    gaps = np.isnan(column)
    kinds = [MISSING] if gaps.sum() >= LEAST_ROWS else []
    if meaning.vocabulary is None:
        return [*range(BEND, BEND - bends, -1), NUMBER, *kinds]
    counts = np.bincount(column[~gaps].astype(np.int64), minlength=len(meaning.vocabulary))
    return kinds + np.flatnonzero(counts >= LEAST_ROWS).tolist()


def _median(column: np.ndarray) -> float:
    known = column[~np.isnan(column)]
    return float(np.median(known)) if len(known) else 0.0
