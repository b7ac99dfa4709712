"""Which cause a departure is laid on: competing risks behind the contributions of the churn model.

    score of a cause      contributions of its features to the log-odds, less those of comparable stayers
    risk of a cause       exp(level + slope x score)           one risk each; they add up to the risk of leaving
    share of a cause      its risk / all risks                 of somebody who leaves, and of somebody who may

A model that adds up log-odds cannot say itself how much of the departures each cause makes: a common small grievance
and a rare grave one add alike. So levels and slopes are found by how often customers with such scores really left,
compared with those who stayed, by expectation and maximisation over the unknown true causes (Dempster, Laird &
Rubin 1977). What an end itself states is heard as a witness who sometimes just says something: how often, and
what, is estimated along with the rest. Where nothing was stated at all, the scores alone decide, and the shares are
far less certain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

N_ROUNDS = 60
NEWTON_STEPS = 3
USUAL_SLOPE, SLOPE_CERTAINTY = 0.5, 1.0
"Where a slope lies before anything is seen, and how many units of information that counts as."
CARELESSNESS, WITNESS_COUNT = 0.2, 20.0
"Before anything is seen, so large a share just says something, as if so many customers had shown it."
LOG_RISK = (-16.0, 1.0)
"Between which log risks a month are kept."
NOT_STATED = -1


@dataclass(frozen=True)
class Witness:
    """How what is stated follows from what is true: it is the truth, or else one and the same careless answer."""

    carelessness: float
    "Share of the statements that do not depend on the true cause, 0 to 1."
    careless_words: np.ndarray
    "(causes,) what is then stated; sums to 1."

    @classmethod
    def usual(cls, n_causes: int) -> Self:
        """What is thought before anything is seen."""
        return cls(CARELESSNESS, np.full(n_causes, 1 / n_causes))

    @property
    def statements(self) -> np.ndarray:
        """(causes, causes) P(stated | true cause); rows are true causes."""
        honest = (1 - self.carelessness) * np.eye(len(self.careless_words))
        return honest + self.carelessness * self.careless_words

    def heard(self, blamed: np.ndarray, stated: np.ndarray) -> Self:
        """The witness that makes what was stated likeliest, given how departures are laid on causes (n, causes)."""
        said = np.flatnonzero(stated != NOT_STATED)
        agreeing = blamed[said, stated[said]]
        by_chance = self.carelessness * self.careless_words[stated[said]]
        careless = 1 - agreeing * (1 - self.carelessness) / (1 - self.carelessness + by_chance)
        words = np.bincount(stated[said], careless, len(self.careless_words)) + 1
        share = (careless.sum() + WITNESS_COUNT * CARELESSNESS) / (len(said) + WITNESS_COUNT)
        return type(self)(float(share), words / words.sum())


@dataclass(frozen=True)
class CompetingCauses:
    """The risks of leaving for each cause, given its score; in the order of the causes."""

    levels: np.ndarray
    "(causes,) log risk a month at a score of 0."
    slopes: np.ndarray
    "(causes,) of the scaled scores, at least 0."
    centres: np.ndarray
    scales: np.ndarray
    "(causes,) by which scores are brought to one size."
    witness: Witness

    @classmethod
    def fitted(cls, scores: np.ndarray, left: np.ndarray, stated: np.ndarray) -> Self:
        """From person-months: scores (n, causes), who left (n,) bool, the stated cause's place (n,), -1 for none."""
        centres, scales = np.median(scores, axis=0), np.maximum(scores.std(axis=0), 1e-9)
        scaled = _scaled(scores, centres, scales)
        n_causes = scores.shape[1]
        rate = max(left.mean(), 1e-9)
        levels, slopes = np.full(n_causes, np.log(rate / n_causes)), np.full(n_causes, USUAL_SLOPE)
        found = cls(levels, slopes, centres, scales, Witness.usual(n_causes))
        for _ in range(N_ROUNDS):
            blamed = found.laid_on(scores[left], stated[left])
            levels, slopes = _refitted(scaled, left, blamed, found.levels, found.slopes)
            found = cls(levels, slopes, centres, scales, found.witness.heard(blamed, stated[left]))
        return found

    def risks(self, scores: np.ndarray) -> np.ndarray:
        """(n, causes) risk a month of leaving for each cause."""
        scaled = _scaled(scores, self.centres, self.scales)
        return np.exp(np.clip(self.levels + self.slopes * scaled, *LOG_RISK))

    def shares(self, scores: np.ndarray) -> np.ndarray:
        """(n, causes) of the risk of leaving, before anything is stated; rows sum to 1."""
        risks = self.risks(scores)
        return risks / risks.sum(axis=1, keepdims=True)

    def laid_on(self, scores: np.ndarray, stated: np.ndarray) -> np.ndarray:
        """(n, causes) probability that each was the true cause of a departure, given what was stated; sum to 1."""
        blamed = self.shares(scores)
        said = stated != NOT_STATED
        blamed[said] *= self.witness.statements[:, stated[said]].T
        return blamed / blamed.sum(axis=1, keepdims=True)


def _scaled(scores: np.ndarray, centres: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """Scores in deviations, without extremes that one customer alone would decide by."""
    return np.clip((scores - centres) / scales, -4, 6)


def _refitted(
    scaled: np.ndarray, left: np.ndarray, blamed: np.ndarray, levels: np.ndarray, slopes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Levels and slopes of the likeliest Poisson rates, given how much of each departure is laid on each cause."""
    levels, slopes = levels.copy(), slopes.copy()
    for cause in range(scaled.shape[1]):
        score = scaled[:, cause]
        n_left, scores_left = blamed[:, cause].sum(), blamed[:, cause] @ score[left]
        for _ in range(NEWTON_STEPS):
            risk = np.exp(np.clip(levels[cause] + slopes[cause] * score, *LOG_RISK))
            gradient = np.array(
                [n_left - risk.sum(), scores_left - risk @ score - SLOPE_CERTAINTY * (slopes[cause] - USUAL_SLOPE)]
            )
            cross, spread = risk @ score, risk @ score**2 + SLOPE_CERTAINTY
            curvature = np.array([[risk.sum(), cross], [cross, spread]])
            step = np.clip(np.linalg.solve(curvature, gradient), -1, 1)
            levels[cause] += step[0]
            slopes[cause] = max(0.0, slopes[cause] + step[1])
    return levels, slopes
