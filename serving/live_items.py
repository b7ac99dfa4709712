"""The items of a recommender with what was reported since: price, stock, title, category, attributes, new items.

Computed once per change, on the first request after it, and shared by the requests of a worker.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import islice

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.events import ItemChange
from core.interactions import codes_of, codes_of_ids
from core.item_attributes import ItemAttributes
from core.recommender_experiment import Arm
from serving.added_items import MAX_ADDED, AddedItems, add_items
from serving.release.item_part import ItemPart
from serving.release.lookup import PackedJson
from serving.release.recommender_part import RecommenderPart

Changes = Mapping[str, ItemChange]
"By item; never changed in place."


@dataclass(frozen=True)
class ChangedDescriptions(PackedJson):
    """Descriptions of items, some of which have changed."""

    changed: Mapping[int, msgspec.Raw]
    "By code."
    others: PackedJson
    "Of the items that have not changed."

    def __len__(self) -> int:
        return len(self.others)

    def __getitem__(self, row: int) -> msgspec.Raw:
        """The text of a row, ready for a response."""
        return self.changed.get(row) or self.others[row]


@dataclass(frozen=True)
class Changed:
    """A part with changes, and what it was made from."""

    released: RecommenderPart
    changes: Changes
    added: AddedItems | None
    "The items that the release does not have."
    extended: RecommenderPart
    "The released part with these items."
    part: RecommenderPart

    def is_current(self, released: RecommenderPart, changes: Changes) -> bool:
        """Whether these are the changes of that part."""
        return self.released is released and self.changes is changes


class LiveItems:
    """The recommenders of the active release with their items as they are now."""

    def __init__(self) -> None:
        self._cached: dict[Arm, Changed] = {}
        "By the recommender's arm; without an experiment there is one."
        self._lock = threading.Lock()

    def has_lists(self, part: RecommenderPart, changes: Changes) -> bool:
        """Whether the part with its changes is at hand, and customers' precomputed lists are valid for it."""
        cached = self._cached.get(part.arm)
        return not changes or (cached is not None and cached.is_current(part, changes) and cached.added is None)

    def change(self, part: RecommenderPart | None, changes: Changes) -> RecommenderPart | None:
        """The part with changed and new items."""
        if part is None or not changes:
            return part
        with self._lock:
            cached = self._cached.get(part.arm)
            if cached is None or not cached.is_current(part, changes):
                if cached is not None and cached.released is not part:
                    self._cached.clear()  # of the release before, which nothing else may keep in memory
                cached = self._cached[part.arm] = _change(part, changes, before=cached)
        return cached.part


def _change(part: RecommenderPart, changes: Changes, *, before: Changed | None) -> Changed:
    codes = codes_of_ids(list(changes), part.model.item_ids).tolist()
    new = {item_id: one for (item_id, one), code in zip(changes.items(), codes, strict=True) if code < 0}
    newest = dict(islice(new.items(), max(0, len(new) - MAX_ADDED), None))
    added, extended = _add(part, newest, before=before if before is not None and before.released is part else None)
    items = change_items(extended.items, changes)
    context_models = extended.context_models.with_attributes(items.attributes)
    return Changed(part, changes, added, extended, replace(extended, items=items, context_models=context_models))


def _add(part: RecommenderPart, new: Changes, *, before: Changed | None) -> tuple[AddedItems | None, RecommenderPart]:
    """New items, and the part with them; `before` is of the same part."""
    if not new:
        return None, part
    earlier = None if before is None else before.added
    if before is not None and earlier is not None and earlier.changes == new:
        return earlier, before.extended
    added = AddedItems.find(part, new, before=earlier)
    return added, add_items(part, added)


def change_items(items: ItemPart, changes: Changes) -> ItemPart:
    """The items with new values; changes of unknown items are left out."""
    codes = codes_of_ids(list(changes), items.attributes.item_ids)
    by_code = {code: one for code, one in zip(codes.tolist(), changes.values(), strict=True) if code >= 0}
    price = items.price.copy()
    for code, change in by_code.items():
        if change.price is not None:
            price[code] = change.price
    return replace(
        items,
        attributes=_change_attributes(items.attributes, by_code, price=price),
        price=price,
        unavailable=_change_unavailable(items, by_code),
        descriptions=ChangedDescriptions(
            items.descriptions.content,
            items.descriptions.offsets,
            {code: _describe(items.descriptions[code], change) for code, change in by_code.items()},
            items.descriptions,
        ),
        is_changed=True,
    )


def _change_unavailable(items: ItemPart, changes: Mapping[int, ItemChange]) -> NDArray[np.int32]:
    mask = np.zeros(len(items), dtype=bool)
    mask[items.unavailable] = True
    for code, change in changes.items():
        if change.available is not None:
            mask[code] = not change.available
    return np.flatnonzero(mask).astype(np.int32)


def _change_attributes(
    attributes: ItemAttributes, changes: Mapping[int, ItemChange], *, price: NDArray[np.float64]
) -> ItemAttributes:
    """The attributes with new values; those that no item of the release has are left out."""
    codes, vocabularies = dict(attributes.codes), dict(attributes.vocabularies)
    for name in codes:
        values = {code: change.value_of(name) for code, change in changes.items()}
        new = {code: value for code, value in values.items() if value is not None}
        if new:
            words = np.unique(np.concatenate([vocabularies[name], np.array(list(new.values()), dtype=str)]))
            moved = np.append(codes_of(vocabularies[name], words), np.int32(-1))[codes[name]]
            moved[list(new)] = codes_of(np.array(list(new.values()), dtype=str), words)
            codes[name], vocabularies[name] = moved, words
    return ItemAttributes(attributes.item_ids, codes, vocabularies, price.astype(np.float32))


def _describe(before: msgspec.Raw, change: ItemChange) -> msgspec.Raw:
    """The columns of an item as responses show them, with the new values."""
    values = {"title": change.title, "category": change.category, "price": change.price, **change.attributes}
    new = {name: value for name, value in values.items() if value is not None}
    return msgspec.Raw(msgspec.json.encode({**msgspec.json.decode(before), **new}))
