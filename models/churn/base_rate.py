"""Everybody leaves at the same rate: what any model must beat to have learnt something."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from core.feature_table import FeatureColumn
from models.artifact import Artifact
from models.calibration import log_odds_of
from models.churn.additive import AdditiveModel
from models.churn.customer_folds import LearningRows


@dataclass(eq=False)
class BaseRate(AdditiveModel):
    """The churn rate of the training rows."""

    name: ClassVar[str] = "base_rate"

    rates_: np.ndarray = field(init=False, repr=False, default_factory=lambda: np.empty(0))
    "Log-odds of the rate of all rows, then of each resample."

    def choose_columns(self, columns: tuple[FeatureColumn, ...]) -> tuple[FeatureColumn, ...]:
        """None: it looks at nothing."""
        return ()

    def learn(self, rows: LearningRows) -> None:
        """Count."""
        weights = [np.ones(len(rows.churned)), *rows.resampled(self.n_resamples, self.seed)]
        self.rates_ = log_odds_of(np.array([np.average(rows.churned, weights=weight) for weight in weights]))

    def contribute(self, values: np.ndarray) -> np.ndarray:
        """The bias alone, (n, 1)."""
        return np.full((len(values), 1), self.rates_[0])

    def resampled_log_odds(self, values: np.ndarray) -> np.ndarray:
        """Each resample's rate, for every row."""
        return np.repeat(self.rates_[1:, None], len(values), axis=1)

    def keep(self) -> Artifact:
        """The rates."""
        return Artifact(self.name, {}, {"rates": self.rates_})

    def restore(self, artifact: Artifact) -> None:
        """The reverse of `keep`."""
        self.rates_ = artifact.arrays["rates"]
