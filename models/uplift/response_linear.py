"""Response model: who has the outcome when treated, with linear models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from models.uplift.learner import LinearOutcomes
from models.uplift.meta_learners import ResponseLearner


@dataclass(eq=False)
class LinearResponse(LinearOutcomes, ResponseLearner):
    """Response model: who has the outcome when treated."""

    name: ClassVar[str] = "response_linear"


MODEL = LinearResponse
