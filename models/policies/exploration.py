"""Choices that are partly left to chance, with the probability of each, so that effects can be learned from them.

epsilon     with probability epsilon evenly over the allowed options and nothing, otherwise the best
thompson    the best option if acceptance and effects were as drawn from their posterior (Thompson 1933)

    drawn value = value + gain * (drawn acceptance - acceptance) + spread * z,   z ~ N(0, 1)

The rate of an offer has a beta posterior. A draw of it moves the log-odds of every customer alike, because what is
uncertain is the offer's rate. Thompson sampling picks one of a fixed number of draws for each customer, so the
propensity of a choice is the share of the draws in which it is best: exact, and never 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models.policies.acceptance.rates import Acceptance
from models.policies.allocation.problem import NOTHING

N_DRAWS = 1_000
CELLS_AT_ONCE = 2**19
"Drawn values that are held together: 2 MB, which stay in the processor's cache."
MIN_RATE = 1e-7
"A drawn rate is not 0 or 1, where log-odds end."


@dataclass(frozen=True, kw_only=True)
class Uncertainty:
    """How far values may be off; arrays are (n, m) for n customers and m options."""

    acceptance: NDArray[np.float64]
    "P(accept); not read where `gain` is 0."
    gain: NDArray[np.float64]
    "What acceptance is worth, base currency; 0 where its effect was measured."
    spread: NDArray[np.float64]
    "Standard error of the value of a measured effect, base currency; 0 where nothing was measured."
    rates: tuple[Acceptance, ...]
    "(k,) of each offer, with the contacts that it is worth."
    rate_of_option: NDArray[np.int64]
    "(m,) the rate of each option: offers in several channels share theirs."


@dataclass(frozen=True)
class Choices:
    """What each customer gets, and with which probability."""

    choice: NDArray[np.int64]
    "(n,) the option, or NOTHING."
    propensity: NDArray[np.float64]
    "(n,) P(this choice), above 0."


class Exploration(Protocol):
    """Leaves choices to chance; values and what is allowed are (n, m) for n customers and m options."""

    def choose(self, values: NDArray[np.float64], *, allowed: NDArray[np.bool_]) -> Choices:
        """The choice of each customer, with its probability."""
        ...

    def probabilities(self, values: NDArray[np.float64], *, allowed: NDArray[np.bool_]) -> NDArray[np.float64]:
        """P(each choice), (n, m + 1), nothing last."""
        ...


@dataclass(frozen=True)
class EpsilonExploration:
    """A share of the choices is made evenly over the allowed options and nothing."""

    epsilon: float
    seed: int

    def choose(self, values: NDArray[np.float64], *, allowed: NDArray[np.bool_]) -> Choices:
        """The choice of each customer, with its probability."""
        return explore_epsilon(values, allowed=allowed, epsilon=self.epsilon, seed=self.seed)

    def probabilities(self, values: NDArray[np.float64], *, allowed: NDArray[np.bool_]) -> NDArray[np.float64]:
        """P(each choice), (n, m + 1), nothing last."""
        best = certain(choose_best_allowed(values, allowed=allowed), n_options=values.shape[1])
        choices = np.column_stack([allowed, np.ones(len(values), dtype=bool)])
        return self.epsilon * choices / choices.sum(axis=1, keepdims=True) + (1.0 - self.epsilon) * best


@dataclass(frozen=True)
class ThompsonExploration:
    """Each customer gets the option that is best in one draw from the posterior."""

    uncertainty: Uncertainty
    seed: int

    def choose(self, values: NDArray[np.float64], *, allowed: NDArray[np.bool_]) -> Choices:
        """The choice of each customer, with its probability."""
        return explore_thompson(values, allowed=allowed, uncertainty=self.uncertainty, seed=self.seed)

    def probabilities(self, values: NDArray[np.float64], *, allowed: NDArray[np.bool_]) -> NDArray[np.float64]:
        """P(each choice), (n, m + 1), nothing last."""
        n, m = values.shape
        draws = _Draws.of(self.uncertainty, n_draws=N_DRAWS, random=np.random.default_rng(self.seed))
        shares = np.zeros((n, m + 1))
        for rows in _chunks(n, cells_each=max(1, m * N_DRAWS)):
            best = draws.best_of(values, self.uncertainty, allowed=allowed, rows=rows)
            shares[rows] = np.stack([(best == place).mean(axis=1) for place in (*range(m), NOTHING)], axis=1)
        return shares


def certain(choice: NDArray[np.int64], *, n_options: int) -> NDArray[np.float64]:
    """P(each choice) where nothing is left to chance, (n, m + 1), nothing last."""
    return np.eye(n_options + 1)[np.where(choice == NOTHING, n_options, choice)]


def choose_best_allowed(values: NDArray[np.float64], *, allowed: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The allowed option with the highest value above 0 of (n, m), or NOTHING; the first one where several are best."""
    return _best(np.where(allowed, values, -np.inf))


