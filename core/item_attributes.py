"""Attributes of items: categorical ones (a category, a brand), and a price.

    item_ids    jam    milk   tea
    category      1      0      1     vocabulary: dairy, pantry
    price      2.50   1.20    nan

Categorical values are codes: places in the sorted vocabulary of their attribute; -1 is missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.interactions import codes_of


@dataclass(frozen=True)
class ItemAttributes:
    """One row for each item."""

    item_ids: NDArray[np.str_]
    "(m,) sorted."
    codes: Mapping[str, NDArray[np.int32]]
    "By attribute: (m,) codes of the values; -1 where missing."
    vocabularies: Mapping[str, NDArray[np.str_]]
    "By attribute: (values,) sorted: the meaning of the codes."
    price: NDArray[np.float32]
    "(m,) NaN where missing."

    @classmethod
    def from_columns(
        cls,
        item_ids: Sequence[str] | NDArray[np.str_],
        columns: Mapping[str, Sequence[str | None]],
        *,
        price: Sequence[float | None] | NDArray[np.float64] | None = None,
    ) -> ItemAttributes:
        """From plain columns in the order of `item_ids`, which must be unique; None and '' are missing."""
        names = np.asarray(item_ids, dtype=str)
        order = np.argsort(names, kind="stable")
        texts = {
            name: np.array([value or "" for value in column], dtype=str)[order] for name, column in columns.items()
        }
        vocabularies = {name: np.unique(column[column != ""]) for name, column in texts.items()}
        prices = np.full(len(names), np.nan) if price is None else np.asarray(price, dtype=np.float64)
        return cls(
            names[order],
            {name: codes_of(column, vocabularies[name]) for name, column in texts.items()},
            vocabularies,
            prices[order].astype(np.float32),
        )

    def __len__(self) -> int:
        return len(self.item_ids)

    def recode(self, item_ids: NDArray[np.str_]) -> ItemAttributes:
        """The attributes of other items (sorted ids); all are missing for items that have no row here."""
        if item_ids is self.item_ids or np.array_equal(item_ids, self.item_ids):
            return self
        return self.take(codes_of(item_ids, self.item_ids), item_ids)

    def take(self, places: NDArray[np.int32], item_ids: NDArray[np.str_]) -> ItemAttributes:
        """The attributes of other items (sorted ids), given where each is here; -1 for those that have no row."""
        return ItemAttributes(
            item_ids,
            {name: np.append(codes, np.int32(-1))[places] for name, codes in self.codes.items()},
            self.vocabularies,
            np.append(self.price, np.float32(np.nan))[places],
        )

    def keep(self, rows: NDArray[np.bool_]) -> ItemAttributes:
        """The items that a mask selects."""
        return ItemAttributes(
            self.item_ids[rows],
            {name: codes[rows] for name, codes in self.codes.items()},
            self.vocabularies,
            self.price[rows],
        )

    def codes_in(self, other: ItemAttributes, name: str) -> NDArray[np.int32]:
        """(m,) codes of an attribute in the other's vocabulary; -1 where that lacks the value or the attribute."""
        if name not in self.codes or name not in other.vocabularies:
            return np.full(len(self), -1, dtype=np.int32)
        new_codes = np.append(codes_of(self.vocabularies[name], other.vocabularies[name]), np.int32(-1))
        return new_codes[self.codes[name]]
