"""Logged propensities are the frequencies of the choices, and IPS with them is unbiased."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.policies.acceptance.rates import Acceptance
from models.policies.allocation.problem import NOTHING
from models.policies.exploration import (
    Choices,
    EpsilonExploration,
    ThompsonExploration,
    Uncertainty,
    choose_best_allowed,
    explore_epsilon,
    explore_thompson,
)

MARGINS = np.array([10.0, 12.0, 30.0])
RATES = np.array([0.10, 0.08, 0.03])
COSTS = np.array([0.5, 0.4, 0.3])
N = 20_000


def uncertainty(n: int, *, n_contacts: float = 40.0, spread: float = 0.0) -> Uncertainty:
    return Uncertainty(
        acceptance=np.tile(RATES, (n, 1)),
        gain=np.tile(np.where(spread, 0.0, MARGINS), (n, 1)),
        spread=np.full((n, 3), spread),
        rates=tuple(Acceptance(rate, "contacts", n_contacts) for rate in RATES),
        rate_of_option=np.arange(3),
    )


def choose(policy: str, values: np.ndarray, *, allowed: np.ndarray, seed: int = 0, **changes: float) -> Choices:
    if policy == "epsilon":
        return explore_epsilon(values, allowed=allowed, epsilon=0.3, seed=seed)
    return explore_thompson(
        values, allowed=allowed, uncertainty=uncertainty(len(values), **changes), seed=seed, n_draws=400
    )


def alike(n: int = N) -> tuple[np.ndarray, np.ndarray]:
    """Customers who are all the same, so that frequencies over them are probabilities."""
    return np.tile(RATES * MARGINS - COSTS, (n, 1)), np.ones((n, 3), dtype=bool)


@pytest.mark.parametrize("policy", ["epsilon", "thompson"])
def test_a_propensity_is_the_frequency_of_the_choice(policy: str):
    values, allowed = alike()

    chosen = choose(policy, values, allowed=allowed)

    for option in (NOTHING, 0, 1, 2):
        frequency = (chosen.choice == option).mean()
        propensities = chosen.propensity[chosen.choice == option]
        assert np.ptp(propensities) < 1e-12
        assert propensities[0] == pytest.approx(frequency, abs=4 * np.sqrt(0.25 / N))


@pytest.mark.parametrize("spread", [0.0, 30.0])
@pytest.mark.parametrize("policy", ["epsilon", "thompson"])
def test_the_probability_of_a_choice_is_its_propensity(policy: str, spread: float):
    values, allowed = alike(60)
    allowed[::3, 1] = False
    exploration = (
        EpsilonExploration(0.3, 4) if policy == "epsilon" else ThompsonExploration(uncertainty(60, spread=spread), 4)
    )

    probabilities, chosen = (
        method(values, allowed=allowed) for method in (exploration.probabilities, exploration.choose)
    )

    assert isinstance(probabilities, np.ndarray)
    assert isinstance(chosen, Choices)
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(60))
    assert (probabilities[::3, 1] == 0).all()
    assert probabilities[np.arange(60), chosen.choice] == pytest.approx(chosen.propensity)


@pytest.mark.parametrize("policy", ["epsilon", "thompson"])
def test_inverse_propensities_estimate_another_policy_without_bias(policy: str):
    values, allowed = alike()
    rewards = np.array([1.0, 2.0, 5.0, 0.3])  # the last is that of nothing

    chosen = choose(policy, values, allowed=allowed, seed=3)

    for option in (NOTHING, 0, 1, 2):
        weights = (chosen.choice == option) / chosen.propensity
        estimate, error = np.mean(weights * rewards[option]), np.std(weights * rewards[option]) / np.sqrt(N)
        assert abs(estimate - rewards[option]) < 4 * error


@given(
    values=arrays(np.float64, (6, 3), elements=st.floats(-5, 5)),
    allowed=arrays(np.bool_, (6, 3)),
    policy=st.sampled_from(["epsilon", "thompson"]),
    seed=st.integers(0, 9),
)
@settings(max_examples=60, deadline=None)
def test_only_allowed_options_are_chosen_and_their_propensity_is_never_0(values, allowed, policy, seed):
    chosen = choose(policy, values, allowed=allowed, seed=seed)

    contacts = chosen.choice != NOTHING
    assert allowed[contacts, chosen.choice[contacts]].all()
    assert ((chosen.propensity > 0) & (chosen.propensity <= 1 + 1e-12)).all()


def test_thompson_sampling_is_sure_of_what_many_contacts_show():
    values, allowed = alike(200)

    sure = choose("thompson", values, allowed=allowed, n_contacts=1e9)

    assert (sure.choice == choose_best_allowed(values, allowed=allowed)).all()
    assert (sure.propensity == 1).all()


def test_measured_effects_are_drawn_around_their_value():
    values, allowed = np.tile([1.0, 0.0, -5.0], (N, 1)), np.ones((N, 3), dtype=bool)

    chosen = choose("thompson", values, allowed=allowed, spread=1.0)

    # P(N(1, 1) is above N(0, 1), N(-5, 1) and 0), by simulation
    draws = np.random.default_rng(1).normal([1.0, 0.0, -5.0], 1.0, (400_000, 3))
    expected = ((draws.argmax(axis=1) == 0) & (draws.max(axis=1) > 0)).mean()
    assert (chosen.choice == 0).mean() == pytest.approx(expected, abs=0.08)


def test_the_same_seed_makes_the_same_choices():
    values, allowed = alike(300)

    first, again, other = (choose("thompson", values, allowed=allowed, seed=seed) for seed in (1, 1, 2))

    assert first.choice.tolist() == again.choice.tolist()
    assert first.choice.tolist() != other.choice.tolist()


def test_chance_may_choose_an_option_that_does_not_pay_and_never_one_that_is_not_allowed():
    values, allowed = np.tile([-1.0, -2.0, 3.0], (3_000, 1)), np.tile([True, False, True], (3_000, 1))

    chosen = choose("epsilon", values, allowed=allowed)

    assert np.unique(chosen.choice).tolist() == [NOTHING, 0, 2]


def test_without_options_nothing_is_chosen_for_sure():
    nothing = explore_epsilon(np.empty((2, 0)), allowed=np.empty((2, 0), dtype=bool), epsilon=0.2, seed=0)

    assert (nothing.choice.tolist(), nothing.propensity.tolist()) == ([NOTHING] * 2, [1.0] * 2)
