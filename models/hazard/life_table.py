"""How many leave in each period, whoever they are: the life table behind Kaplan-Meier's curve."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from models.artifact import Artifact
from models.calibration import log_odds_of
from models.churn.additive import AdditiveModel
from models.churn.customer_folds import LearningRows


@dataclass(eq=False)
class LifeTable(AdditiveModel):
    """The share that left of those who were there, period by period; it reads the period's number alone."""

    name: ClassVar[str] = "life_table"

    rates_: np.ndarray = field(init=False, repr=False, default_factory=lambda: np.empty(0))
    "(periods,) log-odds of leaving in each period; a period that nobody was seen in has the rate of all."

    def learn(self, rows: LearningRows) -> None:
        """Count."""
        periods = self._periods(rows.values)
        (column,) = [column for column in self.columns_ if column.name == "period"]
        n_periods = len(column.vocabulary or ())
        there = np.bincount(periods, minlength=n_periods)
        left = np.bincount(periods, rows.churned, minlength=n_periods)
        rates = np.divide(left, there, out=np.full(n_periods, rows.churned.mean()), where=there > 0)
        self.rates_ = log_odds_of(rates)

    def contribute(self, values: np.ndarray) -> np.ndarray:
        """The period's rate, told as the bias."""
        return np.column_stack([np.zeros(values.shape), self.log_odds(values)])

    def log_odds(self, values: np.ndarray) -> np.ndarray:
        """Look up the period."""
        return self.rates_[self._periods(values)]

    def resampled_log_odds(self, values: np.ndarray) -> np.ndarray:
        """None: a life table is not refitted."""
        return np.empty((0, len(values)))

    def keep(self) -> Artifact:
        """The rates."""
        return Artifact(self.name, {}, {"rates": self.rates_})

    def restore(self, artifact: Artifact) -> None:
        """The reverse of `keep`."""
        self.rates_ = artifact.arrays["rates"]

    def _periods(self, values: np.ndarray) -> np.ndarray:
        place = [column.name for column in self.columns_].index("period")
        return values[:, place].astype(np.int64)
