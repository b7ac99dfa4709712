"""The best recommender is chosen, unless a simpler one is as good; models that cannot be fitted are skipped."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest

from core.errors import BadInput, NotEnoughMemory
from training.recommender.rows import RankingTask
from training.recommender.trials import RankingTrials, recommend_all, refuse_overlap
from training.run.recipe import Recipe
from training.run.session import NoProgress

CUSTOMERS = np.array([f"c{n:03}" for n in range(200)] * 2)
"Every customer returned at both cutoffs."
RANDOM = np.random.default_rng(3)
GOOD = RANDOM.uniform(0.2, 0.8, len(CUSTOMERS))
NOISE = RANDOM.normal(0, 0.05, len(CUSTOMERS))


def trials(**ndcg: np.ndarray) -> RankingTrials:
    return RankingTrials(CUSTOMERS, ndcg)


def test_a_significantly_better_model_is_chosen_over_a_simpler_one():
    assert trials(simple=GOOD - 0.1 + NOISE, elaborate=GOOD).choose() == "elaborate"


@pytest.mark.parametrize("gain", [0.001, -0.001])
def test_of_equally_good_models_the_simplest_is_chosen(gain: float):
    assert trials(simple=GOOD, elaborate=GOOD + NOISE - NOISE.mean() + gain).choose() == "simple"


def test_the_difference_is_paired_by_customer_and_certain_where_every_customer_gains():
    comparison = trials(one=GOOD + 0.01, other=GOOD).compare("one", "other")

    assert np.allclose([comparison.difference.value, comparison.difference.low, comparison.difference.high], 0.01)


def test_the_metric_of_a_model_is_its_mean_over_all_cutoffs():
    (metric,) = trials(one=GOOD).metrics()

    assert (metric.model, metric.name, metric.split) == ("one", "ndcg@10", "validation")
    assert metric.estimate.value == pytest.approx(GOOD.mean())
    assert metric.estimate.low < GOOD.mean() < metric.estimate.high


def test_a_requested_second_stage_that_is_no_better_is_refused_with_the_metrics():
    with pytest.raises(BadInput, match=r"reranked does not beat blend on validation: .* train blend"):
        refuse_overlap(trials(blend=GOOD, reranked=GOOD + NOISE - NOISE.mean()), "reranked")


def test_a_second_stage_whose_interval_overlaps_is_not_chosen_though_every_customer_gains():
    study = trials(blend=GOOD, reranked=GOOD + 0.01)

    assert study.compare("reranked", "blend").is_significant
    assert study.choose() == "blend"
    with pytest.raises(BadInput, match="whose intervals overlap"):
        refuse_overlap(study, "reranked")


def test_a_second_stage_whose_interval_is_above_is_chosen():
    study = trials(blend=GOOD, reranked=GOOD + 0.1)

    refuse_overlap(study, "reranked")

    assert study.choose() == "reranked"


def test_a_second_stage_without_its_base_model_is_not_chosen():
    study = trials(simple=GOOD, reranked=GOOD + 0.1)

    assert study.choose() == "simple"
    with pytest.raises(BadInput, match="only where it beats blend, which could not be fitted here"):
        refuse_overlap(study, "reranked")


class FakeTask:
    """A task in which one model lacks memory; the others answer with their names."""

    def answer(self, recipe: Recipe) -> Any:
        if recipe.model == "big":
            raise NotEnoughMemory("big would take about 900 GB")
        return recipe.model


def test_a_recipe_that_cannot_be_fitted_is_skipped_with_its_reason():
    recipes = {name: Recipe(name, {}) for name in ("small", "big")}

    answers = recommend_all(recipes, [cast(RankingTask, FakeTask())] * 2, progress=NoProgress(), required=("small",))

    assert answers.by_model == {"small": ["small", "small"]}
    assert answers.skipped == {"big": "big would take about 900 GB"}


def test_a_required_recipe_that_cannot_be_fitted_is_an_error():
    with pytest.raises(NotEnoughMemory):
        recommend_all(
            {"big": Recipe("big", {})},
            [cast(RankingTask, FakeTask())],
            progress=NoProgress(),
            required=("big",),
        )
