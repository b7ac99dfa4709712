"""Calibration of probabilities by Platt scaling (Platt 1999): log-odds z become slope * z + intercept.

It is the only calibration used here, because it keeps the order of the customers and leaves contributions in log-odds
additive, so that reasons stay exact. Isotonic regression does neither, and needs thousands of churned customers not to
overfit (Niculescu-Mizil & Caruana 2005).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize
from scipy.special import expit, logit

MIN_PROBABILITY = 1e-6
"Probabilities are clipped to this distance from 0 and 1, because no finite history proves more."


@dataclass(frozen=True)
class Platt:
    """A straight line on log-odds; the default changes nothing."""

    slope: float = 1.0
    intercept: float = 0.0

    @classmethod
    def fit(
        cls,
        log_odds: NDArray[np.float64],
        churned: NDArray[np.float64],
        *,
        weights: NDArray[np.float64] | None = None,
    ) -> Self:
        """Fit the line with the lowest log loss on the rows that have log-odds of a model that was not fitted on them.

        NaN is no prediction. `weights` say how much each row counts, (n,); None: all alike. The slope is never
        negative, because a calibration must not reverse a ranking.
        """

        is_held_out = ~np.isnan(log_odds)
        log_odds, churned = log_odds[is_held_out], churned[is_held_out]
        counts = np.ones(len(churned)) if weights is None else weights[is_held_out]
        shares = counts / counts.sum()

        def loss(line: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            shifted = line[0] * log_odds + line[1]
            residual = expit(shifted) - churned
            return float(shares @ (np.logaddexp(0, shifted) - churned * shifted)), np.array(
                [shares @ (residual * log_odds), shares @ residual]
            )

        result = minimize(loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=[(0.0, None), (None, None)])
        return cls(float(result.x[0]), float(result.x[1]))

    def apply(self, log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
        """Calibrate log-odds; the shape stays."""
        return self.slope * log_odds + self.intercept


MAX_OFFSET = 8.0
"In log-odds: a level that moves further than this is taken to have moved so far."


def level_offset(log_odds: NDArray[np.float64], churned: NDArray[np.float64]) -> float:
    """The offset in log-odds with which the mean probability of rows, (n,), equals their churn rate."""

    def gap(offset: float) -> float:
        return float(expit(log_odds + offset).mean() - churned.mean())

    if gap(-MAX_OFFSET) >= 0 or gap(MAX_OFFSET) <= 0:
        return -MAX_OFFSET if gap(0.0) > 0 else MAX_OFFSET
    return float(brentq(gap, -MAX_OFFSET, MAX_OFFSET, xtol=1e-9))


def log_odds_of(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """ln(p / (1 - p)), finite even for 0 and 1."""
    return logit(np.clip(probability, MIN_PROBABILITY, 1 - MIN_PROBABILITY))
