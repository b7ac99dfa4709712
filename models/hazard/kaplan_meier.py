"""The Kaplan-Meier curve, the same for every customer: the baseline of all hazard models."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from core.feature_table import FeatureColumn
from models.artifact import Artifact
from models.calibration import log_odds_of
from models.churn.additive import AdditiveModel
from models.churn.customer_folds import TrainingRows
from models.hazard.hazard import Hazard
from models.hazard.person_periods import PERIOD


@dataclass(eq=False)
class KaplanMeierHazard(Hazard):
    """One curve for all customers."""

    name: ClassVar[str] = "kaplan_meier"

    def create_period_model(self) -> AdditiveModel:
        """A churn rate per period."""
        return LifeTable(n_resamples=0)

    def choose_columns(self, columns: tuple[FeatureColumn, ...]) -> tuple[FeatureColumn, ...]:
        """No columns."""
        return ()


@dataclass(eq=False)
class LifeTable(AdditiveModel):
    """The share that churned of the customers at risk, period by period; it reads the number of the period alone."""

    name: ClassVar[str] = "life_table"

    rates_: NDArray[np.float64] = field(init=False, repr=False, default_factory=lambda: np.empty(0))
    "(periods,) log-odds of churn in each period; a period without customers at risk has the overall rate."

    def fit_rows(self, rows: TrainingRows) -> None:
        """Compute the churn rate of each period."""
        periods = self._periods(rows.values)
        (column,) = [column for column in self.columns_ if column.name == PERIOD]
        n_periods = len(column.vocabulary or ())
        at_risk = np.bincount(periods, minlength=n_periods)
        churned = np.bincount(periods, rows.churned, minlength=n_periods)
        rates = np.divide(churned, at_risk, out=np.full(n_periods, rows.churned.mean()), where=at_risk > 0)
        self.rates_ = log_odds_of(rates)

    def raw_contributions(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The rate of the period, as the bias."""
        return np.column_stack([np.zeros(values.shape), self.log_odds(values)])

    def log_odds(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The rate of the period."""
        return self.rates_[self._periods(values)]

    def log_odds_of_resamples(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Empty: a life table is not refitted."""
        return np.empty((0, len(values)))

    def dump(self) -> Artifact:
        """The rates."""
        return Artifact(self.name, {}, {"rates": self.rates_})

    def load(self, artifact: Artifact) -> None:
        """The inverse of `dump`."""
        self.rates_ = artifact.arrays["rates"]

    def _periods(self, values: NDArray[np.float64]) -> NDArray[np.int64]:
        place = [column.name for column in self.columns_].index(PERIOD)
        return values[:, place].astype(np.int64)


MODEL = KaplanMeierHazard
