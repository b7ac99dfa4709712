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
from models.recommenders.cold_start.items import add_cold_start_items, find_cold_start_items
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


def add_items(part: RecommenderPart, added: Mapping[str, ItemChange]) -> RecommenderPart:
    """The part with items, by id, that it does not have; their values are still unknown."""
    new = describe_attributes(list(added)[-MAX_ADDED:], added, names=part.items.names)
    is_sold = ~np.isin(part.model.item_ids, part.new_items.item_ids)
    cold_start = find_cold_start_items(part.items.attributes.keep(is_sold), new)
    neighbours = np.flatnonzero(is_sold).astype(np.int32)[cold_start.neighbours]
    model = add_cold_start_items(
        part.model, replace(cold_start, neighbours=neighbours, n_purchased=len(part.model.item_ids))
    )
    new_codes = codes_of(part.model.item_ids, model.item_ids)
    old_codes = np.full(len(model.item_ids), -1, dtype=np.int32)
    old_codes[new_codes] = np.arange(len(new_codes))
    return replace(
        part,
        model=model,
        customers=replace(part.customers, moved=MovedItems(new_codes, model.item_ids)),
        items=move_items(part.items, model.item_ids, old_codes=old_codes),
        context_models=part.context_models.with_codes(new_codes, n_items=len(model.item_ids)),
    )


def describe_attributes(
    item_ids: list[str], changes: Mapping[str, ItemChange], *, names: tuple[str, ...]
) -> ItemAttributes:
    """The reported attributes of items, those of `names` only, and their prices."""
    columns = {name: [changes[item_id].value_of(name) for item_id in item_ids] for name in names}
    return ItemAttributes.from_columns(item_ids, columns, price=[changes[item_id].price for item_id in item_ids])


def move_items(items: ItemPart, item_ids: NDArray[np.str_], *, old_codes: NDArray[np.int32]) -> ItemPart:
    """The items among more items; `old_codes` has the former code of each, -1 for a new one."""
    is_unavailable = np.zeros(len(items) + 1, dtype=bool)
    is_unavailable[items.unavailable] = True
    return ItemPart(
        attributes=items.attributes.recode(item_ids),
        price=np.append(items.price, np.nan)[old_codes],
        unavailable=np.flatnonzero(is_unavailable[old_codes]).astype(np.int32),
        descriptions=MovedDescriptions(items.descriptions.content, items.descriptions.offsets, old_codes),
        is_changed=True,
    )
