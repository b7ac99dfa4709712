"""Adds items that were reported since the release to its recommender.

    release     jam   milk   tea          codes 0 1 2
    reported               oolong
    extended    jam   milk   oolong  tea  codes 0 1 2 3

A new item borrows the scores of the items that its category, brand, ... and price resemble, as new items of a release
do (`models/recommenders/cold_start/items.py`). Only what has a row for each item is made anew. Customers' purchases
stay in the codes of the release and are translated when they are read; customers' precomputed lists lack the new items
and are not used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.events import ItemChange
from core.interactions import codes_of
from core.item_attributes import ItemAttributes
from models.recommenders.cold_start.items import ColdStartItems, add_cold_start_items, find_cold_start_items
from serving.release.customer_part import MovedItems
from serving.release.item_part import ItemPart
from serving.release.lookup import PackedJson
from serving.release.recommender_part import RecommenderPart

MAX_ADDED = 10_000
"New items that are recommended before the next release; the ones reported first leave."
NO_DESCRIPTION = msgspec.Raw(b"{}")


@dataclass(frozen=True)
class MovedDescriptions(PackedJson):
    """Descriptions of items by other codes; empty for items without one."""

    rows: NDArray[np.int32]
    "(m,) where each item's description is, -1 for none."

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, row: int) -> msgspec.Raw:
        """The text of a row, ready for a response."""
        place = int(self.rows[row])
        return NO_DESCRIPTION if place < 0 else super().__getitem__(place)


@dataclass(frozen=True)
class AddedItems:
    """Items that a release does not have, and the items of the release that they resemble."""

    changes: Mapping[str, ItemChange]
    "What was reported of each item."
    neighbours: ColdStartItems
    "In the codes of the released model."

    @classmethod
    def find(cls, part: RecommenderPart, changes: Mapping[str, ItemChange], *, before: AddedItems | None) -> AddedItems:
        """Look up the neighbours of items, those excepted that are the same as `before`, on the same part."""
        kept = np.zeros(0, dtype=bool)
        if before is not None:
            kept = np.array([changes.get(one) is before.changes[one] for one in before.neighbours.item_ids.tolist()])
        if before is None or not kept.any():
            return cls(changes, _find_neighbours(part, changes))
        same = before.neighbours.keep(kept)
        others = {one: change for one, change in changes.items() if change is not before.changes.get(one)}
        return cls(changes, same.join(_find_neighbours(part, others)) if others else same)


def add_items(part: RecommenderPart, added: AddedItems) -> RecommenderPart:
    """The part with the added items; their values are still unknown."""
    model = add_cold_start_items(part.model, added.neighbours)
    new_codes = codes_of(part.model.item_ids, model.item_ids)
    old_codes = np.full(len(model.item_ids), -1, dtype=np.int32)
    old_codes[new_codes] = np.arange(len(new_codes))
    return replace(
        part,
        model=model,
        customers=replace(part.customers, moved=MovedItems(new_codes, model.item_ids)),
        items=_move_items(part.items, model.item_ids, old_codes=old_codes),
        context_models=part.context_models.with_codes(new_codes, n_items=len(model.item_ids)),
    )


def _find_neighbours(part: RecommenderPart, changes: Mapping[str, ItemChange]) -> ColdStartItems:
    """Among the items that were sold by the time of the release."""
    is_sold = np.ones(len(part.model.item_ids), dtype=bool)
    is_sold[codes_of(part.new_items.item_ids, part.model.item_ids)] = False
    new = _describe_attributes(changes, names=part.items.names)
    neighbours = find_cold_start_items(part.items.attributes.keep(is_sold), new)
    codes = np.flatnonzero(is_sold).astype(np.int32)
    return replace(neighbours, neighbours=codes[neighbours.neighbours], n_purchased=len(is_sold))


def _describe_attributes(changes: Mapping[str, ItemChange], *, names: tuple[str, ...]) -> ItemAttributes:
    """The reported attributes of items, those of `names` only, and their prices."""
    columns = {name: [change.value_of(name) for change in changes.values()] for name in names}
    return ItemAttributes.from_columns(list(changes), columns, price=[change.price for change in changes.values()])


def _move_items(items: ItemPart, item_ids: NDArray[np.str_], *, old_codes: NDArray[np.int32]) -> ItemPart:
    """The items among more items; `old_codes` has the former code of each, -1 for a new one."""
    is_unavailable = np.zeros(len(items) + 1, dtype=bool)
    is_unavailable[items.unavailable] = True
    return ItemPart(
        attributes=items.attributes.take(old_codes, item_ids),
        price=np.append(items.price, np.nan)[old_codes],
        unavailable=np.flatnonzero(is_unavailable[old_codes]).astype(np.int32),
        descriptions=MovedDescriptions(items.descriptions.content, items.descriptions.offsets, old_codes),
        is_changed=True,
    )
