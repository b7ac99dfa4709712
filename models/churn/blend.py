"""Logistic regression and gradient boosting, averaged in log-odds: they err differently."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from models.artifact import Artifact
from models.calibration import Platt
from models.churn.additive import AdditiveModel
from models.churn.customer_folds import LearningRows, mean_log_loss
from models.churn.gradient_boosting import GradientBoosting
from models.churn.logistic import Logistic


@dataclass(eq=False)
class Blend(AdditiveModel):
    """A weighted mean of two models' log-odds; the weight is learnt on customers that neither saw."""

    name: ClassVar[str] = "blend"

    calibrated: bool = False
    "Whether Platt scaling, fitted on held-out customers, is applied."

    bends: int | None = 0
    "Of the logistic regression; None: folds choose."

    n_threads: int = 1
    "Of the gradient boosting."

    share_: float = field(init=False, repr=False, default=0.5)
    "Weight of the gradient boosting, 0 to 1."
    logistic_: Logistic = field(init=False, repr=False)
    boosting_: GradientBoosting = field(init=False, repr=False)

    def learn(self, rows: LearningRows) -> None:
        """Fit both, then the weight on what each says of held-out customers (the same folds for both)."""
        self._make_parts()
        for part in (self.logistic_, self.boosting_):
            part.learn(rows)
        tried = np.linspace(0, 1, 21)
        losses = [mean_log_loss(self._mix(share), rows.churned) for share in tried]
        self.share_ = float(tried[np.argmin(losses)])
        self.platt_ = Platt.fitted(self._mix(self.share_), rows.churned) if self.calibrated else Platt()

    def contribute(self, values: np.ndarray) -> np.ndarray:
        """Both models' contributions, weighted."""
        return self._weighted(self.logistic_.contribute(values), self.boosting_.contribute(values))

    def log_odds(self, values: np.ndarray) -> np.ndarray:
        """Both models' log-odds, weighted."""
        return self._weighted(self.logistic_.log_odds(values), self.boosting_.log_odds(values))

    def resampled_log_odds(self, values: np.ndarray) -> np.ndarray:
        """Both models refitted on the same resamples, weighted."""
        return self._weighted(self.logistic_.resampled_log_odds(values), self.boosting_.resampled_log_odds(values))

    def keep(self) -> Artifact:
        """Both models in one artifact: names of arrays and texts do not meet."""
        logistic, boosting = self.logistic_.keep(), self.boosting_.keep()
        return Artifact(self.name, {**boosting.state, "share": self.share_}, logistic.arrays, boosting.texts)

    def restore(self, artifact: Artifact) -> None:
        """The reverse of `keep`."""
        self._make_parts()
        self.share_ = artifact.state["share"]
        self.logistic_.restore(artifact)
        self.boosting_.restore(artifact)

    def _make_parts(self) -> None:
        self.logistic_ = Logistic(n_resamples=self.n_resamples, seed=self.seed, bends=self.bends)
        self.boosting_ = GradientBoosting(n_resamples=self.n_resamples, seed=self.seed, n_threads=self.n_threads)
        self.logistic_.columns_ = self.boosting_.columns_ = self.columns_

    def _mix(self, share: float) -> np.ndarray:
        return (1 - share) * self.logistic_.held_out_ + share * self.boosting_.held_out_

    def _weighted(self, logistic: np.ndarray, boosting: np.ndarray) -> np.ndarray:
        return (1 - self.share_) * logistic + self.share_ * boosting
