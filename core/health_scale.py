"""Health: a score from 0 to 100 that is the risk of leaving, told the other way round.

    health = 100 / (1 + exp(-slope * (middle - log-odds of leaving)))

Slope and middle are such that the probability of the tier `medium` is always a health of 70 and that of `high` one
of 40. So the scale means the same for a firm that loses a tenth and one that loses half, it survives a retraining (a
probability of leaving is always the same health), and with the usual tiers (0.3 and 0.6) it is 100 * (1 - P(churn)).

A dimension's health is that of a customer who is average but for the features of this dimension: it comes from the sum
of their contributions to the model's log-odds, on the same scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.special import expit, logit

from core.config.learning import RiskLevels

HEALTH_AT_MEDIUM = 70.0
HEALTH_AT_HIGH = 40.0
"Where the probabilities of the tiers lie on the scale."


@dataclass(frozen=True)
class HealthScale:
    """How log-odds of leaving become health: never rising with the risk."""

    slope: float
    middle: float
    "Log-odds of leaving at a health of 50."

    @classmethod
    def of(cls, risk_levels: RiskLevels) -> Self:
        """The scale on which the limits of the tiers are fixed scores."""
        medium, high = logit(risk_levels.medium), logit(risk_levels.high)
        upper, lower = logit(HEALTH_AT_MEDIUM / 100), logit(HEALTH_AT_HIGH / 100)
        slope = (upper - lower) / (high - medium)
        return cls(float(slope), float(medium + upper / slope))

    def health(self, log_odds: np.ndarray) -> np.ndarray:
        """0 to 100 of log-odds of leaving, of the same shape; NaN stays NaN."""
        return 100 * expit(self.slope * (self.middle - log_odds))

    def of_risk(self, churn_probability: np.ndarray) -> np.ndarray:
        """0 to 100 of the probability of leaving, of the same shape; NaN stays NaN."""
        return self.health(logit(churn_probability))
