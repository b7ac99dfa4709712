"""DR-learner: a regression of doubly robust pseudo-outcomes (Kennedy 2020), with linear models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from models.uplift.learner import LinearOutcomes
from models.uplift.meta_learners import DRLearner


@dataclass(eq=False)
class DRLinearUplift(LinearOutcomes, DRLearner):
    """DR-learner: a regression of doubly robust pseudo-outcomes (Kennedy 2020)."""

    name: ClassVar[str] = "dr_linear"


MODEL = DRLinearUplift
