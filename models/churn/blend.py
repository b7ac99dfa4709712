"""A blend of logistic regression and gradient boosting, averaged in log-odds, because their errors differ."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from models.artifact import Artifact
from models.calibration import Platt
from models.churn.additive import AdditiveModel
from models.churn.customer_folds import TrainingRows, mean_log_loss
from models.churn.gradient_boosting import GradientBoosting
from models.churn.logistic import Logistic
from models.setting_types import Knots, Threads


@dataclass(eq=False)
class Blend(AdditiveModel):
    """A weighted mean of two models' log-odds; the weight is chosen on customers that neither was fitted on."""

    name: ClassVar[str] = "blend"

    calibrated: bool = False
    "Whether to apply Platt scaling, fitted on held-out customers."

    n_knots: Knots | None = 0
    "Spline knots of the logistic regression; None: folds choose."

    n_threads: Threads = 1
    "Of the gradient boosting."

    boosting_weight_: float = field(init=False, repr=False, default=0.5)
    "From 0 to 1."
    logistic_: Logistic = field(init=False, repr=False)
    boosting_: GradientBoosting = field(init=False, repr=False)

    def fit_rows(self, rows: TrainingRows) -> None:
        """Fit both models, then choose the weight on their held-out predictions (the same folds for both)."""
        self._create_parts()
        for part in (self.logistic_, self.boosting_):
            part.fit_rows(rows)
        weights = np.linspace(0, 1, 21)
        losses = [mean_log_loss(self._mix_held_out(weight), rows) for weight in weights]
        self.boosting_weight_ = float(weights[np.argmin(losses)])
        held_out = self._mix_held_out(self.boosting_weight_)
        self.platt_ = Platt.fit(held_out, rows.churned, weights=rows.weights) if self.calibrated else Platt()

    def raw_contributions(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The weighted contributions of both models."""
        return self._mix(self.logistic_.raw_contributions(values), self.boosting_.raw_contributions(values))

    def log_odds(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The weighted log-odds of both models."""
        return self._mix(self.logistic_.log_odds(values), self.boosting_.log_odds(values))

    def log_odds_of_resamples(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The weighted log-odds of both models, refitted on the same resamples."""
        return self._mix(self.logistic_.log_odds_of_resamples(values), self.boosting_.log_odds_of_resamples(values))

    def dump(self) -> Artifact:
        """Both models in one artifact; their arrays and texts have different names."""
        logistic, boosting = self.logistic_.dump(), self.boosting_.dump()
        state = {**boosting.state, "boosting_weight": self.boosting_weight_}
        return Artifact(self.name, state, logistic.arrays, boosting.texts)

    def load(self, artifact: Artifact) -> None:
        """The inverse of `dump`."""
        self._create_parts()
        self.boosting_weight_ = artifact.state["boosting_weight"]
        self.logistic_.load(artifact)
        self.boosting_.load(artifact)

    def _create_parts(self) -> None:
        self.logistic_ = Logistic(n_resamples=self.n_resamples, seed=self.seed, n_knots=self.n_knots)
        self.boosting_ = GradientBoosting(n_resamples=self.n_resamples, seed=self.seed, n_threads=self.n_threads)
        self.logistic_.columns_ = self.boosting_.columns_ = self.columns_
        self.logistic_.word_rates_ = self.boosting_.word_rates_ = self.word_rates_

    def _mix_held_out(self, weight: float) -> NDArray[np.float64]:
        return (1 - weight) * self.logistic_.held_out_ + weight * self.boosting_.held_out_

    def _mix(self, logistic: NDArray[np.float64], boosting: NDArray[np.float64]) -> NDArray[np.float64]:
        return (1 - self.boosting_weight_) * logistic + self.boosting_weight_ * boosting


MODEL = Blend
