"""A logistic regression on person-periods: a feature has the same effect in every period."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from models.churn.additive import AdditiveModel
from models.churn.logistic import Logistic
from models.hazard.hazard import Hazard
from models.setting_types import Positive

MAX_PENALTY_PER_CHURN = 2.0
"""The regularization is at most this times the number of churned person-periods.

A single feature then keeps a third of its weight, because each churned person-period supports a weight about as much as
a penalty of one shrinks it.
"""


@dataclass(eq=False)
class LogisticHazard(Hazard):
    """Logistic regression with a weight for each period."""

    name: ClassVar[str] = "logistic_hazard"

    regularization: Positive | None = 30.0
    """As in `Logistic`, but per column, so that many weak features together have no more weight than a few.

    It is stronger than there, because a customer occurs at many cutoffs and periods, and what predicted churn in past
    years predicts it less well in the next one. None: folds choose.
    """

    def create_period_model(self) -> AdditiveModel:
        """A logistic regression with a weight for each period."""
        regularization = self.regularization
        if regularization is not None:
            limit = max(MAX_PENALTY_PER_CHURN * self.n_churned_, 1.0)
            regularization = min(regularization * max(len(self.columns_), 1), limit)
        return Logistic(n_resamples=0, seed=self.seed, regularization=regularization)


MODEL = LogisticHazard
