"""Attributes each churn to a cause. One hazard per cause, driven only by the features mapped to that cause.

    hazard of a cause     exp(intercept + weights x features)    one per cause; they add up to the hazard of churn
    share of a cause      its hazard / sum of hazards            for a churned customer, and for a current one

Intercepts and weights are fitted by expectation maximisation over the unknown true causes (Dempster, Laird & Rubin
1977), from how often customers with such features churned, compared with those who stayed. Hazards of causes add up;
log-odds of a churn model do not, and make a common mild problem look like a rare severe one. Features mapped to no
cause, or to all, drive every hazard, so that churned customers are compared with customers of the same plan, size and
tenure. The prior variance of each feature family's weights is estimated with them (MacKay 1992, evidence framework).

The prior expects equal shares of all causes with the weight of `PRIOR_COUNT` churned customers, as many as the prior of
the noise has. Otherwise the noise could take all of a rare cause: its hazard would fall to zero and not come back.

What an end itself states is a noisy observation of the true cause; the noise is estimated along with the rest. If no
cause was stated at all, attribution rests on features alone and is much less certain: a problem that no feature shows
is then attributed to the cause that features show best.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from insights.causes.covariates import Covariates
from insights.causes.stated import PRIOR_COUNT, StatedCauseModel

N_ROUNDS = 60
CURVATURE_EVERY = 5
"Rounds between updates of the curvature and of the prior precisions."
WARM_UP_ROUNDS = 9
"Rounds before precisions are estimated: until then all weights are near zero."
PRIOR_PRECISION, PRECISION_BOUNDS = 30.0, (1.0, 3_000.0)
"Inverse variance of weights: the initial value, and its bounds."
PRIOR_VARIANCE = 1 / 300
"A family's variance is estimated as if one more weight with this variance had been observed."
MAX_STEP = 1.0
LOG_RISK_BOUNDS = (-16.0, 1.0)
"Bounds of the log hazard per month."


@dataclass(frozen=True)
class CauseHazards:
    """Hazards of churn by cause, in the order of the causes."""

    weights: NDArray[np.float64]
    "(causes, p + 1): log hazard per month of average features, then the weight of each design column."
    precisions: NDArray[np.float64]
    "(causes, p + 1) of the weights; the intercept is free."
    stated_cause_model: StatedCauseModel

    @classmethod
    def fit(cls, covariates: Covariates, churned: NDArray[np.bool_], *, stated_causes: NDArray[np.int64]) -> Self:
        """Fit on person-months: covariates, who churned (n,), and the stated cause's index (n,), -1 for none."""
        model = cls.prior(covariates, churned)
        inverse_curvatures = [np.empty((0, 0))] * len(model.weights)
        for round_ in range(N_ROUNDS):
            risks = model.risks(covariates)
            responsibilities = model.stated_cause_model.weigh(shares_of(risks[churned]), stated_causes[churned])
            if round_ % CURVATURE_EVERY == 0:
                model, inverse_curvatures = model.update_precisions(
                    covariates, risks, estimate=round_ >= WARM_UP_ROUNDS
                )
            excess = -risks
            excess[churned] += responsibilities
            weights = model.newton_step(covariates, excess, inverse_curvatures=inverse_curvatures)
            model = replace(
                model,
                weights=weights,
                stated_cause_model=model.stated_cause_model.update(responsibilities, stated_causes[churned]),
            )
        return model

    @classmethod
    def prior(cls, covariates: Covariates, churned: NDArray[np.bool_]) -> Self:
        """The starting point: the observed churn rate, split evenly over the causes."""
        n_causes, p = covariates.drives.shape
        weights, precisions = np.zeros((n_causes, p + 1)), np.full((n_causes, p + 1), PRIOR_PRECISION)
        weights[:, 0] = np.log(max(churned.mean(), 1e-7) / n_causes)
        precisions[:, 0] = 1e-6
        return cls(weights, precisions, StatedCauseModel.prior(n_causes))

    def risks(self, covariates: Covariates) -> NDArray[np.float64]:
        """Hazard per month of each cause, (n, causes)."""
        return np.exp(np.clip(self.weights[:, 0] + covariates.values @ self.weights[:, 1:].T, *LOG_RISK_BOUNDS))

    @property
    def usual_shares(self) -> NDArray[np.float64]:
        """Share of each cause in the hazard of a customer of average features, (causes,)."""
        return np.asarray(softmax(self.weights[:, 0]))

    def shares(self, covariates: Covariates) -> NDArray[np.float64]:
        """Share of each cause in the hazard, (n, causes), without stated causes; rows sum to 1."""
        return shares_of(self.risks(covariates))

    def posterior(self, covariates: Covariates, stated_causes: NDArray[np.int64]) -> NDArray[np.float64]:
        """P(true cause | features, stated cause) of a churn, (n, causes); rows sum to 1."""
        return self.stated_cause_model.weigh(self.shares(covariates), stated_causes)

    def newton_step(
        self, covariates: Covariates, excess: NDArray[np.float64], *, inverse_curvatures: list[NDArray[np.float64]]
    ) -> NDArray[np.float64]:
        """The weights after one Newton step; `excess` (n, causes) is the churn attributed beyond the hazard."""
        gradients = np.column_stack([excess.sum(axis=0), excess.T @ covariates.values]) - self.precisions * self.weights
        gradients[:, 0] += PRIOR_COUNT * (1 / len(self.weights) - self.usual_shares)
        weights = self.weights.copy()
        for cause, driven in enumerate(driven_columns(covariates)):
            step = inverse_curvatures[cause] @ gradients[cause, driven]
            # A full Newton step may overshoot far from the optimum, where the curvature is flat.
            weights[cause, driven] += step / max(1.0, np.abs(step).max() / MAX_STEP)
        return weights

    def update_precisions(
        self, covariates: Covariates, risks: NDArray[np.float64], *, estimate: bool
    ) -> tuple[Self, list[NDArray[np.float64]]]:
        """The model with precisions estimated by family (if asked), and the inverse curvature of each cause."""
        precisions, inverse_curvatures = self.precisions.copy(), []
        for cause, driven in enumerate(driven_columns(covariates)):
            information = information_of(covariates.values[:, covariates.drives[cause]], risks[:, cause])
            information[0, 0] += PRIOR_COUNT * self.usual_shares[cause]
            inverse = np.linalg.inv(information + np.diag(precisions[cause, driven]))
            if estimate:
                families = covariates.families[covariates.drives[cause]]
                variances = np.diag(inverse)[1:]
                own = driven[1:]
                precisions[cause, own] = _evidence_precisions(
                    self.weights[cause, own], precisions[cause, own], variances=variances, families=families
                )
                inverse = np.linalg.inv(information + np.diag(precisions[cause, driven]))
            inverse_curvatures.append(inverse)
        return replace(self, precisions=precisions), inverse_curvatures


