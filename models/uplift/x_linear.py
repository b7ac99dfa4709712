"""X-learner: models of imputed effects (Kunzel et al. 2019), with linear models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from models.uplift.learner import LinearOutcomes
from models.uplift.meta_learners import XLearner


@dataclass(eq=False)
class XLinearUplift(LinearOutcomes, XLearner):
    """X-learner: models of imputed effects (Kunzel et al. 2019)."""

    name: ClassVar[str] = "x_linear"


MODEL = XLinearUplift
