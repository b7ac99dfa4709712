"""How far what customers state about their leaving is to be believed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

CARELESSNESS, WITNESS_COUNT = 0.2, 20.0
"Before anything is seen, so large a share just says something, as if so many customers had shown it."
NOT_STATED = -1


@dataclass(frozen=True)
class StatedCauseModel:
    """How what is stated follows from what is true: it is the truth, or else one and the same careless answer."""

    noise_rate: float
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
        honest = (1 - self.noise_rate) * np.eye(len(self.careless_words))
        return honest + self.noise_rate * self.careless_words

    def weighed(self, shares: np.ndarray, stated: np.ndarray) -> np.ndarray:
        """Shares (n, causes) after hearing what was stated, by Bayes; rows sum to 1."""
        weighed, said = shares.copy(), stated != NOT_STATED
        weighed[said] *= self.statements[:, stated[said]].T
        return weighed / weighed.sum(axis=1, keepdims=True)

    def heard(self, blamed: np.ndarray, stated: np.ndarray) -> Self:
        """The witness that makes what was stated likeliest, given how departures are laid on causes (n, causes)."""
        said = np.flatnonzero(stated != NOT_STATED)
        agreeing = blamed[said, stated[said]]
        by_chance = self.noise_rate * self.careless_words[stated[said]]
        careless = 1 - agreeing * (1 - self.noise_rate) / (1 - self.noise_rate + by_chance)
        words = np.bincount(stated[said], careless, len(self.careless_words)) + 1.0
        share = (careless.sum() + WITNESS_COUNT * CARELESSNESS) / (len(said) + WITNESS_COUNT)
        return type(self)(float(share), words / words.sum())
