"""T-learner: one model for each group, with gradient-boosted trees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from models.uplift.learner import BoostedOutcomes
from models.uplift.meta_learners import TLearner


@dataclass(eq=False)
class TBoostedUplift(BoostedOutcomes, TLearner):
    """T-learner: one model for each group."""

    name: ClassVar[str] = "t_boosted"


MODEL = TBoostedUplift
