"""Logistic regression: every feature pulls by its own weight, and the reasons are exact."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from sklearn.linear_model import LogisticRegression

from models.artifact import Artifact
from models.calibration import Platt
from models.churn.additive import AdditiveModel
from models.churn.customer_folds import LearningRows, mean_log_loss
from models.churn.design_matrix import DesignMatrix

CHOICE = (1.0, 10.0, 100.0, 1000.0)
"Regularizations tried where none is stated."
BENDS = (0, 3)
"""Numbers of spline knots tried when none is stated. They help where one number carries a fact, as in a cross-section;
counts over several windows already act as a piecewise curve."""


@dataclass(eq=False)
class Logistic(AdditiveModel):
    """A ridge-penalised logistic regression on squashed, standardised features."""

    name: ClassVar[str] = "logistic"

    n_resamples: int = 50

    regularization: float | None = None
    "Half of it times the squared length of the weights is added to the summed log loss; None: folds choose it."

    bends: int | None = 0
    "How often the weight of a number may change over its range; None: folds choose between 0 and 3."

    calibrated: bool = False
    "Whether Platt scaling, fitted on held-out customers, is applied."

    design_: DesignMatrix = field(init=False, repr=False)
    weights_: np.ndarray = field(init=False, repr=False)
    "(1 + n_resamples, p + 1): of the design columns, and last the intercept; the first row is the model."
    held_out_: np.ndarray = field(init=False, repr=False)
    """Log-odds of each training row by a model that saw none of its customer, where a choice or calibration asks for
    it; not kept in the artifact."""

    def learn(self, rows: LearningRows) -> None:
        """Choose the regularization on held-out customers, fit, and refit on resamples."""
        rows.refuse_too_few()
        strength = self._choose(rows)
        design = self.design_.transform(rows.values)
        self.platt_ = Platt.fitted(self.held_out_, rows.churned) if self.calibrated else Platt()
        everyone = np.ones(len(design))
        self.weights_ = np.array(
            [
                _weights(design, rows.churned, strength, counts)
                for counts in (everyone, *rows.resampled(self.n_resamples, self.seed))
            ]
        )

    def _choose(self, rows: LearningRows) -> float:
        """The regularization that folds choose; leaves the design matrix and the held-out log-odds of the choice."""
        strengths = CHOICE if self.regularization is None else (self.regularization,)
        bends = BENDS if self.bends is None else (self.bends,)
        matrices = [DesignMatrix.learnt_from(rows.values, self.columns_, one) for one in bends]
        if len(strengths) * len(matrices) == 1 and not self.calibrated:
            self.design_ = matrices[0]
            return strengths[0]
        folds, tried = rows.folds(self.seed), []
        for matrix in matrices:
            design = matrix.transform(rows.values)
            tried += [(matrix, one, _held_out(design, rows.churned, folds, one)) for one in strengths]
        self.design_, strength, self.held_out_ = min(tried, key=lambda one: mean_log_loss(one[2], rows.churned))
        return strength

    def contribute(self, values: np.ndarray) -> np.ndarray:
        """Weight times distance from the mean, summed over a feature's design columns; the intercept last."""
        by_feature = self.design_.by_feature(self.design_.transform(values) * self.weights_[0, :-1])
        return np.column_stack([by_feature, np.full(len(values), self.weights_[0, -1])])

    def resampled_log_odds(self, values: np.ndarray) -> np.ndarray:
        """What the weights of each resample say."""
        return self.weights_[1:, :-1] @ self.design_.transform(values).T + self.weights_[1:, [-1]]

    def keep(self) -> Artifact:
        """The weights, and how features become design columns."""
        return Artifact(self.name, {}, {"weights": self.weights_, **self.design_.arrays()})

    def restore(self, artifact: Artifact) -> None:
        """The reverse of `keep`."""
        arrays = dict(artifact.arrays)
        self.weights_ = arrays.pop("weights")
        arrays.pop("usual")
        self.design_ = DesignMatrix(**arrays)


def _weights(design: np.ndarray, churned: np.ndarray, regularization: float, counts: np.ndarray) -> np.ndarray:
    model = LogisticRegression(C=1.0 / regularization, solver="newton-cholesky", max_iter=200)
    model.fit(design, churned, sample_weight=counts)
    return np.append(np.ravel(model.coef_), model.intercept_)


def _held_out(design: np.ndarray, churned: np.ndarray, folds: np.ndarray, regularization: float) -> np.ndarray:
    log_odds = np.empty(len(design))
    for fold in np.unique(folds):
        held = folds == fold
        weights = _weights(design, churned, regularization, (~held).astype(np.float64))
        log_odds[held] = design[held] @ weights[:-1] + weights[-1]
    return log_odds
