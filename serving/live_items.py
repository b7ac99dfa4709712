"""The items of a release with the changes that were reported since: price, stock, title, category, attributes.

Computed once per change, on the first request after it, and shared by the requests of a worker. An item that the
release does not have is recommended from the next release on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.events import ItemChange
from core.interactions import codes_of, codes_of_ids
from core.item_attributes import ItemAttributes
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

    def __getitem__(self, row: int) -> msgspec.Raw:
        """The text of a row, ready for a response."""
        return self.changed.get(row) or super().__getitem__(row)


class LiveItems:
    """The recommender of the active release with its items as they are now."""

    def __init__(self) -> None:
        self._cached: tuple[RecommenderPart, Changes, RecommenderPart] | None = None

    def change(self, part: RecommenderPart | None, changes: Changes) -> RecommenderPart | None:
        """The part with changed items."""
        if part is None or not changes:
            return part
        cached = self._cached
        if cached is None or cached[0] is not part or cached[1] is not changes:
            cached = self._cached = (part, changes, replace(part, items=change_items(part.items, changes)))
        return cached[2]


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
        values = {code: _value_of(change, name) for code, change in changes.items()}
        new = {code: value for code, value in values.items() if value is not None}
        if new:
            words = np.unique(np.concatenate([vocabularies[name], np.array(list(new.values()), dtype=str)]))
            moved = np.append(codes_of(vocabularies[name], words), np.int32(-1))[codes[name]]
            moved[list(new)] = codes_of(np.array(list(new.values()), dtype=str), words)
            codes[name], vocabularies[name] = moved, words
    return ItemAttributes(attributes.item_ids, codes, vocabularies, price.astype(np.float32))


def _value_of(change: ItemChange, attribute: str) -> str | None:
    return change.category if attribute == "category" else change.attributes.get(attribute)


def _describe(before: msgspec.Raw, change: ItemChange) -> msgspec.Raw:
    """The columns of an item as responses show them, with the new values."""
    values = {"title": change.title, "category": change.category, "price": change.price, **change.attributes}
    new = {name: value for name, value in values.items() if value is not None}
    return msgspec.Raw(msgspec.json.encode({**msgspec.json.decode(before), **new}))
