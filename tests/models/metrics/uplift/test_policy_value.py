"""Estimates of what another policy earns: against tables computed by hand and worlds with known values."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import DataError
from models.metrics.uplift.policy_value import LoggedDecisions, estimate_policy_value


def decisions(**changes: list[float]) -> LoggedDecisions:
    """Four decisions: the first two took an action with probability .5, the others one with .25."""
    columns = {
        "rewards": [1, 0, 1, 0],
        "propensities": [0.5, 0.5, 0.25, 0.25],
        "target": [1, 1, 0, 0],
        "predicted": [0, 0, 0, 0],
        "predicted_by_target": [0, 0, 0, 0],
    }
    arrays = {name: np.array(values, np.float64) for name, values in (columns | changes).items()}
    return LoggedDecisions(customer_ids=np.array(list("abcd")), **arrays)


def test_the_estimates_are_those_of_a_table_computed_by_hand():
    values = estimate_policy_value(decisions(), n_resamples=10)

    assert values["ips"].value == pytest.approx((2 * 1 + 2 * 0) / 4)
    assert values["snips"].value == pytest.approx(2 / 4)
    assert values["doubly_robust"].value == pytest.approx(values["ips"].value)


def test_the_doubly_robust_estimate_adds_what_the_model_missed():
    values = estimate_policy_value(
        decisions(predicted=[0.6, 0.6, 0.1, 0.1], predicted_by_target=[0.6, 0.6, 0.6, 0.6]), n_resamples=10
    )

    assert values["doubly_robust"].value == pytest.approx(0.6 + (2 * (1 - 0.6) + 2 * (0 - 0.6)) / 4)


def test_the_effective_size_is_the_number_of_decisions_that_the_policy_would_have_made():
    assert decisions().effective_size == pytest.approx(2)
    assert decisions(target=[0, 0, 0, 0]).effective_size == 0


@pytest.mark.parametrize("propensity", [0.0, -0.5, 1.1])
def test_a_propensity_of_zero_or_above_one_is_refused(propensity: float):
    with pytest.raises(DataError, match=r"customer 'b' \(row 1\); leave such"):
        decisions(propensities=[0.5, propensity, 0.25, 0.25])


def simulate_log(n: int, *, seed: int, model_error: float) -> tuple[LoggedDecisions, float]:
    """Two actions whose reward depends on the customer; the log tosses a coin, the new policy knows the better one."""
    random = np.random.default_rng(seed)
    trait = random.random(n) < 0.5
    action = random.random(n) < 0.3
    probability = np.where(action == trait, 0.4, 0.1)
    rewards = (random.random(n) < probability).astype(np.float64)
    return LoggedDecisions(
        customer_ids=np.arange(n).astype(str),
        rewards=rewards,
        propensities=np.where(action, 0.3, 0.7),
        target=(action == trait).astype(np.float64),
        predicted=probability + model_error,
        predicted_by_target=np.full(n, 0.4 + model_error),
    ), 0.4


@pytest.mark.parametrize("model_error", [0.0, 0.3])
def test_every_interval_covers_the_known_value_even_where_the_model_is_wrong(model_error: float):
    covered = {"ips": 0, "snips": 0, "doubly_robust": 0}
    for seed in range(40):
        logged, value = simulate_log(800, seed=seed, model_error=model_error)
        for name, estimate in estimate_policy_value(logged, n_resamples=100, seed=seed).items():
            covered[name] += estimate.low <= value <= estimate.high

    assert min(covered.values()) >= 30


def test_a_good_model_narrows_the_interval():
    logged, _ = simulate_log(2000, seed=5, model_error=0.0)
    values = estimate_policy_value(logged, n_resamples=200)

    widths = {name: one.high - one.low for name, one in values.items()}

    assert widths["doubly_robust"] < 0.9 * widths["ips"]
