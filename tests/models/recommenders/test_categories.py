"""Categories of items in recommenders: they let new items enter, and cost nothing where there are none."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from core.interactions import Interactions
from models.artifact import Artifact
from models.metrics.ranking.accuracy import accuracy
from models.metrics.ranking.data import RankingData
from models.metrics.ranking.protocols.global_time_split import GlobalTimeSplit
from models.metrics.ranking.splits import generate_recommendations
from models.recommenders.blend import BlendRecommender
from models.recommenders.engine.blend_weights import Candidates, fit_group_weights
from models.recommenders.engine.category_affinity import category_scores, shares_within
from models.recommenders.next_basket import N_REQUIRED, NextBasket
from simulation.shop.assortments import NEWEST_MONTH, changing_assortment
from tests.baskets import history, interactions

NO_CATEGORIES = np.empty(0, dtype=np.int32)
TEA, SALT = 0, 1
SHOP = replace(
    interactions(
        "ada 2024-01-01 assam", "bo 2024-01-01 assam darjeeling", "bo 2024-01-08 darjeeling", "cyd 2024-01-01 salt",
        "dee 2024-01-09 sencha salt", "dee 2024-01-11 pepper salt",
    ),
    item_categories=np.array([TEA, TEA, SALT, SALT, TEA], dtype=np.int32),
)  # fmt: skip
CUTOFF = date(2024, 2, 1)


@pytest.mark.parametrize("model", [NextBasket(), BlendRecommender(parts="next_basket, item_knn")])
def test_new_items_are_found_by_their_category_where_the_assortment_changes(model: NextBasket | BlendRecommender):
    recall = {}
    for name, log in (("with", changing_assortment()), ("without", without_categories(changing_assortment()))):
        split = GlobalTimeSplit(NEWEST_MONTH, 20).split(log)
        answer = generate_recommendations(model.fit(split.training, split.cutoff), split, k=5, explains=False)
        data = RankingData.align(answer, truth=split.truth, past=split.training.histories)
        recall[name] = float(accuracy(data)["recall"].mean())

    assert recall["with"] > recall["without"] + 0.1


def test_without_categories_the_model_and_its_weights_are_those_of_five_components():
    model = NextBasket().fit(without_categories(SHOP), CUTOFF)

    assert model.weights_.shape == (4, N_REQUIRED)
    assert len(model.categories_) == 0


def test_contributions_sum_to_the_score_with_categories_too():
    model = NextBasket().fit(SHOP, CUTOFF)
    model.weights_ = np.tile([0.2, 0.2, 0.2, 0.0, 0.0, 0.4], (4, 1))
    items = np.arange(len(SHOP.item_ids))
    for row in range(len(SHOP)):
        _, contributions = model.contributions(SHOP.histories, row, items=items, cutoff=CUTOFF)
        scores = model._raw_scores(SHOP.histories.take(np.array([row])), CUTOFF)[0]
        assert contributions.sum(axis=0) == pytest.approx(scores, abs=1e-5)


def test_an_item_listed_for_its_category_is_explained_by_a_past_item_of_that_category():
    model = NextBasket().fit(SHOP, CUTOFF)
    model.weights_ = np.tile([0.0, 0.0, 0.0, 0.0, 0.0, 1.0], (4, 1))

    answer = model.recommend(history("salt", among=SHOP), 2, cutoff=CUTOFF)

    assert answer.item_id[0].tolist() == ["salt", "pepper"]
    assert SHOP.item_ids[answer.contributors[0]].tolist() == ["salt", "salt"]


def test_a_category_scores_its_items_by_their_share_of_it_and_items_without_one_not_at_all():
    categories = np.array([0, 0, 1, -1])
    within = shares_within(np.array([0.1, 0.3, 0.2, 0.4]), categories)

    scores = category_scores(np.array([[2, 1, 1, 5], [0, 0, 0, 1]], np.float32), categories, within=within)

    assert within == pytest.approx([0.25, 0.75, 1, 0])
    assert scores == pytest.approx(np.array([[0.75, 2.25, 1, 0], [0, 0, 0, 0]]))


def test_an_optional_component_without_a_clear_gain_gets_no_weight():
    rng = np.random.default_rng(7)
    bought = np.zeros((300, 20), dtype=bool)
    bought[:, 5] = True
    useful, noise = bought * 0.5 + 0.6 * rng.random((300, 20)), rng.random((300, 20))
    scores = np.stack([useful, noise], axis=2).astype(np.float32)
    ones, groups = np.ones(300, dtype=np.int64), np.repeat([0, 1, 2], 100)
    candidates = Candidates(scores, np.ones_like(bought), bought, ones, groups)

    assert (fit_group_weights(candidates, n_optional=1)[:, 1] == 0).all()
    swapped = replace(candidates, scores=scores[:, :, ::-1].copy())
    assert (fit_group_weights(swapped, n_optional=1)[:, 1] > 0.5).all()


def test_a_stored_model_gives_the_same_lists_by_category(tmp_path: Path):
    log = changing_assortment(200)
    model = NextBasket().fit(log, NEWEST_MONTH)
    model.to_artifact().write(tmp_path)

    stored = NextBasket.from_artifact(Artifact.read(tmp_path, memory_map=True))

    assert (stored.recommend(log.histories, 5).items == model.recommend(log.histories, 5).items).all()


def test_every_view_of_the_interactions_keeps_the_categories_of_their_items():
    fewer = SHOP.recode(np.array(["pepper", "saffron", "sencha"]))

    assert fewer.item_categories.tolist() == [SALT, -1, TEA]
    for view in (SHOP.before(date(2024, 1, 5)), SHOP.since(date(2024, 1, 5)), SHOP.with_histories(SHOP.histories)):
        assert view.item_categories.tolist() == SHOP.item_categories.tolist()


def without_categories(log: Interactions) -> Interactions:
    """The same purchases of items that have no category."""
    return replace(log, item_categories=NO_CATEGORIES)
