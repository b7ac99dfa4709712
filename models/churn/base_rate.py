"""The same churn rate for every customer: the baseline of all models."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from core.feature_table import FeatureColumn
from core.model_kinds import Capability
from models.artifact import Artifact
from models.calibration import log_odds_of
from models.churn.additive import AdditiveModel
from models.churn.customer_folds import TrainingRows


@dataclass(eq=False)
class BaseRate(AdditiveModel):
    """The churn rate of the training rows."""

    name: ClassVar[str] = "base_rate"
    capabilities: ClassVar[frozenset[Capability]] = frozenset()
    "It uses no feature, so there is nothing to attribute a prediction to."

    rates_: NDArray[np.float64] = field(init=False, repr=False, default_factory=lambda: np.empty(0))
    "Log-odds of the rate of all rows, then of each resample."

    def choose_columns(self, columns: tuple[FeatureColumn, ...]) -> tuple[FeatureColumn, ...]:
        """No columns."""
        return ()

    def fit_rows(self, rows: TrainingRows) -> None:
        """Compute the churn rate of all rows and of each resample."""
        weights = [rows.row_weights, *rows.resample(self.n_resamples, seed=self.seed)]
        self.rates_ = log_odds_of(np.array([np.average(rows.churned, weights=weight) for weight in weights]))

    def raw_contributions(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The bias alone, (n, 1)."""
        return np.full((len(values), 1), self.rates_[0])

    def log_odds_of_resamples(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The rate of each resample, for every row."""
        return np.repeat(self.rates_[1:, None], len(values), axis=1)

    def dump(self) -> Artifact:
        """The rates."""
        return Artifact(self.name, {}, {"rates": self.rates_})

    def load(self, artifact: Artifact) -> None:
        """The inverse of `dump`."""
        self.rates_ = artifact.arrays["rates"]


MODEL = BaseRate
