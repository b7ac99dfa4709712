"""Risk model: who does not have the outcome without treatment, with linear models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from models.uplift.learner import LinearOutcomes
from models.uplift.meta_learners import RiskLearner


@dataclass(eq=False)
class LinearRisk(LinearOutcomes, RiskLearner):
    """Risk model: who does not have the outcome without treatment."""

    name: ClassVar[str] = "risk_linear"


MODEL = LinearRisk
