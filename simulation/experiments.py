"""Randomised experiments with known individual effects, to test uplift models and targeting rules.

world           which customers the contact changes
flag            those who once bought from a certain category
proportional    every customer by the same share: likely ones most
smooth          the more, the more recently they bought
interaction     those of a category who are also recent
harm            half are persuaded, the other half are put off (sleeping dogs)
alike           every customer by the same amount
none            no customer
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from core.experiments import RandomisedRows
from core.feature_names import FeatureFamily
from core.feature_table import FeatureColumn, FeatureTable

WORLDS = ("flag", "proportional", "smooth", "interaction", "harm", "alike", "none")
N_NUMBERS, N_FLAGS = 4, 3
CHANNELS = ("mail", "phone", "shop")
CUTOFF = np.datetime64("2026-01-01", "D")


@dataclass(frozen=True)
class SimulatedExperiment:
    """An experiment with one treatment, and what no company can observe."""

    features: FeatureTable
    rows: RandomisedRows
    effects: NDArray[np.float64]
    "(n,) the true effect of the treatment on each customer's expected outcome."
    without: NDArray[np.float64]
    "(n,) the true expected outcome without treatment."

    def take(self, rows: NDArray[np.bool_]) -> SimulatedExperiment:
        """The customers that a mask selects."""
        return SimulatedExperiment(
            self.features.take(rows), self.rows.take(rows), self.effects[rows], self.without[rows]
        )

    def share_of_best(self, score: NDArray[np.float64]) -> float:
        """What a ranking gains over chance as a share of what the best one gains; NaN where all effects are equal."""
        best = gain_over_random(self.effects, self.effects)
        return gain_over_random(score, self.effects) / best if best > 1e-12 else float("nan")


def gain_over_random(score: NDArray[np.float64], effects: NDArray[np.float64]) -> float:
    """The mean effect per customer of treating from the highest score down, over that of treating at random."""
    ranks = np.empty(len(score))
    ranks[np.lexsort((np.arange(len(score)), -score))] = (np.arange(len(score)) + 0.5) / len(score)
    return float(np.mean(effects * (0.5 - ranks)))


def simulate_experiment(
    world: str, *, n: int, base_rate: float = 0.1, strength: float = 0.05, propensity: float = 0.5, seed: int = 0
) -> SimulatedExperiment:
    """An experiment on n customers; `strength` is about the spread of effects, in outcomes per customer."""
    random = np.random.default_rng(seed)
    features = _features(n, random)
    without = np.clip(expit(np.log(base_rate / (1 - base_rate)) + _tendency(features.values, random)), 0.005, 0.9)
    effects = _effects(world, features.values, without=without, strength=strength)
    effects = np.clip(effects, -without, 1.0 - without)
    treated = random.random(n) < propensity
    outcomes = random.random(n) < without + treated * effects
    rows = RandomisedRows(
        customer_ids=features.customer_ids,
        treated=treated,
        outcomes=outcomes.astype(np.float64),
        propensities=np.full(n, propensity),
    )
    return SimulatedExperiment(features, rows, effects, without)


def _features(n: int, random: np.random.Generator) -> FeatureTable:
    numbers = random.gamma(1.5, 1.0, (n, N_NUMBERS))
    flags = random.random((n, N_FLAGS)) < np.array([0.5, 0.4, 0.2])
    values = np.column_stack([numbers, flags, random.integers(0, len(CHANNELS), n)]).astype(np.float64)
    names = [*(f"number_{i}" for i in range(N_NUMBERS)), *(f"flag_{i}" for i in range(N_FLAGS)), "channel"]
    columns = tuple(_column(name, CHANNELS if name == "channel" else None) for name in names)
    return FeatureTable(np.array([f"c{i:07d}" for i in range(n)]), np.full(n, CUTOFF), values, columns)


def _column(name: str, vocabulary: tuple[str, ...] | None) -> FeatureColumn:
    return FeatureColumn(
        name=name,
        family=FeatureFamily.SPEND,
        unit="",
        en=name,
        ja=name,
        missing="never",
        digest=name,
        vocabulary=vocabulary,
    )


def _tendency(values: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float64]:
    """Log-odds without treatment, around 0: each feature has its own random weight."""
    scaled = (values - values.mean(axis=0)) / values.std(axis=0)
    return scaled @ random.normal(0.0, 0.25, values.shape[1])


def _effects(
    world: str, values: NDArray[np.float64], *, without: NDArray[np.float64], strength: float
) -> NDArray[np.float64]:
    recent, flag = np.exp(-values[:, 0]), values[:, N_NUMBERS]
    shapes = {
        "flag": 1.5 * flag,
        "proportional": without / without.mean(),
        "smooth": 2.5 * recent,
        "interaction": 4.0 * flag * (values[:, 0] < np.median(values[:, 0])),
        "harm": 2.0 * (flag - 0.5),
        "alike": np.ones(len(values)),
        "none": np.zeros(len(values)),
    }
    return strength * shapes[world]
