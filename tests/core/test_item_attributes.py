"""Attributes of items."""

from __future__ import annotations

import numpy as np

from core.item_attributes import ItemAttributes

PANTRY = ItemAttributes.from_columns(
    ["tea", "jam", "milk"],
    {"category": ["drinks", "pantry", "drinks"], "brand": ["", "Ann", None]},
    price=[3.0, None, 1.5],
)


def values_of(attributes: ItemAttributes, name: str) -> list[str]:
    return np.append(attributes.vocabularies[name], "")[attributes.codes[name]].tolist()


def test_items_are_sorted_with_their_attributes():
    assert PANTRY.item_ids.tolist() == ["jam", "milk", "tea"]
    assert values_of(PANTRY, "category") == ["pantry", "drinks", "drinks"]
    assert values_of(PANTRY, "brand") == ["Ann", "", ""]
    assert np.array_equal(PANTRY.price, np.array([np.nan, 1.5, 3.0], np.float32), equal_nan=True)


def test_attributes_of_unknown_items_are_missing():
    recoded = PANTRY.recode(np.array(["apple", "jam", "zucchini"]))

    assert values_of(recoded, "category") == ["", "pantry", ""]
    assert np.isnan(recoded.price).all()
    assert PANTRY.recode(PANTRY.item_ids) is PANTRY


def test_a_mask_keeps_items_with_their_attributes():
    kept = PANTRY.keep(PANTRY.price > 2)

    assert (kept.item_ids.tolist(), values_of(kept, "category"), len(kept)) == (["tea"], ["drinks"], 1)


def test_values_are_translated_to_the_codes_of_other_items():
    other = ItemAttributes.from_columns(["oil"], {"category": ["pantry"]})

    assert PANTRY.codes_in(other, "category").tolist() == [0, -1, -1]
    assert PANTRY.codes_in(other, "brand").tolist() == [-1, -1, -1]
    assert other.codes_in(PANTRY, "colour").tolist() == [-1]
