"""What a new policy would earn, against what it earns in a world where that is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.errors import BadInput, DataError, NotEnoughHistory
from core.feature_names import FeatureFamily
from core.feature_table import FeatureColumn
from models.policies.allocation.problem import NOTHING
from models.policies.exploration import choose_best_allowed, explore_epsilon
from models.policies.off_policy import DecisionLog, evaluate_policy, predict_rewards

COLUMN = FeatureColumn(
    name="orders", family=FeatureFamily.FREQUENCY, unit="", en="orders", ja="orders", missing="-", digest="orders"
)
ESTIMATORS = ("ips", "snips", "doubly_robust")


def mean_rewards(orders: np.ndarray) -> np.ndarray:
    """Of tea, coffee and nothing for each customer: tea suits those who order much, coffee the others."""
    return np.column_stack([1.0 + orders, 1.0 - orders, np.zeros(len(orders))])


def simulate_log(n: int = 4_000, *, epsilon: float = 0.5, seed: int = 0) -> tuple[DecisionLog, np.ndarray]:
    """Decisions of a policy that believes in coffee, left to chance by half, and the true mean rewards."""
    random = np.random.default_rng(seed)
    orders = random.normal(size=n)
    chosen = explore_epsilon(
        np.tile([0.1, 0.5], (n, 1)), allowed=np.ones((n, 2), dtype=bool), epsilon=epsilon, seed=seed
    )
    truth = mean_rewards(orders)
    places = np.where(chosen.choice == NOTHING, 2, chosen.choice)
    log = DecisionLog(
        customer_ids=np.array([f"c{place}" for place in range(n)]),
        context=orders[:, None],
        columns=(COLUMN,),
        options=("tea", "coffee"),
        choice=chosen.choice,
        propensities=chosen.propensity,
        rewards=truth[np.arange(n), places] + random.normal(0, 0.5, n),
    )
    return log, truth


def best_for_each(log: DecisionLog) -> np.ndarray:
    """The policy that knows the rewards, as probabilities."""
    values = mean_rewards(log.context[:, 0])[:, :2]
    choice = choose_best_allowed(values, allowed=np.ones(values.shape, dtype=bool))
    return np.eye(3)[np.where(choice == NOTHING, 2, choice)]


def always(log: DecisionLog, place: int) -> np.ndarray:
    return np.tile(np.eye(3)[place], (len(log), 1))


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_the_value_of_a_better_policy_is_estimated(estimator: str):
    log, truth = simulate_log()
    target = best_for_each(log)

    estimate = evaluate_policy(log, target, n_resamples=100).by_estimator[estimator]

    value = float((truth * target).sum(axis=1).mean())
    assert estimate.low - 0.05 < value < estimate.high + 0.05
    assert estimate.value == pytest.approx(value, abs=0.12)


def test_estimates_are_right_on_average_over_many_logs():
    errors = []
    for seed in range(12):
        log, truth = simulate_log(1_000, seed=seed)
        target = best_for_each(log)
        estimates = evaluate_policy(log, target, n_resamples=2).by_estimator
        errors.append([estimates[name].value - (truth * target).sum(axis=1).mean() for name in ESTIMATORS])

    means, spreads = np.mean(errors, axis=0), np.std(errors, axis=0, ddof=1)
    assert (np.abs(means) < 3.5 * spreads / np.sqrt(12)).all()


def test_the_policy_that_made_the_log_has_the_value_of_the_log():
    log, _ = simulate_log(epsilon=1.0)

    evaluation = evaluate_policy(log, np.full((len(log), 3), 1 / 3), n_resamples=50)

    assert evaluation.by_estimator["ips"].value == pytest.approx(evaluation.logged.value)
    assert evaluation.effective_size == pytest.approx(len(log))


def test_an_option_that_was_never_tried_is_refused():
    log, _ = simulate_log()
    kept = log.choice != 0
    arrays = ("customer_ids", "context", "choice", "propensities", "rewards")
    without_tea = replace(log, **{name: getattr(log, name)[kept] for name in arrays})

    with pytest.raises(NotEnoughHistory, match="would choose tea for 100% of the customers, and the log never did"):
        evaluate_policy(without_tea, always(without_tea, 0))


def test_a_log_without_chance_says_nothing_about_other_decisions():
    log, truth = simulate_log()
    certain = best_for_each(log)
    places = certain.argmax(axis=1)
    sure = replace(
        log,
        choice=np.where(places == 2, NOTHING, places),
        propensities=np.ones(len(log)),
        rewards=truth[np.arange(len(log)), places],
    )

    with pytest.raises(NotEnoughHistory, match="had a chance of making 49% of the new policy's decisions"):
        evaluate_policy(sure, always(sure, 0))
    # Of its own decisions it knows everything.
    assert evaluate_policy(sure, certain, n_resamples=2).by_estimator["ips"].value == pytest.approx(sure.rewards.mean())


def test_a_log_with_hardly_any_chance_is_too_short():
    log, _ = simulate_log(2_000, epsilon=0.02)

    with pytest.raises(NotEnoughHistory, match="2,000 logged decisions are worth"):
        evaluate_policy(log, always(log, 0))


def test_impossible_input_is_refused():
    log, _ = simulate_log(200)

    with pytest.raises(BadInput, match="they sum to 1"):
        evaluate_policy(log, np.full((200, 3), 0.5))
    with pytest.raises(DataError, match="propensities are not above 0"):
        evaluate_policy(replace(log, propensities=np.zeros(200)), always(log, 0))


def test_rewards_that_are_all_the_same_need_no_model():
    log, _ = simulate_log(500)

    values = evaluate_policy(replace(log, rewards=np.ones(500)), always(log, 1), n_resamples=2).by_estimator

    assert values["snips"].value == values["doubly_robust"].value == pytest.approx(1.0)


def test_no_customer_is_predicted_from_their_own_reward():
    log, _ = simulate_log(100)
    other = replace(log, rewards=np.where(np.arange(100) == 7, 1e6, log.rewards))

    before, after = predict_rewards(log, seed=0), predict_rewards(other, seed=0)

    assert after[7].tolist() == before[7].tolist()
    assert np.abs(after - before).max() > 1_000
