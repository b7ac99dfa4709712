"""Diverse lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadInput
from core.interactions import Histories
from core.recommendations import STAGES, Recommendations
from models.recommenders.catalogue import RECOMMENDERS
from models.recommenders.engine.base import Recommender
from models.recommenders.engine.exclusions import Exclusions
from models.recommenders.item_knn import ItemKnn
from models.recommenders.personal_frequency import PersonalFrequency
from models.recommenders.popularity import Popularity
from models.recommenders.reranking.diversity import Diversity, recommend_diverse
from tests.baskets import checkerboard, history
from tests.corner_shop import CORNER_SHOP, fit_every_recommender

FITTED = fit_every_recommender(CORNER_SHOP)
ITEMS = CORNER_SHOP.item_ids.tolist()

every_recommender = pytest.mark.parametrize("recommender", FITTED.values(), ids=FITTED.keys())
six_categories = st.lists(st.integers(-1, 2), min_size=6, max_size=6).map(np.array)


def ranking(scores: list[float], stages: list[str] | None = None) -> Callable[[int], Recommendations]:
    """Lists of items 0, 1, 2, ... with these scores."""

    def rank(k: int) -> Recommendations:
        n = len(scores)
        row = np.where(np.arange(k) < n, np.arange(k), -1).astype(np.int32)
        codes = [STAGES.index(stage) for stage in stages or ["personal"] * n]
        return Recommendations(
            customer_ids=np.array([""]), item_ids=np.array([f"{code:03d}" for code in range(n)]), items=row[None],
            scores=np.resize(np.append(scores, [np.nan] * k)[:k], (1, k)).astype(np.float32),
            stages=np.append(codes, [-1] * k)[None, :k].astype(np.int8), contributors=np.full((1, k), -1, np.int32),
            shortfalls=("" if k <= n else f"the catalogue has only {n} items",),
        )  # fmt: skip

    return rank


class FixedRanking(Popularity):
    """A model with a given ranking and item similarity."""

    def __init__(self, rank: Callable[[int], Recommendations], similarity: Callable[[np.ndarray], np.ndarray]) -> None:
        self.rank, self.similarity = rank, similarity

    def recommend(self, histories: Histories, k: int, **_: object) -> Recommendations:
        return self.rank(k)

    def similarity_matrix(self, codes: np.ndarray) -> np.ndarray:
        return self.similarity(codes)


def diversify(
    rank: Callable[[int], Recommendations],
    k: int,
    diversity: Diversity,
    categories: np.ndarray,
    similarity: Callable[[np.ndarray], np.ndarray],
) -> Recommendations:
    model = FixedRanking(rank, similarity)
    return recommend_diverse(model, CORNER_SHOP.histories, k=k, diversity=diversity, categories=categories)


def unlike(codes: np.ndarray) -> np.ndarray:
    return np.eye(len(codes), dtype=np.float32)


def twins(codes: np.ndarray) -> np.ndarray:
    """Items 0 and 1, 2 and 3, ... have similarity 1."""
    return (codes[:, None] // 2 == codes // 2).astype(np.float32)


def test_a_cap_keeps_the_best_items_of_each_category():
    categories = np.array([0, 0, 0, 1, -1, -1, -1])

    answer = diversify(ranking([7, 6, 5, 4, 3, 2, 1]), 5, Diversity(2), categories, unlike)

    assert answer.items.tolist() == [[0, 1, 3, 4, 5]]
    assert answer.scores.tolist() == [[7, 6, 4, 3, 2]]
    assert answer.shortfalls == ("",)


@pytest.mark.parametrize(("k", "lengths"), [(2, [8, 16, 32, 64]), (3, [12, 24, 48, 96, 100])])
def test_the_ranking_gets_longer_until_enough_items_fit_under_the_cap(k: int, lengths: list[int]):
    lengths_ranked, full_ranking = list[int](), ranking([float(100 - code) for code in range(100)])

    def rank(length: int) -> Recommendations:
        lengths_ranked.append(length)
        return full_ranking(length)

    answer = diversify(rank, k, Diversity(1), np.repeat([0, 1], 50), unlike)

    assert answer.items[0].tolist() == [0, 50, -1][:k]
    assert lengths_ranked == lengths


def test_a_shortfall_names_the_cap_and_the_number_of_items():
    answer = diversify(ranking([4, 3, 2, 1]), 3, Diversity(1), np.array([0, 0, 1, 1]), unlike)

    assert answer.items.tolist() == [[0, 2, -1]]
    assert answer.shortfalls == ("only 2 of the 4 items left after exclusions keep at most 1 of a category",)
    assert np.isnan(answer.scores[0, 2])


def test_a_shortfall_without_effect_of_the_cap_is_that_of_the_model():
    answer = diversify(ranking([4, 3]), 3, Diversity(1), np.array([0, 1]), unlike)

    assert answer.shortfalls == ("the catalogue has only 2 items",)


def test_with_mmr_1_similar_items_come_last():
    answer = diversify(ranking([6, 5, 4, 3, 2, 1]), 4, Diversity(mmr=1), np.full(6, -1), twins)

    assert answer.items.tolist() == [[0, 2, 4, 1]]


def test_a_small_mmr_only_replaces_items_of_nearly_equal_relevance():
    lists = {
        mmr: diversify(ranking([10, 9.5, 9, 1]), 2, Diversity(mmr=mmr), np.full(4, -1), twins) for mmr in (0.01, 0.2)
    }

    assert lists[0.01].items.tolist() == [[0, 1]]  # .99 * .95 - .01 > .99 * .9
    assert lists[0.2].items.tolist() == [[0, 2]]


def test_the_first_item_of_a_stage_is_as_relevant_as_the_item_before_it():
    stages = ["personal", "personal", "similar_items", "similar_items", "popularity", "popularity"]
    rank = ranking([8, 4, 40, 20, 0.2, 0.1], stages)

    answer = diversify(rank, 6, Diversity(mmr=1e-6), np.full(6, -1), unlike)

    assert answer.items.tolist() == [[0, 1, 2, 3, 4, 5]]


@settings(deadline=None)
@given(six_categories, st.integers(1, 8), st.one_of(st.none(), st.integers(1, 3)), st.floats(0, 1))
@pytest.mark.parametrize("similarity", [unlike, twins])
def test_lists_respect_the_caps_and_are_as_long_as_these_allow(
    similarity: Callable[[np.ndarray], np.ndarray], categories: np.ndarray, k: int, cap: int | None, mmr: float
):
    answer = diversify(ranking([6, 5, 4, 3, 2, 1]), k, Diversity(cap, mmr), categories, similarity)

    shown = answer.items[0][answer.items[0] >= 0]
    counts = Counter(categories.tolist())
    allowed = sum(n if code < 0 or cap is None else min(n, cap) for code, n in counts.items())
    assert len(shown) == len(set(shown.tolist())) == min(k, allowed)
    assert cap is None or all(n <= cap for code, n in Counter(categories[shown].tolist()).items() if code >= 0)
    assert bool(answer.shortfalls[0]) == (len(shown) < k)


@settings(deadline=None)
@given(six_categories, st.integers(1, 8), st.integers(1, 3))
def test_with_mmr_0_the_order_stays(categories: np.ndarray, k: int, cap: int):
    shown = diversify(ranking([6, 5, 4, 3, 2, 1]), k, Diversity(cap), categories, twins).items[0]

    assert (np.diff(shown[shown >= 0]) > 0).all()


@every_recommender
@settings(deadline=None, max_examples=30)
@given(six_categories, st.sets(st.sampled_from(ITEMS)), st.integers(1, 7), st.integers(1, 3), st.floats(0, 1))
def test_every_recommender_respects_exclusions_and_caps(
    recommender: Recommender, categories: np.ndarray, excluded: set[str], k: int, cap: int, mmr: float
):
    histories, exclusions = history("tea", "jam", among=CORNER_SHOP), Exclusions(per_customer=[sorted(excluded)])

    answer = recommend_diverse(
        recommender,
        histories,
        k=k,
        diversity=Diversity(cap, mmr),
        categories=categories,
        exclusions=exclusions,
    )

    shown = answer.items[0][answer.items[0] >= 0]
    left = Counter(categories[[code for code, item in enumerate(ITEMS) if item not in excluded]].tolist())
    assert len(shown) == min(k, sum(n if code < 0 else min(n, cap) for code, n in left.items()))
    assert not excluded & set(CORNER_SHOP.item_ids[shown].tolist())
    assert all(n <= cap for code, n in Counter(categories[shown].tolist()).items() if code >= 0)


@every_recommender
def test_without_diversity_the_list_is_that_of_the_model(recommender: Recommender):
    histories = history("tea", among=CORNER_SHOP)

    answer = recommend_diverse(recommender, histories, k=4, diversity=Diversity(), categories=np.zeros(6, np.int64))

    assert (answer.items == recommender.recommend(histories, 4).items).all()


@pytest.mark.parametrize("cap", [0, -2])
def test_a_cap_below_one_is_refused(cap: int):
    with pytest.raises(BadInput, match=f"at_most_per_category is {cap}"):
        Diversity(cap)


@pytest.mark.parametrize("mmr", [-0.1, 1.1, float("nan")])
def test_mmr_outside_zero_and_one_is_refused(mmr: float):
    with pytest.raises(BadInput, match="mmr is"):
        Diversity(mmr=mmr)


def test_k_below_one_is_refused():
    with pytest.raises(BadInput, match="k is 0"):
        diversify(ranking([1]), 0, Diversity(1), np.array([0]), unlike)


@every_recommender
def test_item_similarity_is_symmetric_matrix_0_and_1_and_1_on_the_diagonal(recommender: Recommender):
    matrix = recommender.similarity_matrix(np.array([4, 1, 5, 0]))

    assert matrix.dtype == np.float32
    assert matrix == pytest.approx(matrix.T, abs=1e-6)
    assert (matrix.diagonal() == 1).all()
    assert (matrix >= 0).all()
    assert (matrix <= 1).all()


@pytest.mark.parametrize("name", ["item_knn", "als"])
def test_items_with_the_same_buyers_are_similar(name: str):
    model = RECOMMENDERS[name]().fit(checkerboard(20), date(2024, 3, 2))

    matrix = model.similarity_matrix(np.array([0, 2, 3, 5]))

    assert matrix[0, 1] > 0.5 > matrix[0, 2]
    assert matrix[2, 3] > 0.5 > matrix[1, 3]


def test_a_model_without_item_similarity_uses_its_similarity_model_or_has_none():
    alone, knn = PersonalFrequency().fit(CORNER_SHOP), ItemKnn().fit(CORNER_SHOP)
    codes = np.arange(6)

    assert (alone.similarity_matrix(codes) == np.eye(6)).all()
    assert (alone.with_similarity_model(knn).similarity_matrix(codes) == knn.similarity_matrix(codes)).all()
    assert (Popularity().fit(CORNER_SHOP).similarity_matrix(codes) == np.eye(6)).all()
