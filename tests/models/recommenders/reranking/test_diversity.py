"""A list with variety."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadInput
from core.recommendations import STAGES, Recommendations
from models.protocols import Exclusions
from models.recommenders.catalogue import RECOMMENDERS
from models.recommenders.engine.base import LadderRecommender
from models.recommenders.item_knn import ItemKnn
from models.recommenders.personal_frequency import PersonalFrequency
from models.recommenders.popularity import Popularity
from models.recommenders.reranking.diversity import Diversity, diversified
from tests.baskets import checkerboard, history
from tests.corner_shop import CORNER_SHOP, every_recommender_on

FITTED = every_recommender_on(CORNER_SHOP)
ITEMS = CORNER_SHOP.item_ids.tolist()

every_recommender = pytest.mark.parametrize("recommender", FITTED.values(), ids=FITTED.keys())
of_six = st.lists(st.integers(-1, 2), min_size=6, max_size=6).map(np.array)


def listed(scores: list[float], stages: list[str] | None = None) -> Callable[[int], Recommendations]:
    """Answers of items 0, 1, 2, ... with these scores."""

    def ask(k: int) -> Recommendations:
        n, found = len(scores), np.arange(k) < len(scores)
        row = np.where(found, np.arange(k), -1).astype(np.int32)
        codes = [STAGES.index(stage) for stage in stages or ["personal"] * n]
        return Recommendations(
            np.array([""]), np.array([f"{code:03d}" for code in range(n)]), row[None],
            np.resize(np.append(scores, [np.nan] * k)[:k], (1, k)).astype(np.float32),
            np.append(codes, [-1] * k)[None, :k].astype(np.int8), np.full((1, k), -1, np.int32),
            ("" if k <= n else f"the catalogue has only {n} items",),
        )  # fmt: skip

    return ask


def unlike(codes: np.ndarray) -> np.ndarray:
    return np.eye(len(codes), dtype=np.float32)


def twins(codes: np.ndarray) -> np.ndarray:
    """Items 0 and 1, 2 and 3, ... are the same thing twice."""
    return (codes[:, None] // 2 == codes // 2).astype(np.float32)


def test_of_each_category_only_the_best_are_kept():
    categories = np.array([0, 0, 0, 1, -1, -1, -1])

    answer = diversified(listed([7, 6, 5, 4, 3, 2, 1]), 5, Diversity(2), categories, unlike)

    assert answer.items.tolist() == [[0, 1, 3, 4, 5]]
    assert answer.scores.tolist() == [[7, 6, 4, 3, 2]]
    assert answer.shortfalls == ("",)


@pytest.mark.parametrize(("k", "lengths"), [(2, [8, 16, 32, 64]), (3, [12, 24, 48, 96, 100])])
def test_longer_lists_are_asked_for_until_enough_keep_the_cap(k: int, lengths: list[int]):
    asked, everything = list[int](), listed([float(100 - code) for code in range(100)])

    def ask(length: int) -> Recommendations:
        asked.append(length)
        return everything(length)

    answer = diversified(ask, k, Diversity(1), np.repeat([0, 1], 50), unlike)

    assert answer.items[0].tolist() == [0, 50, -1][:k]
    assert asked == lengths


def test_a_shortfall_says_which_cap_left_how_many():
    answer = diversified(listed([4, 3, 2, 1]), 3, Diversity(1), np.array([0, 0, 1, 1]), unlike)

    assert answer.items.tolist() == [[0, 2, -1]]
    assert answer.shortfalls == ("only 2 of the 4 items left after exclusions keep at most 1 of a category",)
    assert np.isnan(answer.scores[0, 2])


def test_where_the_cap_costs_nothing_the_model_says_why_there_are_fewer():
    answer = diversified(listed([4, 3]), 3, Diversity(1), np.array([0, 1]), unlike)

    assert answer.shortfalls == ("the catalogue has only 2 items",)


def test_variety_only_shows_no_item_like_another_while_there_are_others():
    answer = diversified(listed([6, 5, 4, 3, 2, 1]), 4, Diversity(mmr=1), np.full(6, -1), twins)

    assert answer.items.tolist() == [[0, 2, 4, 1]]


def test_a_little_variety_costs_only_what_is_nearly_as_good():
    likely = {
        mmr: diversified(listed([10, 9.5, 9, 1]), 2, Diversity(mmr=mmr), np.full(4, -1), twins) for mmr in (0.01, 0.2)
    }

    assert likely[0.01].items.tolist() == [[0, 1]]  # .99 * .95 - .01 > .99 * .9
    assert likely[0.2].items.tolist() == [[0, 2]]


def test_what_follows_on_another_rung_is_as_relevant_as_the_last_before_it():
    stages = ["personal", "personal", "similar_items", "similar_items", "popularity", "popularity"]
    ask = listed([8, 4, 40, 20, 0.2, 0.1], stages)

    answer = diversified(ask, 6, Diversity(mmr=1e-6), np.full(6, -1), unlike)

    assert answer.items.tolist() == [[0, 1, 2, 3, 4, 5]]


@settings(deadline=None)
@given(of_six, st.integers(1, 8), st.one_of(st.none(), st.integers(1, 3)), st.floats(0, 1))
@pytest.mark.parametrize("likeness", [unlike, twins])
def test_caps_are_kept_and_as_many_items_as_they_allow_whatever_the_variety(
    likeness: Callable[[np.ndarray], np.ndarray], categories: np.ndarray, k: int, cap: int | None, mmr: float
):
    answer = diversified(listed([6, 5, 4, 3, 2, 1]), k, Diversity(cap, mmr), categories, likeness)

    shown = answer.items[0][answer.items[0] >= 0]
    counts = Counter(categories.tolist())
    allowed = sum(n if code < 0 or cap is None else min(n, cap) for code, n in counts.items())
    assert len(shown) == len(set(shown.tolist())) == min(k, allowed)
    assert cap is None or all(n <= cap for code, n in Counter(categories[shown].tolist()).items() if code >= 0)
    assert bool(answer.shortfalls[0]) == (len(shown) < k)


@settings(deadline=None)
@given(of_six, st.integers(1, 8), st.integers(1, 3))
def test_relevance_only_keeps_the_order(categories: np.ndarray, k: int, cap: int):
    shown = diversified(listed([6, 5, 4, 3, 2, 1]), k, Diversity(cap), categories, twins).items[0]

    assert (np.diff(shown[shown >= 0]) > 0).all()


@every_recommender
@settings(deadline=None, max_examples=30)
@given(of_six, st.sets(st.sampled_from(ITEMS)), st.integers(1, 7), st.integers(1, 3), st.floats(0, 1))
def test_nothing_excluded_comes_back_and_caps_are_kept_with_every_recommender(
    recommender: LadderRecommender, categories: np.ndarray, excluded: set[str], k: int, cap: int, mmr: float
):
    asked, exclusions = history("tea", "jam", among=CORNER_SHOP), Exclusions(per_customer=[sorted(excluded)])

    answer = diversified(
        lambda n: recommender.recommend(asked, n, exclusions=exclusions),
        k, Diversity(cap, mmr), categories, recommender.likeness_between,
    )  # fmt: skip

    shown = answer.items[0][answer.items[0] >= 0]
    left = Counter(categories[[code for code, item in enumerate(ITEMS) if item not in excluded]].tolist())
    assert len(shown) == min(k, sum(n if code < 0 else min(n, cap) for code, n in left.items()))
    assert not excluded & set(CORNER_SHOP.item_ids[shown].tolist())
    assert all(n <= cap for code, n in Counter(categories[shown].tolist()).items() if code >= 0)


@every_recommender
def test_no_wish_for_variety_is_the_list_as_it_was(recommender: LadderRecommender):
    asked = history("tea", among=CORNER_SHOP)

    answer = diversified(lambda n: recommender.recommend(asked, n), 4, Diversity(), np.zeros(6), unlike)

    assert (answer.items == recommender.recommend(asked, 4).items).all()


@pytest.mark.parametrize("cap", [0, -2])
def test_a_cap_below_one_is_refused(cap: int):
    with pytest.raises(BadInput, match=f"at_most_per_category is {cap}"):
        Diversity(cap)


@pytest.mark.parametrize("mmr", [-0.1, 1.1, float("nan")])
def test_variety_outside_zero_and_one_is_refused(mmr: float):
    with pytest.raises(BadInput, match="mmr is"):
        Diversity(mmr=mmr)


def test_a_list_of_no_items_is_refused():
    with pytest.raises(BadInput, match="k is 0"):
        diversified(listed([1]), 0, Diversity(1), np.array([0]), unlike)


@every_recommender
def test_likeness_is_mutual_from_zero_to_one_and_full_to_itself(recommender: LadderRecommender):
    between = recommender.likeness_between(np.array([4, 1, 5, 0]))

    assert between.dtype == np.float32
    assert between == pytest.approx(between.T, abs=1e-6)
    assert (between.diagonal() == 1).all()
    assert (between >= 0).all()
    assert (between <= 1).all()


@pytest.mark.parametrize("name", ["item_knn", "als"])
def test_items_of_the_same_customers_are_alike(name: str):
    model = RECOMMENDERS[name]().fit(checkerboard(20), date(2024, 3, 2))

    between = model.likeness_between(np.array([0, 2, 3, 5]))

    assert between[0, 1] > 0.5 > between[0, 2]
    assert between[2, 3] > 0.5 > between[1, 3]


def test_a_model_without_likeness_asks_the_one_beside_it_or_knows_none():
    alone, knn = PersonalFrequency().fit(CORNER_SHOP), ItemKnn().fit(CORNER_SHOP)
    codes = np.arange(6)

    assert (alone.likeness_between(codes) == np.eye(6)).all()
    assert (alone.with_beside(knn).likeness_between(codes) == knn.likeness_between(codes)).all()
    assert (Popularity().fit(CORNER_SHOP).likeness_between(codes) == np.eye(6)).all()
