"""The health score: the inverse of churn risk on a fixed scale from 0 to 100.

    health = 100 / (1 + exp(-slope * (middle - log-odds of churn)))

Slope and middle are such that the `medium` risk level always maps to 70 and `high` to 40. So the scale means the same
for a company that loses a tenth of its customers and for one that loses half. A churn probability keeps its health
when the model is retrained. With the default risk levels (0.3 and 0.6), health is 100 * (1 - P(churn)).

The health of a dimension is that of a customer who is average except for the features of this dimension: the sum of
their contributions to the log-odds, on the same scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from core.config.training import RiskLevels

HEALTH_AT_MEDIUM = 70.0
"Health at the `medium` risk level."
HEALTH_AT_HIGH = 40.0
"Health at the `high` risk level."


@dataclass(frozen=True)
class HealthScale:
    """Converts log-odds of churn to health, which never rises with the risk."""

    slope: float
    middle: float
    "Log-odds of churn at a health of 50."

    @classmethod
    def from_risk_levels(cls, risk_levels: RiskLevels) -> Self:
        """The scale on which the risk levels have fixed scores."""
        medium, high = logit(risk_levels.medium), logit(risk_levels.high)
        upper, lower = logit(HEALTH_AT_MEDIUM / 100), logit(HEALTH_AT_HIGH / 100)
        slope = (upper - lower) / (high - medium)
        return cls(float(slope), float(medium + upper / slope))

    def health(self, log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
        """The health, 0 to 100, of log-odds of churn, in their shape. NaN stays NaN."""
        return 100 * expit(self.slope * (self.middle - log_odds))

    def health_of_risk(self, churn_probability: NDArray[np.float64]) -> NDArray[np.float64]:
        """The health, 0 to 100, of churn probabilities, in their shape. NaN stays NaN."""
        return self.health(logit(churn_probability))
