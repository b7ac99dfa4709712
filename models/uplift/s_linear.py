"""S-learner with a linear model: every feature may change the effect, and the penalty holds it to the average effect.

y ~ a + b x + (t - 1/2) (c + d x)        ridge or logistic regression; c is hardly penalised
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from models.setting_types import Positive
from models.uplift.learner import LinearOutcomes
from models.uplift.meta_learners import SLearner
from models.uplift.outcome_models import InteractedOutcome, OutcomeModel, OutcomeRows


@dataclass(eq=False)
class SLinearUplift(LinearOutcomes, SLearner):
    """One linear model in which the treatment interacts with every feature."""

    name: ClassVar[str] = "s_linear"

    regularization: Positive = 1_000.0
    "Stronger than for outcomes, because it holds the interactions with the treatment, too."

    def fit_outcome(self, rows: OutcomeRows) -> OutcomeModel:
        """Fit with the treatment as the last column of the rows."""
        return InteractedOutcome.fit_interactions(rows, penalty=self.regularization)


MODEL = SLinearUplift
