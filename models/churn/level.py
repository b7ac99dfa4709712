"""The level of churn: how far the churn rate of each cutoff lies from the mean probability that a model gives it.

Where the level moves from cutoff to cutoff, a model fitted on all of them gives probabilities of the past. Its order
of the customers may still be right, so only the level is adjusted, by an offset in log-odds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from models.calibration import level_offset

MIN_CHURNED = 200
"Churned rows by which the newest level is measured: their rate is then known to about a fourteenth of itself."


@dataclass(frozen=True)
class LevelByCutoff:
    """Offsets in log-odds between a model's level and what happened."""

    newest_offset: float
    "Of the newest cutoffs that together hold `MIN_CHURNED` churned rows, or of all."
    spread: float
    "Standard deviation of the offset between cutoffs, without what chance explains."

    @classmethod
    def of(
        cls, log_odds: NDArray[np.float64], churned: NDArray[np.float64], *, cutoffs: NDArray[np.datetime64]
    ) -> Self:
        """From a model's log-odds of its training rows, (n,), and what happened."""
        days, codes = np.unique(cutoffs, return_inverse=True)
        is_newest = codes >= _first_of_newest(np.bincount(codes, weights=churned).astype(np.float64))
        offsets = np.array([level_offset(log_odds[codes == code], churned[codes == code]) for code in range(len(days))])
        probability = expit(log_odds)
        # The variance of an offset by chance is that of the sum of the outcomes over the square of its slope.
        by_chance = 1 / np.maximum(np.bincount(codes, weights=probability * (1 - probability)), 1e-9)
        excess = offsets.var(ddof=1) - by_chance.mean() if len(days) > 1 else 0.0
        return cls(
            newest_offset=level_offset(log_odds[is_newest], churned[is_newest]),
            spread=float(np.sqrt(max(excess, 0.0))),
        )


def _first_of_newest(churned_by_cutoff: NDArray[np.float64]) -> int:
    """The code of the oldest cutoff that the newest level needs."""
    from_newest = np.cumsum(churned_by_cutoff[::-1])
    return max(len(from_newest) - 1 - int(np.searchsorted(from_newest, MIN_CHURNED)), 0)
