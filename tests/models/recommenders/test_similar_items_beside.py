"""A champion that knows no likeness of items, with one beside it that does."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.recommendations import STAGES
from models.protocols import Exclusions
from models.recommenders.engine import base as ladder
from models.recommenders.engine.base import LadderRecommender
from models.recommenders.item_knn import ItemKnn
from models.recommenders.personal_frequency import PersonalFrequency
from models.recommenders.popularity import Popularity
from tests.baskets import bought, history

WORLD = bought(
    "ada 2024-02-01 tea milk", "ada 2024-02-20 tea", "bo 2024-02-03 tea milk jam", "cyd 2024-02-10 jam bread",
    "dee 2024-02-11 bread butter jam", "eve 2024-01-05 salt", "- 2024-02-12 bread salt", "- 2024-02-14 bread",
)  # fmt: skip
ITEMS = WORLD.item_ids.tolist()
KNN = ItemKnn().fit(WORLD)
ALONE = PersonalFrequency().fit(WORLD)
BESIDE = ALONE.with_beside(KNN)
item_lists = st.lists(st.sampled_from([*ITEMS, "unheard-of"]), max_size=8)


@settings(deadline=None, max_examples=60)
@given(item_lists, item_lists, st.sets(st.integers(0, 5)), st.integers(1, 9), st.booleans())
def test_exactly_k_allowed_items_or_a_reason_and_taste_before_likeness_before_popularity(
    bought_before: list[str], excluded: list[str], nobody: set[int], k: int, seen: bool
):
    barred = set(excluded) | {ITEMS[code] for code in nobody} | (set(bought_before) if seen else set())
    exclusions = Exclusions(np.array(sorted(nobody), dtype=np.int32), [excluded], seen)

    answer = BESIDE.recommend(history(*bought_before, among=WORLD), k, exclusions=exclusions)

    shown = [item for item in answer.item_id[0].tolist() if item]
    assert len(shown) == len(set(shown)) == min(k, len(set(ITEMS) - barred))
    assert not barred & set(shown)
    assert bool(answer.shortfalls[0]) == (len(shown) < k)
    assert (np.diff(answer.stages[0, : len(shown)]) >= 0).all()
    similar = answer.stages[0] == STAGES.index("similar_items")
    assert {ITEMS[code] for code in answer.contributors[0][similar]} <= set(bought_before)


def test_places_that_taste_leaves_are_filled_with_what_is_similar_and_then_with_what_is_popular():
    answer = BESIDE.recommend(history("tea", among=WORLD), 5)

    assert answer.item_id[0, :3].tolist() == ["tea", "milk", "jam"]
    assert [STAGES[stage] for stage in answer.stages[0]] == ["personal", *["similar_items"] * 2, *["popularity"] * 2]
    assert answer.item_ids[answer.contributors[0, 1:3]].tolist() == ["tea", "tea"]


def test_what_is_of_the_champion_s_own_stays_as_it_was():
    alone, beside = (model.recommend(WORLD.histories, 4) for model in (ALONE, BESIDE))

    own = alone.stages == STAGES.index("personal")
    assert (beside.items[own] == alone.items[own]).all()
    assert (beside.scores[own] == alone.scores[own]).all()


def test_without_a_history_nothing_is_similar():
    alone, beside = (model.recommend(history("unheard-of", among=WORLD), 4) for model in (ALONE, BESIDE))

    assert (beside.items == alone.items).all()
    assert (beside.stages == STAGES.index("popularity")).all()


def test_one_customer_alone_gets_what_they_get_among_others(monkeypatch: pytest.MonkeyPatch):
    together = BESIDE.recommend(WORLD.histories, 5, exclusions=Exclusions(seen=True))

    monkeypatch.setattr(ladder, "CELLS_AT_ONCE", 2 * len(ITEMS))
    in_blocks = BESIDE.recommend(WORLD.histories, 5, exclusions=Exclusions(seen=True))
    alone = BESIDE.recommend(WORLD.histories.take(np.array([3])), 5, exclusions=Exclusions(seen=True))

    assert (in_blocks.items == together.items).all()
    assert (alone.items[0] == together.items[3]).all()


def test_what_everybody_buys_is_popularity_s_own_answer_and_stays_so():
    alone = Popularity().fit(WORLD)

    answers = [model.recommend(WORLD.histories, 4) for model in (alone, alone.with_beside(KNN))]

    assert (answers[0].items == answers[1].items).all()


@pytest.mark.parametrize("kind", [Popularity, PersonalFrequency])
def test_what_is_similar_is_what_the_model_beside_it_says(kind: type[LadderRecommender]):
    champion = kind().fit(WORLD, date(2024, 3, 1))

    assert champion.similar("tea", 3) == []
    assert champion.with_beside(KNN).similar("tea", 3) == KNN.similar("tea", 3) != []
