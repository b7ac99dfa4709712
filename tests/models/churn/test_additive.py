"""The 90 % interval of a score contains the true probability as often as it claims."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from core.errors import BadInput
from core.scores import Scores
from models.churn.additive import bounds
from models.churn.logistic import Logistic
from tests.models.churn.worlds import HORIZON_DAYS, customers, learnable, outcomes_of


def bounds_of(scores: Scores) -> tuple[np.ndarray, np.ndarray]:
    assert scores.low is not None
    assert scores.high is not None
    return scores.low, scores.high


def share_of_truths_within(seed: int) -> float:
    """On data where log-odds are linear in the feature, so that logistic regression can be right."""
    features = customers(1500, seed)
    shoe_size = features.column("shoe_size")
    truth = expit(-0.5 + 0.3 * (shoe_size - 40))
    churned = np.random.default_rng(seed + 1000).random(1500) < truth
    model = Logistic(n_resamples=30, regularization=1.0).fit(features.select(["shoe_size"]), outcomes_of(churned))

    scores = model.score(features, HORIZON_DAYS)

    low, high = bounds_of(scores)
    return float(np.mean((low <= truth) & (truth <= high)))


def test_nine_of_ten_true_probabilities_are_within_the_interval():
    assert np.mean([share_of_truths_within(seed) for seed in range(30)]) == pytest.approx(0.9, abs=0.06)


def test_more_customers_give_narrower_intervals():
    features, _ = learnable(100, seed=9)
    few, many = (
        bounds_of(Logistic(n_resamples=10).fit(*learnable(n)).score(features, HORIZON_DAYS)) for n in (300, 3000)
    )

    assert np.mean(many[1] - many[0]) < 0.6 * np.mean(few[1] - few[0])


def test_intervals_of_many_customers_come_from_small_samples_and_are_as_narrow_as_those_of_all():
    features, outcomes = learnable(100_000)
    few, many = (
        bounds_of(Logistic(n_resamples=30, regularization=1.0).fit(*rows).score(features.take(np.arange(500)), 30))
        for rows in ((features.take(np.arange(10_000)), outcomes.take(np.arange(10_000))), (features, outcomes))
    )

    # Ten times the customers: the square root of ten times narrower.
    assert np.mean(many[1] - many[0]) == pytest.approx(np.mean(few[1] - few[0]) / np.sqrt(10), rel=0.15)


def test_a_stored_model_keeps_the_intervals_of_small_samples():
    features, outcomes = learnable(45_000)
    model = Logistic(n_resamples=2, regularization=1.0).fit(features, outcomes)

    stored = Logistic.from_artifact(model.to_artifact())

    assert model.resample_scale_ < 1
    np.testing.assert_array_equal(
        bounds_of(stored.score(features, HORIZON_DAYS)), bounds_of(model.score(features, HORIZON_DAYS))
    )


def test_refits_that_agree_give_an_interval_of_width_zero():
    low, high = bounds(np.array([0.3]), np.full((5, 1), 0.4))

    assert (low, high) == pytest.approx((0.3, 0.3))


def test_a_model_without_refits_has_no_interval():
    scores = Logistic(n_resamples=0).fit(*learnable(300)).score(learnable(10)[0], HORIZON_DAYS)

    assert (scores.low, scores.high) == (None, None)


def test_one_refit_is_refused():
    with pytest.raises(BadInput, match="0 or at least 2, found 1"):
        Logistic(n_resamples=1)
