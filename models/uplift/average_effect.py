"""The average effect, the same for every customer: the baseline of all uplift models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from models.uplift.learner import PredictedEffect, TargetingRule, TreatmentRows, UpliftLearner
from models.uplift.outcome_models import ConstantOutcome, OutcomeModel, OutcomeRows


@dataclass(eq=False)
class AverageEffect(UpliftLearner):
    """The difference between the mean outcomes of both groups."""

    name: ClassVar[str] = "average_effect"
    rule: ClassVar[TargetingRule] = TargetingRule.ALIKE

    @property
    def average(self) -> float:
        """The effect."""
        return float(self.models_[0].predict(np.empty((1, 0)))[0])

    @average.setter
    def average(self, effect: float) -> None:
        self.models_ = (ConstantOutcome(float(effect)), *self.models_[1:])

    def fit_models(self, rows: TreatmentRows) -> tuple[OutcomeModel, ...]:
        """The mean effect, and the mean outcome of the control group."""
        return ConstantOutcome(rows.average_effect), ConstantOutcome(rows.mean_outcome(treated=False))

    def fit_outcome(self, rows: OutcomeRows) -> OutcomeModel:
        """The mean."""
        return ConstantOutcome(rows.mean)

    def predict(self, values: NDArray[np.float64]) -> PredictedEffect:
        """The same for each row."""
        effect, without = (model.predict(values) for model in self.models_)
        return PredictedEffect(effect, without)


MODEL = AverageEffect
