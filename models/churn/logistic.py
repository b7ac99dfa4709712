"""Logistic regression: each feature has its own weight, so contributions are exact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from core.choosing import choose_simplest, weigh_models
from models.artifact import Artifact
from models.calibration import Platt
from models.churn.additive import AdditiveModel
from models.churn.customer_folds import TrainingRows, log_losses, rows_with_weight
from models.churn.design_matrix import DesignMatrix
from models.churn.key_features import Penalties, RidgePrior
from models.churn.ridge import RidgeLogistic
from models.churn.shared_fits import fit_shared
from models.setting_types import Knots, Positive, Resamples
from models.shared_fits import fit_once

REGULARIZATIONS = (1000.0, 100.0, 10.0, 1.0)
"""Tried where none is set. The strongest within one standard error of the best is taken, as in the lasso's `lambda.1se`
(Hastie et al. 2009, section 7.10): the best one by chance fits a small firm's past too closely."""
FEW_CUSTOMERS = 300
"Of the rarer outcome; below, `PENALTIES_OF_FEW` are averaged, which expect that churn shows in key features."
PENALTIES_OF_FEW = (
    Penalties(30_000.0, 25.0, 0.1),
    Penalties(3_000.0, 25.0, 0.1),
    Penalties(1_000.0),
    Penalties(300.0),
    Penalties(100.0),
)
"""Under the first, only the weight that the key features share is free to move. Chosen on samples of 100 and 300
customers of online_retail, cdnow, completejourney and a simulated shop, and on simulated software companies: no single
one is good at all of them, and few customers cannot show which one is."""
MIN_SHARE = 0.05
"Of a ridge in the average; each costs a fit per refit."
N_KNOTS = (0, 3)
"""Numbers of spline knots tried where none is set. Knots help where a single column carries a fact, as in a
cross-section; counts over several windows already act as a piecewise curve."""


