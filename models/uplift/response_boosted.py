"""Response model: who has the outcome when treated, with gradient-boosted trees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from models.uplift.learner import BoostedOutcomes
from models.uplift.meta_learners import ResponseLearner


@dataclass(eq=False)
class BoostedResponse(BoostedOutcomes, ResponseLearner):
    """Response model: who has the outcome when treated."""

    name: ClassVar[str] = "response_boosted"


MODEL = BoostedResponse
