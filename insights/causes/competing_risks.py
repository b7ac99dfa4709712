"""Which cause a departure is laid on: competing risks, each moved by the features that speak of its cause.

    risk of a cause       exp(level + weights x features)      one risk each; they add up to the risk of leaving
    share of a cause      its risk / all risks                 of somebody who leaves, and of somebody who may

Levels and weights are found by how often customers with such features really left, compared with those who stayed,
by expectation and maximisation over the unknown true causes (Dempster, Laird & Rubin 1977): hazards of causes add,
where a churn model adds log-odds, in which a common small grievance and a rare grave one look alike. Features that
speak of no cause, or of all, may move every risk: leavers are compared with stayers of their plan, size and tenure.
How far the weights of a family of features lie from zero is found with them (MacKay 1992, the evidence framework).

What an end itself states is heard as a witness who sometimes just says something: how often, and what, is estimated
along with the rest. Where nothing was stated at all, the features alone decide, and the shares are far less certain:
a grievance that no feature shows is then taken for the one that features show best.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from insights.causes.covariates import Covariates
from insights.causes.stated_cause_model import StatedCauseModel

N_ROUNDS = 60
CURVED_EVERY = 5
"Rounds between two looks at how the likelihood bends, and at the sizes of weights."
SETTLED = 9
"Rounds before the sizes of weights are asked for: before, all weights are still near zero."
PRECISION, PRECISIONS = 30.0, (1.0, 3_000.0)
"One over the variance of weights: before anything is seen, and between which bounds it is kept."
SEEN_VARIANCE = 1 / 300
"Of a family's weights, as if one more weight of such variance had been seen."
LONGEST_STEP = 1.0
LOG_RISK = (-16.0, 1.0)
"Between which log risks a month are kept."


@dataclass(frozen=True)
class CauseHazards:
    """The risks of leaving for each cause; in the order of the causes."""

    weights: np.ndarray
    "(causes, p + 1): log risk a month of usual features, then what each design column adds to it."
    precisions: np.ndarray
    "(causes, p + 1) of the weights; the level is free."
    witness: StatedCauseModel

    @classmethod
    def fitted(cls, lived: Covariates, left: np.ndarray, stated: np.ndarray) -> Self:
        """From person-months: what was lived, who left (n,) bool, the stated cause's place (n,), -1 for none."""
        found = cls.usual(lived, left)
        curved = [np.empty((0, 0))] * len(found.weights)
        for round_ in range(N_ROUNDS):
            risks = found.risks(lived)
            blamed = found.witness.weighed(_shares(risks[left]), stated[left])
            if round_ % CURVED_EVERY == 0:
                found, curved = found.sized(lived, risks, settled=round_ >= SETTLED)
            excess = -risks
            excess[left] += blamed
            weights = found.stepped(lived, excess, curved)
            found = replace(found, weights=weights, witness=found.witness.heard(blamed, stated[left]))
        return found

    @classmethod
    def usual(cls, lived: Covariates, left: np.ndarray) -> Self:
        """What is thought before anything is seen: as many leave as do, for each cause alike."""
        n_causes, p = lived.moves.shape
        weights, precisions = np.zeros((n_causes, p + 1)), np.full((n_causes, p + 1), PRECISION)
        weights[:, 0] = np.log(max(left.mean(), 1e-7) / n_causes)
        precisions[:, 0] = 1e-6
        return cls(weights, precisions, StatedCauseModel.usual(n_causes))

    def risks(self, lived: Covariates) -> np.ndarray:
        """(n, causes) risk a month of leaving for each cause."""
        return np.exp(np.clip(self.weights[:, 0] + lived.values @ self.weights[:, 1:].T, *LOG_RISK))

    def shares(self, lived: Covariates) -> np.ndarray:
        """(n, causes) of the risk of leaving, before anything is stated; rows sum to 1."""
        return _shares(self.risks(lived))

    def posterior(self, lived: Covariates, stated: np.ndarray) -> np.ndarray:
        """(n, causes) probability that each was the true cause of a departure, given what was stated; sum to 1."""
        return self.witness.weighed(self.shares(lived), stated)

    def stepped(self, lived: Covariates, excess: np.ndarray, curved: list[np.ndarray]) -> np.ndarray:
        """The weights after a Newton step; `excess` (n, causes) is what is laid on each month beyond its risk."""
        gradients = np.column_stack([excess.sum(axis=0), excess.T @ lived.values]) - self.precisions * self.weights
        weights = self.weights.copy()
        for cause, moved in enumerate(_moved(lived)):
            step = curved[cause] @ gradients[cause, moved]
            weights[cause, moved] += step / max(1.0, np.abs(step).max() / LONGEST_STEP)
        return weights

    def sized(self, lived: Covariates, risks: np.ndarray, settled: bool) -> tuple[Self, list[np.ndarray]]:
        """The same with the sizes of weights that their families show, and the inverse curvature of each cause."""
        precisions, curved = self.precisions.copy(), []
        for cause, moved in enumerate(_moved(lived)):
            information = _information(lived.values[:, lived.moves[cause]], risks[:, cause])
            inverse = np.linalg.inv(information + np.diag(precisions[cause, moved]))
            if settled:
                families = lived.families[lived.moves[cause]]
                spread = np.diag(inverse)[1:]
                own = moved[1:]
                precisions[cause, own] = _evident(self.weights[cause, own], precisions[cause, own], spread, families)
                inverse = np.linalg.inv(information + np.diag(precisions[cause, moved]))
            curved.append(inverse)
        return replace(self, precisions=precisions), curved


def _shares(risks: np.ndarray) -> np.ndarray:
    return risks / risks.sum(axis=1, keepdims=True)


def _moved(lived: Covariates) -> list[np.ndarray]:
    """Of each cause the places of the weights that may differ from zero, the level's first."""
    return [np.append(0, 1 + np.flatnonzero(moves)) for moves in lived.moves]


def _information(values: np.ndarray, risk: np.ndarray) -> np.ndarray:
    """(q + 1, q + 1) how sharply Poisson counts at these risks (n,) speak of the level and the weights."""
    weighed = values * risk[:, None]
    sums = weighed.sum(axis=0)
    return np.block([[np.array([[risk.sum()]]), sums[None, :]], [sums[:, None], values.T @ weighed]])


def _evident(weights: np.ndarray, precisions: np.ndarray, spread: np.ndarray, families: np.ndarray) -> np.ndarray:
    """(q,) the precisions under which each family's weights are likeliest: how many of them are known, by their size.

    MacKay (1992), Bayesian interpolation, 4.4: known = sum of (1 - precision x posterior variance).
    """
    found = precisions.copy()
    for family in np.unique(families):
        own = families == family
        n_known = max((1 - precisions[own] * spread[own]).sum(), 0.0)
        found[own] = (n_known + 1) / ((weights[own] ** 2).sum() + SEEN_VARIANCE)
    return np.clip(found, *PRECISIONS)
