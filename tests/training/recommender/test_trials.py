"""The best recommender is chosen, unless something simpler is as good; what cannot be fitted is left out."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest

from core.errors import BadInput, NotEnoughMemory
from training.recommender.rows import RankingTask
from training.recommender.trials import RankingTrials, answers_of, refuse_second_stage
from training.run.progress import Silence
from training.run.recipe import Recipe

CUSTOMERS = np.array([f"c{n:03}" for n in range(200)] * 2)
"Everybody came back at both cutoffs."
RANDOM = np.random.default_rng(3)
GOOD = RANDOM.uniform(0.2, 0.8, len(CUSTOMERS))
NOISE = RANDOM.normal(0, 0.05, len(CUSTOMERS))


def trials(**ndcg: np.ndarray) -> RankingTrials:
    return RankingTrials(CUSTOMERS, ndcg)


def test_a_really_better_model_wins_over_a_simpler_one():
    assert trials(simple=GOOD - 0.1 + NOISE, elaborate=GOOD).choose() == "elaborate"


@pytest.mark.parametrize("gain", [0.001, -0.001])
def test_among_equals_the_simplest_is_taken(gain: float):
    assert trials(simple=GOOD, elaborate=GOOD + NOISE - NOISE.mean() + gain).choose() == "simple"


def test_the_difference_is_of_the_same_customers_and_certain_where_everybody_gains():
    gained = trials(one=GOOD + 0.01, other=GOOD).compare("one", "other")

    assert np.allclose([gained.difference.value, gained.difference.low, gained.difference.high], 0.01)


def test_the_figure_of_a_model_is_its_mean_over_all_cutoffs():
    (metric,) = trials(one=GOOD).metrics()

    assert (metric.model, metric.name, metric.split) == ("one", "ndcg@10", "validation")
    assert metric.estimate.value == pytest.approx(GOOD.mean())
    assert metric.estimate.low < GOOD.mean() < metric.estimate.high


def test_a_second_stage_that_is_asked_for_in_vain_is_refused_with_the_figure():
    with pytest.raises(BadInput, match=r"reranked does not beat blend on validation: .* train blend"):
        refuse_second_stage(trials(blend=GOOD, reranked=GOOD + NOISE - NOISE.mean()), "reranked")


def test_a_second_stage_whose_interval_overlaps_is_not_chosen_though_every_customer_gains():
    found = trials(blend=GOOD, reranked=GOOD + 0.01)

    assert found.compare("reranked", "blend").is_significant
    assert found.choose() == "blend"
    with pytest.raises(BadInput, match="intervals that overlap"):
        refuse_second_stage(found, "reranked")


def test_a_second_stage_whose_interval_lies_apart_passes():
    found = trials(blend=GOOD, reranked=GOOD + 0.1)

    refuse_second_stage(found, "reranked")

    assert found.choose() == "reranked"


def test_a_second_stage_without_the_model_behind_it_is_not_chosen():
    found = trials(simple=GOOD, reranked=GOOD + 0.1)

    assert found.choose() == "simple"
    with pytest.raises(BadInput, match="only where it beats blend, which could not be fitted here"):
        refuse_second_stage(found, "reranked")


class RequestContext:
    """A task in which one model has not the memory; the others answer with their names."""

    def answer(self, recipe: Recipe) -> Any:
        if recipe.model == "big":
            raise NotEnoughMemory("big would take about 900 GB")
        return recipe.model


def test_a_recipe_that_cannot_be_fitted_is_left_out_with_its_reason():
    recipes = {name: Recipe(name, {}) for name in ("small", "big")}

    found = answers_of(recipes, [cast(RankingTask, RequestContext())] * 2, Silence(), needed=("small",))

    assert found.by_model == {"small": ["small", "small"]}
    assert found.left_out == {"big": "big would take about 900 GB"}


def test_a_recipe_that_is_needed_and_cannot_be_fitted_is_an_error():
    with pytest.raises(NotEnoughMemory):
        answers_of({"big": Recipe("big", {})}, [cast(RankingTask, RequestContext())], Silence(), needed=("big",))
