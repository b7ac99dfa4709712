"""Candidates instead of all items: the same lists in a large catalogue, whichever model ranks."""

from __future__ import annotations

import pickle
from copy import copy
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.interactions import Interactions
from core.item_attributes import ItemAttributes
from core.recommendations import STAGES, Recommendations
from models.recommenders.catalogue import RECOMMENDERS
from models.recommenders.cold_start.items import add_cold_start_items, find_cold_start_items
from models.recommenders.engine import category_affinity, factors, scoring, season
from models.recommenders.engine.exclusions import Exclusions
from models.recommenders.engine.factors import FactorRecommender
from models.recommenders.engine.row_scores import RowScores, add_rows, join_items
from models.recommenders.engine.scoring import ScoringRecommender

CUTOFF = date(2024, 4, 1)
N_CUSTOMERS, N_ITEMS, N_CATEGORIES = 240, 160, 12
NAMES = [name for name, kind in RECOMMENDERS.items() if issubclass(kind, ScoringRecommender)]
SMALL = {"als": {"n_factors": 8}, "ials": {"n_factors": 8}, "reranked": {"n_trees": 20}}

every_scoring_recommender = pytest.mark.parametrize("name", NAMES)
every_model = pytest.mark.parametrize(
    ("name", "has_new_items"), [(name, new) for name in NAMES for new in (False, True)]
)
numbers = st.lists(st.tuples(st.integers(0, 49), st.floats(0.125, 8, width=32)), max_size=40)


