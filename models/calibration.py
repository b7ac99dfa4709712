"""Making probabilities mean what they say.

Platt scaling (Platt 1999): log-odds z become slope * z + intercept. It is the
one calibration used here because it keeps the order of the customers and
leaves contributions in log-odds additive, so that reasons stay exact; isotonic
regression does neither, and needs thousands of churners not to overfit
(Niculescu-Mizil & Caruana 2005).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, logit

LEAST_PROBABILITY = 1e-6
"Probabilities nearer to 0 or 1 than this count as this far off: no finite history proves more."


@dataclass(frozen=True)
class Platt:
    """A straight line on log-odds; as it stands, it changes nothing."""

    slope: float = 1.0
    intercept: float = 0.0

    @classmethod
    def fitted(cls, log_odds: np.ndarray, churned: np.ndarray) -> Self:
        """The line with the lowest log loss on rows that the model did not learn from.

        The slope never falls below zero: a calibration must not turn a ranking around.
        """

        def loss(line: np.ndarray) -> tuple[float, np.ndarray]:
            shifted = line[0] * log_odds + line[1]
            surplus = expit(shifted) - churned
            return float(np.mean(np.logaddexp(0, shifted) - churned * shifted)), np.array(
                [np.mean(surplus * log_odds), np.mean(surplus)]
            )

        found = minimize(loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=[(0.0, None), (None, None)])
        return cls(float(found.x[0]), float(found.x[1]))

    def apply(self, log_odds: np.ndarray) -> np.ndarray:
        """Calibrated log-odds, of the same shape."""
        return self.slope * log_odds + self.intercept


def log_odds_of(probability: np.ndarray) -> np.ndarray:
    """ln(p / (1 - p)), finite even for 0 and 1."""
    return logit(np.clip(probability, LEAST_PROBABILITY, 1 - LEAST_PROBABILITY))