@dataclass(eq=False)
class Logistic(AdditiveModel):
    """A ridge-penalised logistic regression on log-transformed, standardised features."""

    name: ClassVar[str] = "logistic"

    n_resamples: Resamples = 50

    regularization: Positive | None = None
    "The penalty: half of it times the squared norm of the weights is added to the total log loss. None: folds choose."

    others_penalty: Positive = 1.0
    """How many times as strong the penalty is on features that are not key features (`KEY_FEATURES`), where
    `regularization` is set. Where it is not, folds choose all penalties."""

    shared_penalty: Positive | None = None
    """The penalty on a weight that all key features share, each in the direction that usually goes with churn, where
    `regularization` is set; `regularization` then penalises what departs from it. None: they share no weight."""

    n_knots: Knots | None = 0
    "Knots of the linear spline of each number. None: folds choose between 0 and 3."

    calibrated: bool = False
    "Whether to apply Platt scaling, fitted on held-out customers."

    design_: DesignMatrix = field(init=False, repr=False)
    weights_: NDArray[np.float64] = field(init=False, repr=False)
    "(1 + n_resamples, p + 1): weights of the design columns, and last the intercept; the first row is the model."
    held_out_: NDArray[np.float64] = field(init=False, repr=False)
    """Log-odds of each training row by a model fitted without its customer, where a choice or calibration needs them;
    NaN for a row that is not held out. Not stored in the artifact."""

    def fit_rows(self, rows: TrainingRows) -> None:
        """Choose the regularization on held-out customers, fit, and refit on resamples."""
        rows.refuse_too_few()
        is_chosen = self.regularization is None or self.n_knots is None
        settings = self.identify_fit("calibrated", needs_held_out=self.calibrated or is_chosen)
        self.design_, self.weights_, self.held_out_ = fit_shared(rows, settings, fit=lambda: self._fit(rows))
        self.platt_ = Platt.fit(self.held_out_, rows.churned, weights=rows.weights) if self.calibrated else Platt()

    def _fit(self, rows: TrainingRows) -> tuple[DesignMatrix, NDArray[np.float64], NDArray[np.float64]]:
        """The design matrix, the weights, and the held-out log-odds; those are empty where nothing needs them."""
        mixture = self._choose(rows)
        self.design_ = mixture[0].matrix
        self.held_out_ = np.sum([trial.share * trial.held_out for trial in mixture], axis=0)
        weights = [_fit_average(mixture, row_weights=rows.row_weights)]
        for counts in rows.resample(self.n_resamples, seed=self.seed):
            drawn = rows_with_weight(counts)
            weights.append(_fit_average([trial.take(drawn) for trial in mixture], row_weights=counts[drawn]))
        return self.design_, np.array(weights), self.held_out_

    def _choose(self, rows: TrainingRows) -> Sequence[_Trial]:
        """Choose the design matrix and the penalties by folds: those of one trial, or of several to average."""
        n_knots, trials = N_KNOTS if self.n_knots is None else (self.n_knots,), list[_Trial]()
        penalties = self.penalties(rows)
        for one in n_knots:
            matrix, design = DesignMatrix.fit_transform(rows.values, self.input_columns, n_knots=one)
            priors = [RidgePrior.of(self.columns_, matrix, penalties=one) for one in penalties]
            regressions = {
                is_shared: RidgeLogistic(prior.expand(design), rows.churned)
                for is_shared, prior in {prior.directions is not None: prior for prior in priors}.items()
            }
            trials += [_Trial(matrix, regressions[prior.directions is not None], prior) for prior in priors]
        if len(trials) == 1 and not self.calibrated:
            return trials
        held_out = _predict_held_out(trials, rows, held_out=rows.hold_out_folds(self.seed))
        trials = [replace(trial, held_out=one) for trial, one in zip(trials, held_out, strict=True)]
        chosen = trials[_choose_trial(held_out, rows)]
        if penalties != PENALTIES_OF_FEW:
            return [chosen]
        return _weigh_trials([trial for trial in trials if trial.matrix is chosen.matrix], rows)

    def penalties(self, rows: TrainingRows) -> Sequence[Penalties]:
        """The penalties to try, strongest first."""
        if self.regularization is not None:
            return (Penalties(self.regularization, self.others_penalty, self.shared_penalty),)
        if rows.smaller_class() < FEW_CUSTOMERS:
            return PENALTIES_OF_FEW
        return tuple(Penalties(penalty) for penalty in REGULARIZATIONS)

    def raw_contributions(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Weight times distance from the mean, summed over the design columns of a feature; the intercept last."""
        by_feature = self.design_.sum_by_feature(self.design_.transform(values) * self.weights_[0, :-1])
        return np.column_stack([by_feature, np.full(len(values), self.weights_[0, -1])])

    def log_odds(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The design matrix times the weights; recipes that share the weights share the products."""
        design, weights = self.design_, self.weights_[0]
        return fit_once(
            ("log_odds", self.name),
            (values, weights, design.medians, design.means),
            fit=lambda: design.transform(values) @ weights[:-1] + weights[-1],
        )

    def log_odds_of_resamples(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log-odds by the weights of each resample."""
        return self.weights_[1:, :-1] @ self.design_.transform(values).T + self.weights_[1:, [-1]]

    def dump(self) -> Artifact:
        """The weights and the design matrix."""
        return Artifact(self.name, {}, {"weights": self.weights_, **self.design_.arrays()})

    def load(self, artifact: Artifact) -> None:
        """The inverse of `dump`."""
        arrays = dict(artifact.arrays)
        self.weights_ = arrays.pop("weights")
        arrays.pop("usual")
        self.design_ = DesignMatrix(**arrays)


@dataclass(frozen=True)
class _Trial:
    """A design matrix and the prior of its weights, which folds compare with others."""

    matrix: DesignMatrix
    regression: RidgeLogistic
    "Of the columns that the prior expands, of all rows."
    prior: RidgePrior
    held_out: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    "See `held_out_`."
    share: float = 1.0
    "Of an average of trials."

    def take(self, rows: NDArray[np.integer]) -> _Trial:
        """The trial of some rows."""
        return replace(self, regression=self.regression.take(rows))


def _fit_average(mixture: Sequence[_Trial], *, row_weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """The weights of the design columns and the intercept, (p + 1,): of linear models, the average predicts theirs."""
    weights = [
        trial.share * trial.prior.combine(trial.regression.fit(trial.prior.penalties, row_weights=row_weights))
        for trial in mixture
    ]
    return np.sum(weights, axis=0)


def _choose_trial(held_out: Sequence[NDArray[np.float64]], rows: TrainingRows) -> int:
    """The first of the trials whose mean log loss lies within one standard error of the lowest one."""
    return int(choose_simplest(*_log_likelihoods(held_out, rows)))


def _weigh_trials(trials: Sequence[_Trial], rows: TrainingRows) -> Sequence[_Trial]:
    """The trials with their shares of the average, without those whose share is small."""
    shares = weigh_models(*_log_likelihoods([trial.held_out for trial in trials], rows)).values()
    kept = [(trial, share) for trial, share in zip(trials, shares, strict=True) if share >= MIN_SHARE]
    total = sum(share for _, share in kept)
    return [replace(trial, share=share / total) for trial, share in kept]


def _log_likelihoods(
    held_out: Sequence[NDArray[np.float64]], rows: TrainingRows
) -> tuple[NDArray[np.str_], dict[str, NDArray[np.float64]]]:
    """The customers of the held-out rows, and the log likelihoods of these rows by trial."""
    is_held_out = ~np.isnan(held_out[0])
    held = rows.take(is_held_out)
    return held.customer_ids, {
        str(trial): -held.row_weights * log_losses(log_odds[is_held_out], held.churned)
        for trial, log_odds in enumerate(held_out)
    }


def _predict_held_out(
    trials: Sequence[_Trial], rows: TrainingRows, *, held_out: Sequence[NDArray[np.bool_]]
) -> list[NDArray[np.float64]]:
    """The log-odds of each held-out row by a model fitted without its fold, (n,), for each trial.

    NaN for a row that is not held out.
    """
    log_odds = [np.full(len(rows.churned), np.nan) for _ in trials]
    for held in held_out:
        others = {id(trial.regression): trial.regression.take(np.flatnonzero(~held)) for trial in trials}
        for of_trial, trial in zip(log_odds, trials, strict=True):
            # The weights under a stronger penalty are close to those under the next, so that each fit starts from them.
            weights = others[id(trial.regression)].fit(trial.prior.penalties, row_weights=rows.row_weights[~held])
            of_trial[held] = trial.regression.log_odds(weights, np.flatnonzero(held))
    return log_odds


MODEL = Logistic