@pytest.fixture(autouse=True)
def few_candidates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every catalogue is large, and few items are candidates: most lists need the fallbacks, too."""
    monkeypatch.setattr(scoring, "MANY_ITEMS", 0)
    monkeypatch.setattr(factors, "N_FIRST", 20)
    monkeypatch.setattr(factors, "N_KNOWN", 10)
    monkeypatch.setattr(factors, "MAX_COPIED", 30)
    monkeypatch.setattr(factors, "FEW", 0.9)
    monkeypatch.setattr(season, "N_BEST_SELLERS", 12)
    monkeypatch.setattr(category_affinity, "N_BEST_SELLERS", 2)


@cache
def purchases() -> Interactions:
    """Customers with one of three tastes; some buy on one day, some on twelve."""
    random = np.random.default_rng(5)
    n_lines = 4 * random.integers(1, 12, N_CUSTOMERS)
    customers = np.repeat(np.arange(N_CUSTOMERS), n_lines)
    items = (N_ITEMS * random.random(len(customers)) ** 3).astype(np.int32) // 3 * 3 + customers % 3
    days = np.concatenate([np.sort(random.integers(1, 88, n // 4).repeat(4))[::-1] for n in n_lines])
    return Interactions(
        customer_ids=np.array([f"c{n:03}" for n in range(N_CUSTOMERS)]),
        item_ids=np.array([f"i{n:03}" for n in range(N_ITEMS)]),
        indptr=np.concatenate([[0], np.cumsum(n_lines)]),
        items=np.minimum(items, N_ITEMS - 1).astype(np.int32),
        times=np.datetime64(CUTOFF, "s") - days.astype("timedelta64[D]"),
        quantities=np.ones(len(customers), dtype=np.float32),
        orders=np.arange(len(customers)) // 4,
        item_categories=(np.arange(N_ITEMS) % (N_CATEGORIES + 1) - 1).astype(np.int32),
    )


@cache
def fit_model(name: str, *, has_new_items: bool = False, popularity_power: float | None = None) -> ScoringRecommender:
    changes: dict[str, Any] = {} if popularity_power is None else {"popularity_power": popularity_power}
    kind = RECOMMENDERS[name]
    model = cast(ScoringRecommender, kind(**SMALL.get(name, {}), **changes).fit(purchases(), CUTOFF))
    if not has_new_items:
        return model
    old = ItemAttributes.from_columns(model.item_ids, {"category": [f"k{n % 7}" for n in range(N_ITEMS)]})
    new = ItemAttributes.from_columns([f"i{n:03}+" for n in range(0, N_ITEMS, 9)], {"category": ["k1", "k2"] * 9})
    return cast(ScoringRecommender, add_cold_start_items(model, find_cold_start_items(old, new)))


@every_model
@settings(deadline=None, max_examples=25)
@given(row=st.integers(0, N_CUSTOMERS - 1), weeks=st.integers(0, 3))
def test_a_row_has_the_scores_of_all_items_and_no_other_item_exceeds_its_bound(
    name: str, row: int, weeks: int, *, has_new_items: bool
):
    model = fit_model(name, has_new_items=has_new_items)
    history = purchases().histories.take(np.array([row])).recode(model.item_ids)
    cutoff = (np.datetime64(CUTOFF) + 7 * weeks).astype(date)

    scores = model.scores(history, cutoff)[0]
    candidates = model.score_row(history, cutoff)

    codes = np.arange(len(scores))
    np.testing.assert_allclose(candidates.score_items(codes), scores, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(candidates.scores, scores[candidates.items], rtol=1e-4, atol=1e-6)
    assert np.delete(scores, candidates.items).max(initial=0) <= candidates.bound + 1e-6
    assert len(np.unique(candidates.items)) == len(candidates.items)


@every_scoring_recommender
@pytest.mark.parametrize("row", [0, 7, 31])
def test_rows_count_popularity_by_the_power_that_is_set(name: str, row: int):
    model, history = fit_model(name, popularity_power=0.7), purchases().histories.take(np.array([row]))

    scores = model.score_row(history, CUTOFF).score_items(np.arange(N_ITEMS))

    assert scores == pytest.approx(model.scores(history, CUTOFF)[0], rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("row", [0, 7, 31])
def test_contributions_of_reranked_items_sum_to_the_score_before_popularity_counts(row: int):
    model, history = fit_model("reranked", popularity_power=0.7), purchases().histories.take(np.array([row]))

    _, contributions = model.contributions(history, 0, items=np.arange(N_ITEMS), cutoff=CUTOFF)

    raw, explained = model._raw_scores(history, CUTOFF)[0], contributions.sum(axis=0)
    assert explained[explained > 0] == pytest.approx(raw[explained > 0], rel=1e-4, abs=1e-6)
    assert (explained > 0).any()


@every_model
@settings(deadline=None, max_examples=25)
@given(
    row=st.integers(0, N_CUSTOMERS - 1),
    unavailable=st.one_of(st.just(range(0)), st.builds(range, st.integers(0, 150), st.just(N_ITEMS))),
    excluded=st.lists(st.integers(0, N_ITEMS - 1).map("i{:03}".format), max_size=30),
    k=st.integers(1, 60),
    seen=st.booleans(),
    discovery=st.sampled_from([0.0, 0.5]),
)
def test_lists_from_candidates_are_those_from_all_items(
    name: str, row: int, unavailable: range, excluded: list[str], k: int, seen: bool, discovery: float,
    *, has_new_items: bool,
):  # fmt: skip
    model = fit_model(name, has_new_items=has_new_items)
    history = purchases().histories.take(np.array([row]))
    exclusions = Exclusions(np.array(unavailable, dtype=np.int64), [excluded], seen, discovery=discovery)

    from_candidates = model.recommend(history, k, exclusions=exclusions)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scoring, "MANY_ITEMS", 1_000)
        from_all = model.recommend(history, k, exclusions=exclusions)

    assert_same_lists(from_candidates, from_all)


@every_scoring_recommender
def test_lists_of_many_customers_are_those_of_each_alone(name: str):
    model, some = fit_model(name), np.arange(0, N_CUSTOMERS, 20)

    together = model.recommend(purchases().histories.take(some), 10)

    for place, row in enumerate(some):
        alone = model.recommend(purchases().histories.take(np.array([row])), 10)
        np.testing.assert_array_equal(together.items[place], alone.items[0])
        np.testing.assert_array_equal(together.contributors[place], alone.contributors[0])


@every_scoring_recommender
def test_a_fit_forgets_the_last_answer(name: str):
    first, history = fit_model(name), purchases().histories.take(np.array([7]))
    expected = first.recommend(history, 10, cutoff=CUTOFF)
    model = RECOMMENDERS[name](**SMALL.get(name, {})).fit(exchange_items(), CUTOFF)
    model.recommend(history, 10, cutoff=CUTOFF)

    answer = model.fit(purchases(), CUTOFF).recommend(history, 10, cutoff=CUTOFF)

    np.testing.assert_array_equal(answer.items, expected.items)


@pytest.mark.parametrize("name", ["als", "ials"])
def test_a_model_whose_scores_are_noise_lists_best_sellers_without_scoring_all_items(
    name: str, monkeypatch: pytest.MonkeyPatch
):
    model = cast(FactorRecommender, copy(fit_model(name)))
    model.factors_, model.ridge_ = model.factors_ * np.float32(1e-5), model.ridge_ + 1e5
    monkeypatch.setattr(type(model), "scores", None)

    answer = model.recommend(purchases().histories.take(np.array([7])), 10)

    assert set(answer.stages[0].tolist()) == {STAGES.index("popularity")}


@every_model
def test_a_pickled_model_gives_the_same_lists(name: str, *, has_new_items: bool):
    model, history = fit_model(name, has_new_items=has_new_items), purchases().histories.take(np.array([7]))
    expected = model.recommend(history, 10)

    copied = pickle.loads(pickle.dumps(model))  # noqa: S301 - the bytes are ours

    np.testing.assert_array_equal(copied.recommend(history, 10).items, expected.items)


def exchange_items() -> Interactions:
    """The same customers with each other's items."""
    return replace(purchases(), items=purchases().items[::-1].copy())


