"""A model without item similarity together with a similarity model."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.recommendations import STAGES
from models.recommenders.engine import base
from models.recommenders.engine.base import Recommender
from models.recommenders.engine.exclusions import Exclusions
from models.recommenders.item_knn import ItemKnn
from models.recommenders.personal_frequency import PersonalFrequency
from models.recommenders.popularity import Popularity
from tests.baskets import history, interactions

WORLD = interactions(
    "ada 2024-02-01 tea milk", "ada 2024-02-20 tea", "bo 2024-02-03 tea milk jam", "cyd 2024-02-10 jam bread",
    "dee 2024-02-11 bread butter jam", "eve 2024-01-05 salt", "- 2024-02-12 bread salt", "- 2024-02-14 bread",
)  # fmt: skip
ITEMS = WORLD.item_ids.tolist()
KNN = ItemKnn().fit(WORLD)
ALONE = PersonalFrequency().fit(WORLD)
JOINED = ALONE.with_similarity_model(KNN)
item_lists = st.lists(st.sampled_from([*ITEMS, "unheard-of"]), max_size=8)


@settings(deadline=None, max_examples=60)
@given(item_lists, item_lists, st.sets(st.integers(0, 5)), st.integers(1, 9), st.booleans())
def test_lists_have_k_allowed_items_or_a_reason_and_stages_in_order(
    bought_before: list[str], excluded: list[str], unavailable: set[int], k: int, seen: bool
):
    excluded_items = set(excluded) | {ITEMS[code] for code in unavailable} | (set(bought_before) if seen else set())
    exclusions = Exclusions(np.array(sorted(unavailable), dtype=np.int32), [excluded], seen)

    answer = JOINED.recommend(history(*bought_before, among=WORLD), k, exclusions=exclusions)

    shown = [item for item in answer.item_id[0].tolist() if item]
    assert len(shown) == len(set(shown)) == min(k, len(set(ITEMS) - excluded_items))
    assert not excluded_items & set(shown)
    assert bool(answer.shortfalls[0]) == (len(shown) < k)
    assert (np.diff(answer.stages[0, : len(shown)]) >= 0).all()
    similar = answer.stages[0] == STAGES.index("similar_items")
    assert {ITEMS[code] for code in answer.contributors[0][similar]} <= set(bought_before)


def test_similar_items_fill_the_list_before_popular_items():
    answer = JOINED.recommend(history("tea", among=WORLD), 5)

    assert answer.item_id[0, :3].tolist() == ["tea", "milk", "jam"]
    assert [STAGES[stage] for stage in answer.stages[0]] == ["personal", *["similar_items"] * 2, *["popularity"] * 2]
    assert answer.item_ids[answer.contributors[0, 1:3]].tolist() == ["tea", "tea"]


def test_the_own_stage_does_not_change():
    alone, joined = (model.recommend(WORLD.histories, 4) for model in (ALONE, JOINED))

    own = alone.stages == STAGES.index("personal")
    assert (joined.items[own] == alone.items[own]).all()
    assert (joined.scores[own] == alone.scores[own]).all()


def test_without_a_history_there_are_no_similar_items():
    alone, joined = (model.recommend(history("unheard-of", among=WORLD), 4) for model in (ALONE, JOINED))

    assert (joined.items == alone.items).all()
    assert (joined.stages == STAGES.index("popularity")).all()


def test_a_list_does_not_depend_on_the_other_customers(monkeypatch: pytest.MonkeyPatch):
    one_block = JOINED.recommend(WORLD.histories, 5, exclusions=Exclusions(seen=True))

    monkeypatch.setattr(base, "CELLS_AT_ONCE", 2 * len(ITEMS))
    in_blocks = JOINED.recommend(WORLD.histories, 5, exclusions=Exclusions(seen=True))
    alone = JOINED.recommend(WORLD.histories.take(np.array([3])), 5, exclusions=Exclusions(seen=True))

    assert (in_blocks.items == one_block.items).all()
    assert (alone.items[0] == one_block.items[3]).all()


def test_a_similarity_model_does_not_change_the_lists_of_popularity():
    alone = Popularity().fit(WORLD)

    answers = [model.recommend(WORLD.histories, 4) for model in (alone, alone.with_similarity_model(KNN))]

    assert (answers[0].items == answers[1].items).all()


@pytest.mark.parametrize("kind", [Popularity, PersonalFrequency])
def test_similar_items_come_from_the_similarity_model(kind: type[Recommender]):
    champion = kind().fit(WORLD, date(2024, 3, 1))

    assert champion.similar_items("tea", 3) == []
    assert champion.with_similarity_model(KNN).similar_items("tea", 3) == KNN.similar_items("tea", 3) != []
