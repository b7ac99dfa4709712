"""Subscriptions alone: the price of what runs, by its survival curve. For firms without purchases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from core.customer_value import ValueHistory
from core.feature_table import FeatureTable
from models.artifact import Artifact
from models.value.value_model import PurchaseForecast, ValueModel, ValueTraining


@dataclass(eq=False)
class Survival(ValueModel):
    """No purchases; the subscriptions of every value model."""

    name: ClassVar[str] = "survival"

    hazard: Literal["kaplan_meier", "logistic_hazard", "boosted_hazard"] = "logistic_hazard"

    def fit_purchases(self, training: ValueTraining) -> None:
        """Nothing to fit."""

    def predict_purchases(
        self, features: FeatureTable, history: ValueHistory, *, days: NDArray[np.int64]
    ) -> PurchaseForecast:
        """None."""
        none = np.zeros((len(history), len(days)))
        return PurchaseForecast(none, none)

    def dump(self) -> Artifact:
        """Nothing beside the hazard model."""
        return Artifact(self.name, {})

    def load(self, artifact: Artifact) -> None:
        """Nothing."""


MODEL = Survival