def shares_of(risks: NDArray[np.float64]) -> NDArray[np.float64]:
    return risks / risks.sum(axis=1, keepdims=True)


def driven_columns(covariates: Covariates) -> list[NDArray[np.int64]]:
    """For each cause, the indices of the weights that may differ from zero; the intercept's first."""
    return [np.append(0, 1 + np.flatnonzero(drives)) for drives in covariates.drives]


def information_of(values: NDArray[np.float64], risk: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fisher information of intercept and weights, (q + 1, q + 1), of Poisson counts with these rates (n,)."""
    weighted = values * risk[:, None]
    sums = weighted.sum(axis=0)
    return np.block([[np.array([[risk.sum()]]), sums[None, :]], [sums[:, None], values.T @ weighted]])


def _evidence_precisions(
    weights: NDArray[np.float64],
    precisions: NDArray[np.float64],
    *,
    variances: NDArray[np.floating],
    families: NDArray[np.str_],
) -> NDArray[np.float64]:
    """The precisions (q,) that maximise the evidence, one per family: well-determined weights / sum of squares.

    MacKay (1992), Bayesian interpolation, 4.4: well-determined = sum of (1 - precision x posterior variance).
    """
    updated = precisions.copy()
    for family in np.unique(families):
        own = families == family
        n_determined = max((1 - precisions[own] * variances[own]).sum(), 0.0)
        updated[own] = (n_determined + 1) / ((weights[own] ** 2).sum() + PRIOR_VARIANCE)
    return np.clip(updated, *PRECISION_BOUNDS)
