"""What is for sale, as a release knows it: what items are, what they cost, what of them is hidden."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import msgspec
import numpy as np

from core.interactions import codes_of
from core.item_attributes import ItemAttributes
from models.artifact import Artifact
from serving.release.packed import PackedJson

Descriptions = Sequence[Mapping[str, str | float | None]]


class Titled(msgspec.Struct, frozen=True):
    """What is read of a description to name an item."""

    title: str | None = None


_TITLED = msgspec.json.Decoder(Titled)


@dataclass(frozen=True)
class ItemPart:
    """Row i is of the model's item i."""

    attributes: ItemAttributes
    "What filters and preferences may speak of."
    price: np.ndarray
    "(m,) float64; NaN where it is missing."
    unavailable: np.ndarray
    "int32 codes, rising: what the items table said is not for sale when the release was made."
    descriptions: PackedJson
    "What the items table says of it, for the answer."

    @classmethod
    def of(
        cls, attributes: ItemAttributes, price: np.ndarray, unavailable: np.ndarray, descriptions: Descriptions
    ) -> ItemPart:
        """Everything by item code; `unavailable` are codes."""
        return cls(attributes, price, np.unique(unavailable).astype(np.int32), PackedJson.of(descriptions))

    def to_artifact(self) -> Artifact:
        """The part as it lies in a release."""
        names = list(self.attributes.codes)
        arrays = {f"codes_{place}": self.attributes.codes[name] for place, name in enumerate(names)}
        arrays |= {f"words_{place}": self.attributes.words[name] for place, name in enumerate(names)}
        arrays |= {
            "price": self.price,
            "unavailable": self.unavailable,
            "descriptions": self.descriptions.content,
            "description_offsets": self.descriptions.offsets,
        }
        return Artifact("items", {"attributes": names}, arrays)

    @classmethod
    def from_artifact(cls, artifact: Artifact, item_ids: np.ndarray) -> ItemPart:
        """The part as it was."""
        arrays, names = artifact.arrays, artifact.state["attributes"]
        attributes = ItemAttributes(
            item_ids,
            {name: arrays[f"codes_{place}"] for place, name in enumerate(names)},
            {name: arrays[f"words_{place}"] for place, name in enumerate(names)},
            arrays["price"].astype(np.float32),
        )
        descriptions = PackedJson(arrays["descriptions"], arrays["description_offsets"])
        return cls(attributes, arrays["price"], arrays["unavailable"], descriptions)

    def __len__(self) -> int:
        return len(self.price)

    @property
    def names(self) -> tuple[str, ...]:
        """The attributes that filters and preferences may name."""
        return tuple(self.attributes.codes)

    @cached_property
    def unavailable_ids(self) -> list[str]:
        """The ids of the items that the release hides."""
        return self.attributes.item_ids[self.unavailable].tolist()

    @cached_property
    def categories(self) -> np.ndarray:
        """(m,) int32 code of each item's category; -1 where it is not known."""
        return self.attributes.codes.get("category", np.full(len(self), -1, dtype=np.int32))

    def titled(self, code: int) -> str | None:
        """An item's title; None where it has none."""
        return _TITLED.decode(self.descriptions[code]).title

    def called(self, code: int) -> str:
        """What to call an item: its title, else its id."""
        return self.titled(code) or str(self.attributes.item_ids[code])

    def word(self, code: int, attribute: str) -> str | None:
        """What an item is in one respect; None where that is not known."""
        if attribute not in self.attributes.codes:
            return None
        word = int(self.attributes.codes[attribute][code])
        return None if word < 0 else str(self.attributes.words[attribute][word])

    def liked(self, code: int, preferences: Mapping[str, Sequence[str]]) -> list[str]:
        """The words of an item that somebody told us they like, however they wrote them.

        As in models/recommenders/starting_points: a key that is no attribute may tell a category.
        """
        attributes, found = {_folded(name): name for name in self.names}, []
        for key, told in preferences.items():
            word = self.word(code, attributes.get(_folded(key), "category"))
            if word is not None and _folded(word) in map(_folded, told):
                found.append(word)
        return found

    def having(self, where: Mapping[str, Sequence[str]]) -> np.ndarray:
        """(m,) bool: the items that have one of the words in each attribute; every attribute must be in `names`."""
        kept = np.ones(len(self), dtype=bool)
        for attribute, words in where.items():
            codes = codes_of(np.array(words, dtype=str), self.attributes.words[attribute])
            kept &= np.isin(self.attributes.codes[attribute], codes[codes >= 0])
        return kept

    def priced(self, lowest: float | None, highest: float | None) -> np.ndarray:
        """(m,) bool: the items whose price lies between two, themselves included; none without a price."""
        least, most = -np.inf if lowest is None else lowest, np.inf if highest is None else highest
        return (self.price >= least) & (self.price <= most)


def _folded(word: str) -> str:
    return word.strip().casefold()
