"""The best recommender is chosen, unless a simpler one is as good; models that cannot be fitted are skipped."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from core.choosing import mean_with_standard_error
from core.errors import NotEnoughMemory
from training.recommender.rows import RankingTask
from training.recommender.trials import RankingTrials, try_recipes
from training.run.recipe import Recipe
from training.run.session import NoProgress

CUSTOMERS = np.array([f"c{n:03}" for n in range(200)] * 2)
"Every customer returned at both cutoffs."
RANDOM = np.random.default_rng(3)
GOOD = RANDOM.uniform(0.2, 0.8, len(CUSTOMERS))
NOISE = RANDOM.normal(0, 0.05, len(CUSTOMERS))


def trials(**ndcg: np.ndarray) -> RankingTrials:
    return RankingTrials(CUSTOMERS, ndcg)


def test_a_better_model_is_chosen_over_a_simpler_one():
    assert trials(simple=GOOD - 0.1 + NOISE, elaborate=GOOD).choose() == "elaborate"


@pytest.mark.parametrize("gain", [0.001, -0.001])
def test_of_models_within_one_standard_error_the_simplest_is_chosen(gain: float):
    assert trials(simple=GOOD, elaborate=GOOD + NOISE - NOISE.mean() + gain).choose() == "simple"


def test_more_than_one_standard_error_suffices_and_need_not_be_significant():
    # The standard error of the mean of NOISE over 200 customers is .0025; rows of a customer are summed.
    study = trials(simple=GOOD, elaborate=GOOD + NOISE - NOISE.mean() + 0.0035)

    assert not study.compare("elaborate", "simple").is_significant
    assert study.choose() == "elaborate"


def test_one_customer_at_two_cutoffs_is_not_two_customers():
    same = np.tile(RANDOM.normal(0, 1, 200), 2)

    once = mean_with_standard_error(CUSTOMERS[:200], same[:200])
    twice = mean_with_standard_error(CUSTOMERS, same)

    assert once.standard_error == pytest.approx(same[:200].std(ddof=1) / np.sqrt(200))
    assert twice.standard_error == pytest.approx(once.standard_error)


def test_with_a_single_customer_the_simplest_is_chosen():
    assert RankingTrials(np.array(["ada"]), {"simple": np.zeros(1), "elaborate": np.ones(1)}).choose() == "simple"


def test_the_difference_is_paired_by_customer_and_certain_where_every_customer_gains():
    comparison = trials(one=GOOD + 0.01, other=GOOD).compare("one", "other")

    assert np.allclose([comparison.difference.value, comparison.difference.low, comparison.difference.high], 0.01)


def test_the_metric_of_a_model_is_its_mean_over_all_cutoffs():
    (metric,) = trials(one=GOOD).metrics()

    assert (metric.model, metric.name, metric.split) == ("one", "ndcg@10", "validation")
    assert metric.estimate.value == pytest.approx(GOOD.mean())
    assert metric.estimate.low < GOOD.mean() < metric.estimate.high


def test_a_second_stage_is_chosen_where_customers_gain_though_the_intervals_overlap():
    study = trials(blend=GOOD, reranked=GOOD + 0.01)
    metrics = {metric.model: metric.estimate for metric in study.metrics()}

    assert metrics["reranked"].low < metrics["blend"].high
    assert study.choose() == "reranked"
    assert study.explain("blend") == "reranked has the highest ndcg@10; blend has 0.0100 (standard error 0.0000) less."


class FakeTask:
    """A task with known NDCG by model; one model lacks memory."""

    cutoff = date(2025, 1, 1)
    truth = SimpleNamespace(customer_ids=CUSTOMERS[:200])

    def answer(self, recipe: Recipe) -> Any:
        if recipe.model == "big":
            raise NotEnoughMemory("big would take about 900 GB")
        return recipe.model

    def ndcg(self, answer: str) -> np.ndarray:
        return (GOOD - {"bad": 0.15, "worse": 0.1}.get(answer, 0.0) + (answer == "bad") * NOISE)[:200]


def try_fakes(*names: str, n_tasks: int = 2, required: tuple[str, ...] = (), sample: bool = False) -> RankingTrials:
    task = cast(RankingTask, FakeTask())
    recipes = {name: Recipe(name, {}) for name in names}
    return try_recipes(
        recipes, [task] * n_tasks, progress=NoProgress(), required=required, sample=task if sample else None
    )


def test_a_recipe_that_cannot_be_fitted_is_skipped_with_its_reason():
    study = try_fakes("small", "big", required=("small",))

    assert list(study.ndcg) == ["small"]
    assert study.skipped == {"big": "big would take about 900 GB"}


def test_a_required_recipe_that_cannot_be_fitted_is_an_error():
    with pytest.raises(NotEnoughMemory):
        try_fakes("big", required=("big",))


def test_a_model_that_is_far_below_the_best_is_stopped_after_the_newest_cutoff():
    study = try_fakes("bad", "good")

    assert {name: len(ndcg) for name, ndcg in study.ndcg.items()} == {"bad": 200, "good": 400}
    assert study.stopped["bad"].endswith("below good")
    assert study.choose() == "good"
    assert [metric.model for metric in study.metrics()] == ["bad", "good"]


def test_a_required_model_is_tried_at_every_cutoff_however_bad():
    assert len(try_fakes("bad", "good", required=("bad",)).ndcg["bad"]) == 400


def test_a_model_that_is_stopped_on_the_sample_has_no_figures():
    study = try_fakes("bad", "good", n_tasks=1, sample=True)

    assert [metric.model for metric in study.metrics()] == ["good"]
    assert list(study.stopped) == ["bad"]
