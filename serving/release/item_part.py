"""The items of a release: attributes, prices, descriptions, and which items are unavailable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.interactions import codes_of
from core.item_attributes import ItemAttributes
from models.artifact import Artifact
from serving.release.lookup import PackedJson

NAME = "items"
Descriptions = Sequence[Mapping[str, str | float | None]]


class ItemTitle(msgspec.Struct, frozen=True):
    """The field of an item's description that names it."""

    title: str | None = None


_TITLES = msgspec.json.Decoder(ItemTitle)


@dataclass(frozen=True, kw_only=True)
class ItemPart:
    """Row i belongs to the model's item i."""

    attributes: ItemAttributes
    "The attributes that filters and preferences may use."
    price: NDArray[np.float64]
    "(m,); NaN if unknown."
    unavailable: NDArray[np.int32]
    "Codes in order: the items that the items table marks as not for sale."
    descriptions: PackedJson
    "(m,) the columns of the items table, as responses show them."
    is_changed: bool = False
    "Whether some values are newer than the release."

    @classmethod
    def of(
        cls,
        attributes: ItemAttributes,
        *,
        price: NDArray[np.float64],
        unavailable: NDArray[np.int64],
        descriptions: Descriptions,
    ) -> ItemPart:
        """Store the items by code; `unavailable` are codes in any order."""
        return cls(
            attributes=attributes,
            price=price,
            unavailable=np.unique(unavailable).astype(np.int32),
            descriptions=PackedJson.of(descriptions),
        )

    def to_artifact(self) -> Artifact:
        """The part as one folder of a release."""
        names = list(self.attributes.codes)
        arrays = {f"codes_{place}": self.attributes.codes[name] for place, name in enumerate(names)}
        arrays |= {f"words_{place}": self.attributes.vocabularies[name] for place, name in enumerate(names)}
        arrays |= {
            "price": self.price,
            "unavailable": self.unavailable,
            "descriptions": self.descriptions.content,
            "description_offsets": self.descriptions.offsets,
        }
        return Artifact(NAME, {"attributes": names}, arrays)

    @classmethod
    def from_artifact(cls, artifact: Artifact, item_ids: NDArray[np.str_]) -> ItemPart:
        """The part that was stored; `item_ids` are the model's."""
        arrays, names = artifact.arrays, artifact.state["attributes"]
        attributes = ItemAttributes(
            item_ids,
            {name: arrays[f"codes_{place}"] for place, name in enumerate(names)},
            {name: arrays[f"words_{place}"] for place, name in enumerate(names)},
            arrays["price"].astype(np.float32),
        )
        return cls(
            attributes=attributes,
            price=arrays["price"],
            unavailable=arrays["unavailable"],
            descriptions=PackedJson(arrays["descriptions"], arrays["description_offsets"]),
        )

    def __len__(self) -> int:
        return len(self.price)

    @property
    def names(self) -> tuple[str, ...]:
        """The attributes that filters and preferences may name."""
        return tuple(self.attributes.codes)

    @cached_property
    def unavailable_ids(self) -> list[str]:
        """The ids of the unavailable items."""
        return self.attributes.item_ids[self.unavailable].tolist()

    @cached_property
    def categories(self) -> NDArray[np.int32]:
        """(m,) code of each item's category; -1 if unknown."""
        return self.attributes.codes.get("category", np.full(len(self), -1, dtype=np.int32))

    def title_of(self, code: int) -> str | None:
        """An item's title; None if it has none."""
        return _TITLES.decode(self.descriptions[code]).title

    def display_name(self, code: int) -> str:
        """An item's title, or its id if it has none."""
        return self.title_of(code) or str(self.attributes.item_ids[code])

    def value_of(self, code: int, attribute: str) -> str | None:
        """An item's value of an attribute; None if unknown."""
        if attribute not in self.attributes.codes:
            return None
        word = int(self.attributes.codes[attribute][code])
        return None if word < 0 else str(self.attributes.vocabularies[attribute][word])

    def matching_preferences(self, code: int, preferences: Mapping[str, Sequence[str]]) -> list[str]:
        """The values of an item that match a customer's preferences, ignoring case.

        As in models/recommenders/cold_start/customers: a preference under a key that is no attribute is for a category.
        """
        attributes = {_fold(name): name for name in self.names}
        matches: list[str] = []
        for key, preferred in preferences.items():
            value = self.value_of(code, attributes.get(_fold(key), "category"))
            if value is not None and _fold(value) in map(_fold, preferred):
                matches.append(value)
        return matches

    def with_values(self, where: Mapping[str, Sequence[str]]) -> NDArray[np.bool_]:
        """(m,): the items with one of the values in each attribute; every attribute must be in `names`."""
        selected = np.ones(len(self), dtype=bool)
        for attribute, values in where.items():
            value_codes = codes_of(np.array(values, dtype=str), self.attributes.vocabularies[attribute])
            value_codes, codes = value_codes[value_codes >= 0], self.attributes.codes[attribute]
            # Most requests name one value, which is found in a tenth of the time.
            selected &= codes == value_codes[0] if len(value_codes) == 1 else np.isin(codes, value_codes)
        return selected

    def in_price_range(self, lowest: float | None, highest: float | None) -> NDArray[np.bool_]:
        """(m,): the items whose price is in a range, both ends included; none without a price."""
        lower, upper = -np.inf if lowest is None else lowest, np.inf if highest is None else highest
        return (self.price >= lower) & (self.price <= upper)


def _fold(text: str) -> str:
    return text.strip().casefold()
