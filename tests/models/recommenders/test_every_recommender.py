"""Laws that hold for every recommender in the catalogue."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadInput, NotEnoughHistory
from core.interactions import Histories
from core.recommendations import STAGES, Recommendations
from models.artifact import Artifact
from models.recommenders.catalogue import RECOMMENDERS
from models.recommenders.engine import base
from models.recommenders.engine.base import Recommender
from models.recommenders.engine.exclusions import Exclusions
from models.recommenders.reranked import Reranked
from tests.baskets import checkerboard, history, interactions

SMALL = {"als": {"n_factors": 4}, "ials": {"n_factors": 4}}
WORLD = interactions(
    "ada 2024-02-01 tea milk", "ada 2024-02-20 tea", "bo 2024-02-03 tea milk jam", "cyd 2024-02-10 jam bread",
    "dee 2024-02-11 bread butter jam", "eve 2024-01-05 salt", "- 2024-02-12 bread salt", "- 2024-02-14 bread",
)  # fmt: skip
FITTED = {name: kind(**SMALL.get(name, {})).fit(WORLD) for name, kind in RECOMMENDERS.items()}
ITEMS = WORLD.item_ids.tolist()
CROWD = interactions(
    *(
        f"c{n:02} 2024-0{month}-{1 + n % 28:02} {ITEMS[n % 6]} {ITEMS[(n + month * (n % 3)) % 6]}"
        for n in range(90)
        for month in (1, 2, 3)
    )
)
"The same items, with enough customers to fit reranking trees."
RERANKED_BY_TREES = Reranked(n_trees=20).fit(CROWD)

every_recommender = pytest.mark.parametrize("recommender", FITTED.values(), ids=FITTED.keys())
every_fitted_recommender = pytest.mark.parametrize(
    "recommender", [*FITTED.values(), RERANKED_BY_TREES], ids=[*FITTED.keys(), "reranked by trees"]
)
item_lists = st.lists(st.sampled_from([*ITEMS, "unheard-of"]), max_size=8)


def before_fit(recommender: Recommender) -> Recommender:
    """A model of the same kind and settings, before its fit."""
    return cast(Callable[..., Recommender], type(recommender))(**recommender.settings)


def same(one: Recommendations, other: Recommendations) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(other, name), equal_nan=name == "scores")
        for name in ("items", "scores", "stages", "contributors", "shortfalls")
    )


def test_the_reranker_of_a_crowd_has_trees():
    assert RERANKED_BY_TREES.n_trees_ == 20


@every_fitted_recommender
@settings(deadline=None, max_examples=40)
@given(item_lists, item_lists, st.sets(st.integers(0, 5)), st.integers(1, 9), st.booleans())
def test_lists_have_k_allowed_items_or_a_reason(
    recommender: Recommender, bought_before: list[str], excluded: list[str], unavailable: set[int], k: int, seen: bool
):
    excluded_items = set(excluded) | {ITEMS[code] for code in unavailable} | (set(bought_before) if seen else set())
    exclusions = Exclusions(np.array(sorted(unavailable), dtype=np.int32), [excluded], seen)

    answer = recommender.recommend(history(*bought_before, among=WORLD), k, exclusions=exclusions)

    shown = [item for item in answer.item_id[0].tolist() if item]
    assert len(shown) == len(set(shown)) == min(k, len(set(ITEMS) - excluded_items))
    assert not excluded_items & set(shown)
    assert bool(answer.shortfalls[0]) == (len(shown) < k)
    assert (answer.items[0, len(shown) :] == -1).all()


@every_fitted_recommender
@settings(deadline=None, max_examples=40)
@given(bought_before=item_lists, k=st.integers(1, 9))
def test_contributors_are_items_of_the_history_and_popularity_has_none(
    recommender: Recommender, bought_before: list[str], k: int
):
    answer = recommender.recommend(history(*bought_before, among=WORLD), k)

    popular = answer.stages == STAGES.index("popularity")
    assert (answer.contributors[popular] == -1).all()
    assert {ITEMS[code] for code in answer.contributors[~popular & (answer.items >= 0)]} <= set(bought_before)


@every_fitted_recommender
def test_a_list_without_explanations_has_the_same_items_and_no_contributors(recommender: Recommender):
    explained = recommender.recommend(CROWD.histories, 6)

    answer = recommender.recommend(CROWD.histories, 6, explains=False)

    np.testing.assert_array_equal(answer.items, explained.items)
    np.testing.assert_array_equal(answer.scores, explained.scores)
    assert (answer.contributors == -1).all()


@every_fitted_recommender
def test_scores_descend_within_a_stage(recommender: Recommender):
    answer = recommender.recommend(WORLD.histories, 6)

    for scores, stages in zip(answer.scores, answer.stages, strict=True):
        assert all((np.diff(scores[stages == stage]) <= 0).all() for stage in range(len(STAGES)))


@every_fitted_recommender
def test_a_list_does_not_depend_on_the_other_customers(recommender: Recommender, monkeypatch: pytest.MonkeyPatch):
    one_block = recommender.recommend(WORLD.histories, 4, exclusions=Exclusions(seen=True))

    monkeypatch.setattr(base, "CELLS_AT_ONCE", 2 * len(ITEMS))
    in_blocks = recommender.recommend(WORLD.histories, 4, exclusions=Exclusions(seen=True))
    alone = recommender.recommend(WORLD.histories.take(np.array([3])), 4, exclusions=Exclusions(seen=True))

    assert (in_blocks.items == one_block.items).all()
    assert (alone.items[0] == one_block.items[3]).all()
    assert alone.scores[0] == pytest.approx(one_block.scores[3], abs=1e-6, nan_ok=True)


@every_recommender
@pytest.mark.parametrize("bought_before", [(), ("unheard-of",)])
def test_an_unknown_customer_gets_popular_items(recommender: Recommender, bought_before: tuple[str, ...]):
    answer = recommender.recommend(history(*bought_before, among=WORLD), 2)

    assert answer.item_id.tolist() == [["bread", "tea"]]
    assert (answer.stages == STAGES.index("popularity")).all()


@every_fitted_recommender
def test_a_k_above_the_size_of_the_catalogue_gives_all_items_and_a_reason(recommender: Recommender):
    answer = recommender.recommend(history("tea", among=WORLD), 50)

    assert sorted(answer.item_id[0][:6]) == ITEMS
    assert answer.shortfalls == ("the catalogue has only 6 items",)
    assert np.isnan(answer.scores[0, 6:]).all()


@every_fitted_recommender
def test_excluding_all_items_gives_an_empty_list_and_a_reason(recommender: Recommender):
    answer = recommender.recommend(history("tea", among=WORLD), 3, exclusions=Exclusions(per_customer=[ITEMS]))

    assert (answer.items == -1).all()
    assert answer.shortfalls == ("only 0 items are left after exclusions",)


@every_fitted_recommender
def test_a_catalogue_of_one_item_recommends_it(recommender: Recommender):
    alone = before_fit(recommender).fit(interactions("ada 2024-02-01 tea"))

    assert alone.recommend(history("tea", among=WORLD), 1).item_id.tolist() == [["tea"]]
    assert alone.similar_items("tea", 3) == []


@every_fitted_recommender
def test_anonymous_purchases_alone_give_popular_items(recommender: Recommender):
    fitted = before_fit(recommender).fit(interactions("- 2024-02-01 tea jam", "- 2024-02-01 jam"))

    assert fitted.recommend(history("tea", among=WORLD), 2, exclusions=Exclusions(seen=True)).item_id[0, 0] == "jam"


@every_fitted_recommender
def test_no_purchase_before_the_cutoff_is_not_enough_history(recommender: Recommender):
    with pytest.raises(NotEnoughHistory, match="no item was bought"):
        before_fit(recommender).fit(WORLD, date(2023, 1, 1))


@every_fitted_recommender
def test_k_below_one_and_misaligned_exclusions_are_refused(recommender: Recommender):
    with pytest.raises(BadInput, match="k is 0"):
        recommender.recommend(WORLD.histories, 0)
    with pytest.raises(BadInput, match="1 lists of excluded items for 5 customers"):
        recommender.recommend(WORLD.histories, 1, exclusions=Exclusions(per_customer=[["tea"]]))


@every_fitted_recommender
def test_no_histories_give_no_lists(recommender: Recommender):
    assert len(recommender.recommend(WORLD.histories.take(np.array([], dtype=np.int64)), 3)) == 0


@every_fitted_recommender
@pytest.mark.parametrize("mapped", [False, True])
def test_the_stored_model_gives_the_same_lists(recommender: Recommender, mapped: bool, tmp_path: Path):
    recommender.to_artifact().write(tmp_path)
    read = type(recommender).from_artifact(Artifact.read(tmp_path, memory_map=mapped))

    assert read.settings == recommender.settings
    assert same(read.recommend(WORLD.histories, 4), recommender.recommend(WORLD.histories, 4))
    assert read.similar_items("tea", 3) == recommender.similar_items("tea", 3)


@every_recommender
def test_the_same_settings_and_purchases_give_the_same_model(recommender: Recommender):
    again = before_fit(recommender).fit(WORLD)

    assert same(again.recommend(WORLD.histories, 4), recommender.recommend(WORLD.histories, 4))


@every_recommender
def test_purchases_after_the_cutoff_are_not_fitted(recommender: Recommender):
    cutoff = date(2024, 2, 15)
    early, all_of_it = (before_fit(recommender).fit(log, cutoff) for log in (WORLD.before(cutoff), WORLD))

    assert same(early.recommend(WORLD.histories, 4), all_of_it.recommend(WORLD.histories, 4))


@every_fitted_recommender
def test_a_history_in_the_codes_of_another_catalogue_gives_the_same_list(recommender: Recommender):
    wider = np.unique(np.append(WORLD.item_ids, ["apple", "zucchini"]))
    recoded = Histories.of_items([["tea", "apple", "jam"]], wider, now=np.datetime64("2024-03-01", "s"))

    assert same(recommender.recommend(recoded, 4), recommender.recommend(history("tea", "jam", among=WORLD), 4))


@every_fitted_recommender
def test_a_history_of_a_hundred_thousand_lines_gives_a_full_list(recommender: Recommender):
    long = history(*np.resize(ITEMS, 100_000).tolist(), among=WORLD)

    answer = recommender.recommend(long, 3)

    assert (answer.items >= 0).all()


@pytest.mark.parametrize("name", ["item_knn", "als"])
def test_checkerboard_lists_start_with_the_missing_item(name: str):
    likes = checkerboard(50)

    answer = RECOMMENDERS[name]().fit(likes).recommend(likes.histories, 1, exclusions=Exclusions(seen=True))

    assert (answer.items[:, 0] == np.arange(50)).all()


@pytest.mark.parametrize("name", ["item_knn", "als"])
def test_items_bought_by_the_same_customers_are_similar(name: str):
    recommender = RECOMMENDERS[name]().fit(checkerboard(50))

    similar = recommender.similar_items("0004", 24)

    assert sorted(item for item, _ in similar) == [f"{number:04d}" for number in range(0, 50, 2) if number != 4]
    assert [score for _, score in similar] == sorted((score for _, score in similar), reverse=True)


@every_fitted_recommender
def test_an_unknown_item_has_no_similar_items(recommender: Recommender):
    assert recommender.similar_items("unheard-of", 3) == []
