"""What items are."""

from __future__ import annotations

import numpy as np

from core.item_attributes import ItemAttributes

PANTRY = ItemAttributes.of(
    ["tea", "jam", "milk"], {"category": ["drinks", "pantry", "drinks"], "brand": ["", "Ann", None]}, [3.0, None, 1.5]
)


def words(attributes: ItemAttributes, name: str) -> list[str]:
    return np.append(attributes.words[name], "")[attributes.codes[name]].tolist()


def test_items_are_sorted_and_keep_what_is_theirs():
    assert PANTRY.item_ids.tolist() == ["jam", "milk", "tea"]
    assert words(PANTRY, "category") == ["pantry", "drinks", "drinks"]
    assert words(PANTRY, "brand") == ["Ann", "", ""]
    assert np.array_equal(PANTRY.price, np.array([np.nan, 1.5, 3.0], np.float32), equal_nan=True)


def test_of_other_items_only_what_is_known_is_said():
    there = PANTRY.recode(np.array(["apple", "jam", "zucchini"]))

    assert words(there, "category") == ["", "pantry", ""]
    assert np.isnan(there.price).all()
    assert PANTRY.recode(PANTRY.item_ids) is PANTRY


def test_a_mask_keeps_items_and_their_words():
    kept = PANTRY.only(PANTRY.price > 2)

    assert (kept.item_ids.tolist(), words(kept, "category"), len(kept)) == (["tea"], ["drinks"], 1)


def test_words_are_found_among_anothers_words():
    other = ItemAttributes.of(["oil"], {"category": ["pantry"]})

    assert PANTRY.in_words_of(other, "category").tolist() == [0, -1, -1]
    assert PANTRY.in_words_of(other, "brand").tolist() == [-1, -1, -1]
    assert other.in_words_of(PANTRY, "colour").tolist() == [-1]
