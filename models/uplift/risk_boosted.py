"""Risk model: who does not have the outcome without treatment, with gradient-boosted trees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from models.uplift.learner import BoostedOutcomes
from models.uplift.meta_learners import RiskLearner


@dataclass(eq=False)
class BoostedRisk(BoostedOutcomes, RiskLearner):
    """Risk model: who does not have the outcome without treatment."""

    name: ClassVar[str] = "risk_boosted"


MODEL = BoostedRisk