@given(numbers)
def test_parts_of_the_same_item_add_up(parts: list[tuple[int, float]]):
    items, values = np.array([item for item, _ in parts], np.int64), np.array([value for _, value in parts], np.float32)

    row = RowScores.sum_parts(items, values, n_items=50)

    expected = np.bincount(items, values, minlength=50)
    np.testing.assert_allclose(row.score_items(np.arange(50)), expected, rtol=1e-5)
    assert sorted(row.items.tolist()) == np.flatnonzero(expected).tolist()


@given(numbers, numbers)
def test_a_sum_of_rows_scores_each_item_in_both(one: list[tuple[int, float]], other: list[tuple[int, float]]):
    rows = [
        RowScores.sum_parts(np.array([i for i, _ in some], np.int64), np.array([v for _, v in some]), n_items=50)
        for some in (one, other)
    ]

    total = add_rows(rows)

    expected = sum((row.score_items(np.arange(50)) for row in rows), np.zeros(50, np.float32))
    np.testing.assert_allclose(total.score_items(np.arange(50)), expected, rtol=1e-5)
    assert set(total.items.tolist()) == {*rows[0].items.tolist(), *rows[1].items.tolist()}


@given(st.lists(st.lists(st.integers(0, 49), max_size=20), min_size=1, max_size=4))
def test_joined_items_are_those_of_all_parts_each_once(parts: list[list[int]]):
    joined = join_items([np.array(part, np.int64) for part in parts], n_items=50)

    assert sorted(joined.tolist()) == sorted({item for part in parts for item in part})


def test_a_bound_says_how_many_of_the_best_are_known():
    row = RowScores(
        np.array([3, 8, 5]),
        np.array([0.9, 0.2, 0.5], np.float32),
        10,
        0.4,
        lambda items: np.zeros(len(items), np.float32),
    )

    assert row.knows_best
    assert row.knows_nth_best(2)
    assert not row.knows_nth_best(3)
    assert not row.knows_nth_best(4)
    assert replace(row, bound=0.0).knows_nth_best(4)


def assert_same_lists(one: Recommendations, other: Recommendations) -> None:
    """The same scores, and the same items but for those whose scores differ by rounding only."""
    np.testing.assert_allclose(one.scores, other.scores, rtol=1e-4, atol=1e-6)
    differs = one.items[0] != other.items[0]
    for place in np.flatnonzero(differs):
        near = np.isclose(other.scores[0], other.scores[0, place], rtol=1e-4, atol=1e-6)
        assert near.sum() > 1 or place == len(differs) - 1
