"""A noise model of stated causes: how often customers state something other than the true cause."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

PRIOR_NOISE_RATE, PRIOR_COUNT = 0.2, 20.0
"The prior noise rate, with the weight of this many statements."
NOT_STATED = -1


@dataclass(frozen=True)
class StatedCauseModel:
    """A stated cause is the true one, or noise drawn from one distribution for all customers."""

    noise_rate: float
    "Share of statements that do not depend on the true cause, 0 to 1."
    noise_distribution: NDArray[np.float64]
    "(causes,) distribution of noisy statements; sums to 1."

    @classmethod
    def prior(cls, n_causes: int) -> Self:
        """The starting point: the prior noise rate and a uniform distribution."""
        return cls(PRIOR_NOISE_RATE, np.full(n_causes, 1 / n_causes))

    @property
    def confusion_matrix(self) -> NDArray[np.float64]:
        """P(stated | true cause), (causes, causes); rows are true causes."""
        truthful = (1 - self.noise_rate) * np.eye(len(self.noise_distribution))
        return truthful + self.noise_rate * self.noise_distribution

    def weigh(self, shares: NDArray[np.float64], stated_causes: NDArray[np.int64]) -> NDArray[np.float64]:
        """Update shares (n, causes) by the stated causes (n,), by Bayes' rule; rows sum to 1."""
        posterior, is_stated = shares.copy(), stated_causes != NOT_STATED
        posterior[is_stated] *= self.confusion_matrix[:, stated_causes[is_stated]].T
        return posterior / posterior.sum(axis=1, keepdims=True)

    def update(self, responsibilities: NDArray[np.float64], stated_causes: NDArray[np.int64]) -> Self:
        """The maximum a posteriori model, given the responsibilities (n, causes) of the stated causes (n,)."""
        rows = np.flatnonzero(stated_causes != NOT_STATED)
        agreement = responsibilities[rows, stated_causes[rows]]
        by_chance = self.noise_rate * self.noise_distribution[stated_causes[rows]]
        noise = 1 - agreement * (1 - self.noise_rate) / (1 - self.noise_rate + by_chance)
        counts = np.bincount(stated_causes[rows], noise, len(self.noise_distribution)) + 1.0
        rate = (noise.sum() + PRIOR_COUNT * PRIOR_NOISE_RATE) / (len(rows) + PRIOR_COUNT)
        return type(self)(float(rate), counts / counts.sum())
