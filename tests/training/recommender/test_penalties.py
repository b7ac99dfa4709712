"""The penalty of EASE is chosen on validation."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from core.interactions import Interactions
from models.recommenders.blend import BlendRecommender
from models.recommenders.catalogue import RECOMMENDERS
from tests.baskets import interactions
from training.recommender.penalties import choose_penalty
from training.recommender.rows import RankingTask
from training.run.recipe import Recipe, default_recipe
from training.run.session import NoProgress

PAST = interactions("ada 2024-01-01 tea jam", "bo 2024-01-02 tea mug", "cyd 2024-01-03 jam mug")
RECIPES = {name: default_recipe(RECOMMENDERS, name) for name in ("popularity", "ease", "blend")}


@dataclass(frozen=True)
class TaskWithKnownNdcg(RankingTask):
    """A task on which each penalty has a given NDCG."""

    ndcg_of: dict[float, float] = field(default_factory=dict)

    def answer(self, recipe: Recipe, interactions: Interactions | None = None) -> Any:
        return recipe.settings["regularization"]

    def ndcg(self, answer: Any) -> NDArray[np.float64]:
        return self.ndcg_of[answer] + np.array([0.0, 0.01, -0.01])


def penalties_of(ndcg_of: dict[float, float]) -> tuple[object, str]:
    task = TaskWithKnownNdcg(date(2024, 2, 1), PAST, PAST.histories, ndcg_of=ndcg_of)
    chosen = choose_penalty(RECIPES, task, seed=7, progress=NoProgress())
    blend = chosen["blend"].build(RECOMMENDERS)
    assert isinstance(blend, BlendRecommender)
    return chosen["ease"].settings["regularization"], str(chosen["blend"].settings["part_settings"])


def test_a_better_penalty_replaces_the_default_in_ease_and_in_the_blend_of_it():
    assert penalties_of({0.05: 0.1, 0.15: 0.2, 0.5: 0.3}) == (0.5, '{"ease":{"regularization":0.5}}')


@pytest.mark.parametrize("other", [0.1, 0.05])
def test_the_default_stays_where_no_penalty_is_better(other: float):
    assert penalties_of({0.05: 0.1, 0.15: other, 0.5: other}) == (0.05, "{}")
