"""Cold start of items: items without any purchase."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadInput
from core.interactions import Histories
from core.item_attributes import ItemAttributes
from core.recommendations import STAGES
from models.artifact import Artifact
from models.recommenders.catalogue import RECOMMENDERS
from models.recommenders.cold_start.items import (
    ColdStartItems,
    add_cold_start_items,
    attribute_similarity,
    find_cold_start_items,
)
from models.recommenders.engine.base import Recommender
from models.recommenders.engine.exclusions import Exclusions
from models.recommenders.engine.scoring import ScoringRecommender
from models.recommenders.item_knn import ItemKnn
from models.recommenders.personal_frequency import PersonalFrequency
from models.recommenders.popularity import Popularity
from tests.baskets import history, interactions
from tests.corner_shop import CORNER_SHOP, fit_every_recommender

KNOWN = ItemAttributes.from_columns(
    ["bread", "butter", "jam", "milk", "salt", "tea"],
    {"category": ["bakery", "dairy", "pantry", "dairy", "pantry", "drinks"]},
    price=[3.0, 2.0, 4.0, 1.0, 1.0, 4.0],
)
NEW = ItemAttributes.from_columns(
    ["cocoa", "honey", "quark", "rolls", "tea", "zinc"],
    {"category": ["drinks", "pantry", "dairy", "bakery", "drinks", None]},
    price=[8.0, 4.0, None, 3.0, 4.0, None],
)
NEW_ITEMS = find_cold_start_items(KNOWN, NEW)
FITTED = fit_every_recommender(CORNER_SHOP)
FITTED["with_similarity_model"] = PersonalFrequency().fit(CORNER_SHOP).with_similarity_model(ItemKnn().fit(CORNER_SHOP))
EXTENDED = {name: add_cold_start_items(model, NEW_ITEMS) for name, model in FITTED.items()}
SCORING = {name: model for name, model in FITTED.items() if isinstance(model, ScoringRecommender)}
CUTOFF = date(2024, 3, 1)
ALL_ITEMS = sorted([*KNOWN.item_ids.tolist(), "cocoa", "honey", "quark", "rolls", "zinc"])

every_recommender = pytest.mark.parametrize("name", FITTED)
every_scoring_recommender = pytest.mark.parametrize("name", SCORING)
item_lists = st.lists(st.sampled_from([*ALL_ITEMS, "unheard-of"]), max_size=6)


def history_of_all_items(*item_ids: str) -> Histories:
    return Histories.of_items([item_ids], np.array(ALL_ITEMS), now=np.datetime64("2024-03-01", "s"))


def neighbours(item: str) -> dict[str, float]:
    row = NEW_ITEMS.matrix[[NEW_ITEMS.item_ids.tolist().index(item)]]
    return dict(zip(KNOWN.item_ids[row.indices].tolist(), row.data.tolist(), strict=True))


def test_similarity_is_the_mean_of_equal_values_and_the_ratio_of_prices():
    assert neighbours("honey") == {"jam": 1, "salt": pytest.approx((1 + 1 / 4) / 2)}
    assert neighbours("cocoa") == {"tea": pytest.approx((1 + 1 / 2) / 2)}
    assert neighbours("quark") == {"butter": 1, "milk": 1}  # its price is not known


def test_an_item_without_attributes_has_no_neighbours():
    assert neighbours("zinc") == {}


@pytest.mark.parametrize("columns", [{"category": [None]}, {}])
def test_nothing_is_similar_by_its_price_alone(columns: dict[str, list[str | None]]):
    price_only = ItemAttributes.from_columns(["pin"], columns, price=[2.0])

    assert not attribute_similarity(price_only, KNOWN).any()
    assert len(find_cold_start_items(KNOWN, price_only).neighbours) == 0


def test_a_price_of_zero_is_missing():
    free = ItemAttributes.from_columns(["pin"], {"category": ["dairy"]}, price=[0.0])

    assert attribute_similarity(free, KNOWN)[0].tolist() == [0, 1, 0, 1, 0, 0]


def test_purchased_items_are_no_cold_start_items_and_the_nearest_neighbours_are_kept():
    assert NEW_ITEMS.item_ids.tolist() == ["cocoa", "honey", "quark", "rolls", "zinc"]
    assert find_cold_start_items(KNOWN, NEW, n_neighbours=1).matrix[[1]].indices.tolist() == [
        KNOWN.item_ids.tolist().index("jam")
    ]


def test_values_are_compared_by_text_and_not_by_code():
    cheese = ItemAttributes.from_columns(["cheese"], {"category": ["dairy"], "colour": ["yellow"]})

    assert attribute_similarity(cheese, KNOWN)[0].tolist() == [0, 0.5, 0, 0.5, 0, 0]


@every_scoring_recommender
def test_a_new_item_scores_the_discounted_mean_of_its_neighbours_and_old_items_are_unchanged(name: str):
    inner, extended = SCORING[name], add_cold_start_items(FITTED[name], NEW_ITEMS, discount=0.25)
    assert isinstance(extended, ScoringRecommender)
    histories = history("tea", "jam", among=CORNER_SHOP)

    before = dict(zip(CORNER_SHOP.item_ids.tolist(), inner.scores(histories, CUTOFF)[0].tolist(), strict=True))
    after = dict(zip(ALL_ITEMS, extended.scores(histories.recode(extended.item_ids), CUTOFF)[0].tolist(), strict=True))

    assert {item: after[item] for item in before} == before
    assert after["honey"] == pytest.approx(0.25 * (before["jam"] + 0.625 * before["salt"]) / 1.625, rel=1e-5)
    assert after["zinc"] == 0


@every_scoring_recommender
def test_scores_are_the_sums_of_contributions_times_the_popularity_factor(name: str):
    extended = EXTENDED[name]
    assert isinstance(extended, ScoringRecommender)
    histories = history_of_all_items("tea", "jam", "honey")
    items = np.array([10, 3, 0, 4, 9])

    _, contributions = extended.contributions(histories, 0, items=items, cutoff=CUTOFF)

    assert contributions.sum(axis=0) == pytest.approx(extended._raw_scores(histories, CUTOFF)[0, items], abs=1e-6)
    assert extended._raw_scores(histories, CUTOFF) * extended._popularity_factor(CUTOFF) == pytest.approx(
        extended.scores(histories, CUTOFF), abs=1e-6
    )


@every_recommender
def test_a_new_item_has_the_discounted_popularity_of_its_neighbours_and_no_gap(name: str):
    extended, before = EXTENDED[name], FITTED[name].popularity_
    of_rolls, of_cocoa = (int(np.searchsorted(extended.item_ids, item)) for item in ("rolls", "cocoa"))

    assert extended.item_ids.tolist() == ALL_ITEMS
    assert extended.popularity_[of_rolls] == pytest.approx(before[0] / 2)
    assert extended.popularity_[of_cocoa] == pytest.approx(before[5] / 2)
    assert np.isnan(extended.gaps_[of_rolls])


@every_recommender
@settings(deadline=None, max_examples=40)
@given(item_lists, item_lists, st.sets(st.integers(0, 10)), st.integers(1, 13), st.booleans(), st.booleans())
def test_lists_have_k_allowed_items_old_and_new_or_a_reason(
    name: str, before: list[str], excluded: list[str], unavailable: set[int], k: int, seen: bool, not_due: bool
):
    extended = EXTENDED[name]
    histories = history_of_all_items(*before)
    exclusions = Exclusions(np.array(sorted(unavailable), dtype=np.int32), [excluded], seen, not_due)

    answer = extended.recommend(histories, k, cutoff=date(2024, 3, 2), exclusions=exclusions)

    excluded_items = (
        set(excluded) | {ALL_ITEMS[code] for code in unavailable} | (set(before) if seen or not_due else set())
    )
    shown = [item for item in answer.item_id[0].tolist() if item]
    assert not excluded_items & set(shown)
    assert len(shown) == len(set(shown)) == min(k, len(set(ALL_ITEMS) - excluded_items))
    assert bool(answer.shortfalls[0]) == (len(shown) < k)


@every_recommender
def test_a_purchased_new_item_counts_as_seen(name: str):
    extended = EXTENDED[name]
    histories = history_of_all_items("honey", "tea")

    assert "honey" not in extended.recommend(histories, 11, exclusions=Exclusions(seen=True)).item_id[0]
    assert "honey" in extended.recommend(histories, 11).item_id[0]


@every_recommender
def test_new_items_do_not_change_the_order_of_the_others(name: str):
    histories = history("tea", "jam", among=CORNER_SHOP)

    before, after = (model.recommend(histories, 11) for model in (FITTED[name], EXTENDED[name]))

    kept = np.isin(after.item_id[0], KNOWN.item_ids)
    assert after.item_id[0][kept].tolist() == before.item_id[0][:6].tolist()
    assert after.stages[0][kept].tolist() == before.stages[0][:6].tolist()


def test_a_new_item_is_explained_by_the_history():
    answer = EXTENDED["item_knn"].recommend(history("milk", among=CORNER_SHOP), 11, exclusions=Exclusions(seen=True))

    place = answer.item_id[0].tolist().index("cocoa")  # like tea, which is bought with milk
    assert STAGES[answer.stages[0, place]] == "similar_items"
    assert answer.item_ids[answer.contributors[0, place]] == "milk"


@every_recommender
def test_a_new_item_is_similar_to_its_neighbours_and_other_items_are_unchanged(name: str):
    similar = EXTENDED[name].similar_items("honey", 5)

    assert [item for item, _ in similar] == ["jam", "salt"]
    assert EXTENDED[name].similar_items("tea", 3) == FITTED[name].similar_items("tea", 3)
    assert EXTENDED[name].similar_items("unheard-of", 3) == []


@every_recommender
def test_new_items_are_similar_to_their_neighbours_and_through_common_neighbours(name: str):
    extended = EXTENDED[name]
    codes = np.array([ALL_ITEMS.index(item) for item in ("honey", "jam", "tea", "cocoa", "zinc")])

    matrix = extended.similarity_matrix(codes)

    assert matrix[0, 1] == matrix[1, 0] == 1
    assert matrix[0, 2] == matrix[0, 3] == matrix[0, 4] == 0
    assert matrix[1, 2] == pytest.approx(FITTED[name].similarity_matrix(np.array([2, 5]))[0, 1])
    assert (matrix.diagonal() == 1).all()


@every_recommender
def test_the_model_and_its_cold_start_items_are_stored_separately(name: str, tmp_path: Path):
    extended = EXTENDED[name]
    extended.to_artifact().write(tmp_path / "model")
    NEW_ITEMS.to_artifact().write(tmp_path / "new_items")

    stored = Artifact.read(tmp_path / "model", memory_map=True)
    inner = RECOMMENDERS[stored.model].from_artifact(stored)
    if FITTED[name].similarity_model_ is not None:
        inner = inner.with_similarity_model(FITTED["item_knn"])
    read = add_cold_start_items(
        inner, ColdStartItems.from_artifact(Artifact.read(tmp_path / "new_items", memory_map=True))
    )

    assert (read.name, read.settings) == (FITTED[name].name, FITTED[name].settings)
    assert (read.recommend(CORNER_SHOP.histories, 9).items == extended.recommend(CORNER_SHOP.histories, 9).items).all()


@every_recommender
def test_a_list_does_not_depend_on_the_other_customers(name: str):
    together = EXTENDED[name].recommend(CORNER_SHOP.histories, 9)

    alone = EXTENDED[name].recommend(CORNER_SHOP.histories.take(np.array([3])), 9)

    assert (alone.items[0] == together.items[3]).all()
    assert (alone.contributors[0] == together.contributors[3]).all()


def test_without_new_items_the_model_is_unchanged():
    assert add_cold_start_items(FITTED["als"], find_cold_start_items(KNOWN, KNOWN)) is FITTED["als"]


def test_cold_start_items_of_another_catalogue_are_refused():
    model: Recommender = Popularity().fit(interactions("ada 2024-02-01 tea"))

    with pytest.raises(BadInput, match="refer to a catalogue of 6 items, popularity has 1"):
        add_cold_start_items(model, NEW_ITEMS)


def test_an_extended_model_cannot_be_fitted():
    with pytest.raises(BadInput, match="fit als first"):
        EXTENDED["als"].fit(CORNER_SHOP)
