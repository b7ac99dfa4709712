"""T-learner: one model for each group, with linear models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from models.uplift.learner import LinearOutcomes
from models.uplift.meta_learners import TLearner


@dataclass(eq=False)
class TLinearUplift(LinearOutcomes, TLearner):
    """T-learner: one model for each group."""

    name: ClassVar[str] = "t_linear"


MODEL = TLinearUplift
