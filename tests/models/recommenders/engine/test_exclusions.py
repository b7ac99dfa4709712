"""Items that no customer may see, as codes or as a mask, in a catalogue in which few or many others remain."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.recommendations import Recommendations
from models.recommenders.engine.exclusions import Exclusions
from models.recommenders.engine.item_popularity import PopularityOrder
from models.recommenders.item_knn import ItemKnn
from tests.baskets import interactions

SHOP = interactions(*(f"c{n % 40:02} 2024-03-{1 + n % 28:02} i{n * n % 97:02} i{n % 89:02}" for n in range(300)))
MODEL = ItemKnn().fit(SHOP)
N_ITEMS = len(SHOP.item_ids)


def recommend(items: np.ndarray) -> Recommendations:
    return MODEL.recommend(SHOP.histories, 6, exclusions=Exclusions(items))


@settings(deadline=None, max_examples=60)
@given(st.one_of(st.sets(st.integers(0, N_ITEMS - 1), max_size=9), st.just(set()), st.just(set(range(N_ITEMS)))))
@pytest.mark.parametrize("few_remain", [False, True])
def test_a_mask_excludes_the_same_items_as_their_codes(few_remain: bool, some: set[int]):
    mask = np.full(N_ITEMS, few_remain)
    mask[list(some)] = not few_remain

    by_mask, by_codes = recommend(mask), recommend(np.flatnonzero(mask))

    np.testing.assert_array_equal(by_mask.items, by_codes.items)
    np.testing.assert_array_equal(by_mask.scores, by_codes.scores)
    assert not mask[by_mask.items[by_mask.items >= 0]].any()


@settings(deadline=None, max_examples=60)
@given(st.sets(st.integers(0, N_ITEMS - 1)))
def test_of_the_items_that_remain_the_most_popular_come_first_however_few_they_are(remaining: set[int]):
    mask = np.ones(N_ITEMS, dtype=np.bool_)
    mask[list(remaining)] = False

    order = PopularityOrder.of(MODEL.popularity_).without(mask)

    assert order.tolist() == sorted(remaining, key=lambda code: (-MODEL.popularity_[code], code))


def test_codes_outside_the_catalogue_exclude_nothing():
    all_items = recommend(np.empty(0, dtype=np.int64))

    np.testing.assert_array_equal(recommend(np.array([-1, N_ITEMS, N_ITEMS + 5])).items, all_items.items)
