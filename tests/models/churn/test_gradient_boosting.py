"""Gradient boosting fits the requested trees and true probabilities, and a blend is no worse than its parts."""

from __future__ import annotations

import numpy as np
import pytest

from core.feature_table import FeatureTable
from core.labels import Labels
from core.scores import Scores
from models.churn import gradient_boosting
from models.churn.blend import Blend
from models.churn.gradient_boosting import LEARNING_RATE, GradientBoosting
from models.metrics.churn.data import log_losses
from tests.models.churn.worlds import HORIZON_DAYS, coin_toss, learnable

TEST = learnable(2000, seed=2)


def mean_loss(scores: Scores, outcomes: Labels) -> float:
    return float(log_losses(scores.value, outcomes.churned).mean())


def test_the_requested_number_of_trees_is_fitted():
    model = GradientBoosting(n_resamples=2, n_trees=7).fit(*learnable(400))

    assert [booster.num_trees() for booster in model.boosters_] == [7, 7, 7]


@pytest.mark.parametrize(("shares", "same"), [({}, False), ({"bagging_fraction": 1.0, "feature_fraction": 1.0}, True)])
def test_the_seed_samples_rows_and_features_unless_each_tree_uses_all(shares, same):
    first, other = (
        GradientBoosting(n_resamples=0, n_trees=5, seed=seed, **shares)
        .fit(*learnable(400))
        .score(TEST[0], HORIZON_DAYS)
        for seed in (1, 2)
    )

    assert bool(np.allclose(first.value, other.value)) is same


def test_random_churn_gets_few_trees_and_predictable_churn_more():
    few, more = (GradientBoosting(n_resamples=0).fit(*world(1500)) for world in (coin_toss, learnable))

    assert few.boosters_[0].num_trees() <= 30 < more.boosters_[0].num_trees()


def test_many_rows_are_learned_at_twice_the_rate_unless_few_trees_suffice(monkeypatch: pytest.MonkeyPatch):
    def rate(model: GradientBoosting, world: tuple[FeatureTable, Labels]) -> float:
        return model.fit(*world).boosters_[0].params["learning_rate"]

    assert rate(GradientBoosting(n_resamples=0), learnable(2_000)) == LEARNING_RATE
    monkeypatch.setattr(gradient_boosting, "MANY_ROWS", 1_000)
    monkeypatch.setattr(gradient_boosting, "FEW_TREES", 20)
    assert rate(GradientBoosting(n_resamples=0), learnable(2_000)) == 2 * LEARNING_RATE
    assert rate(GradientBoosting(n_resamples=0), coin_toss(2_000)) == LEARNING_RATE
    assert rate(GradientBoosting(n_resamples=0, n_trees=20), learnable(2_000)) == LEARNING_RATE
    assert rate(GradientBoosting(n_resamples=0, learning_rate=0.1), coin_toss(2_000)) == 0.1


def test_probabilities_are_not_those_of_balanced_classes():
    features, outcomes = coin_toss(3000, rate=0.05)

    scored = GradientBoosting(n_resamples=0).fit(features, outcomes).score(features, HORIZON_DAYS).value

    assert scored.mean() == pytest.approx(outcomes.churned.mean(), abs=0.005)


def test_words_are_split_as_categories():
    model = GradientBoosting(n_resamples=0, n_trees=200).fit(*learnable(2000))
    features = TEST[0].take(np.zeros(3, dtype=np.int64))
    features.values[:, features.names.index("main_channel")] = [0, 1, 2]

    app, shop, web = model.score(features, HORIZON_DAYS).value

    assert app > max(shop, web) + 0.05


def test_a_blend_is_no_worse_than_the_better_of_its_parts():
    blend = Blend(n_resamples=0).fit(*learnable(2000))

    parts = [mean_loss(_alone(blend, share), TEST[1]) for share in (0.0, 1.0)]

    assert mean_loss(blend.score(TEST[0], HORIZON_DAYS), TEST[1]) < min(parts) + 0.003


def _alone(blend: Blend, share: float) -> Scores:
    fitted, blend.boosting_weight_ = blend.boosting_weight_, share
    scores = blend.score(TEST[0], HORIZON_DAYS)
    blend.boosting_weight_ = fitted
    return scores