def explore_epsilon(values: NDArray[np.float64], *, allowed: NDArray[np.bool_], epsilon: float, seed: int) -> Choices:
    """Leave a share of the choices to chance. `values` and `allowed` are (n, m)."""
    random, best = np.random.default_rng(seed), choose_best_allowed(values, allowed=allowed)
    n_choices = allowed.sum(axis=1) + 1
    is_chance = random.random(len(values)) < epsilon
    picks = random.integers(0, n_choices)
    choice = np.where(is_chance, _nth_allowed(allowed, picks), best)
    return Choices(choice, epsilon / n_choices + (1.0 - epsilon) * (choice == best))


def _nth_allowed(allowed: NDArray[np.bool_], picks: NDArray[np.int64]) -> NDArray[np.int64]:
    """The option of each row that comes after `picks` other allowed ones; NOTHING after the last."""
    if not allowed.shape[1]:
        return np.full(len(allowed), NOTHING)
    is_pick = allowed & (np.cumsum(allowed, axis=1) == picks[:, None] + 1)
    return np.where(is_pick.any(axis=1), is_pick.argmax(axis=1), NOTHING)


def explore_thompson(
    values: NDArray[np.float64],
    *,
    allowed: NDArray[np.bool_],
    uncertainty: Uncertainty,
    seed: int,
    n_draws: int = N_DRAWS,
) -> Choices:
    """Choose the best option of one draw from the posterior for each customer. `values` and `allowed` are (n, m).

    Values may be after prices of budgets and capacities: only their differences from a draw to another count.
    """
    random, n = np.random.default_rng(seed), len(values)
    draws = _Draws.of(uncertainty, n_draws=n_draws, random=random)
    own = random.integers(0, n_draws, n)
    choice, propensity = np.empty(n, dtype=np.int64), np.empty(n)
    for rows in _chunks(n, cells_each=max(1, values.shape[1] * n_draws)):
        best = draws.best_of(values, uncertainty, allowed=allowed, rows=rows)
        choice[rows] = best[np.arange(len(best)), own[rows]]
        propensity[rows] = (best == choice[rows, None]).mean(axis=1)
    return Choices(choice, propensity)


@dataclass(frozen=True)
class _Draws:
    """The same draws for every customer, (draws, m)."""

    odds_ratios: NDArray[np.float32]
    "Of the drawn rate to the rate."
    normals: NDArray[np.float32]

    @classmethod
    def of(cls, uncertainty: Uncertainty, *, n_draws: int, random: np.random.Generator) -> _Draws:
        means = np.clip([one.probability for one in uncertainty.rates], MIN_RATE, 1 - MIN_RATE)
        sizes = np.array([one.n_contacts for one in uncertainty.rates])
        rates = random.beta(means * sizes, (1 - means) * sizes, (n_draws, len(means))).clip(MIN_RATE, 1 - MIN_RATE)
        ratios = rates / (1 - rates) / (means / (1 - means))
        normals = random.standard_normal((n_draws, len(uncertainty.rate_of_option)))
        return cls(ratios[:, uncertainty.rate_of_option].astype(np.float32), normals.astype(np.float32))

    def best_of(
        self, values: NDArray[np.float64], uncertainty: Uncertainty, *, allowed: NDArray[np.bool_], rows: slice
    ) -> NDArray[np.int64]:
        """The best option of some customers in each draw, (rows, draws)."""
        reduced = np.where(allowed[rows], values[rows], -np.inf)
        return _best(self._draw_values(reduced, uncertainty, rows=rows))

    def _draw_values(
        self, values: NDArray[np.float64], uncertainty: Uncertainty, *, rows: slice
    ) -> NDArray[np.float32]:
        """The drawn values of some customers, (rows, draws, m); `values` are theirs."""
        accepted = uncertainty.acceptance[rows]
        gain = uncertainty.gain[rows].astype(np.float32)[:, None]
        chance = np.clip(accepted, MIN_RATE, 1 - MIN_RATE)
        odds = (chance / (1 - chance)).astype(np.float32)[:, None] * self.odds_ratios
        drawn = np.multiply(gain, odds / (1 + odds), dtype=np.float32)
        drawn += (values - uncertainty.gain[rows] * accepted).astype(np.float32)[:, None]
        if uncertainty.spread[rows].any():
            drawn += uncertainty.spread[rows].astype(np.float32)[:, None] * self.normals
        return drawn


def _best(values: NDArray[np.floating]) -> NDArray[np.int64]:
    """The place of the highest value above 0 along the last axis, or NOTHING."""
    if not values.shape[-1]:
        return np.full(values.shape[:-1], NOTHING)
    places = values.argmax(axis=-1)
    highest = np.take_along_axis(values, places[..., None], axis=-1)[..., 0]
    return np.where(highest > 0, places, NOTHING)


def _chunks(n: int, *, cells_each: int) -> Iterator[slice]:
    size = max(1, CELLS_AT_ONCE // cells_each)
    yield from (slice(start, min(start + size, n)) for start in range(0, n, size))
