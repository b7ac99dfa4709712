"""S-learner: one model that sees the treatment, with gradient-boosted trees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from models.uplift.learner import BoostedOutcomes
from models.uplift.meta_learners import SLearner


@dataclass(eq=False)
class SBoostedUplift(BoostedOutcomes, SLearner):
    """S-learner: one model that sees the treatment."""

    name: ClassVar[str] = "s_boosted"


MODEL = SBoostedUplift
