"""What items are: words by attribute (a category, a brand), and a price.

    item_ids    jam    milk   tea
    category      1      0      1     words: dairy, pantry
    price      2.50   1.20    nan

Words are codes into the sorted words of their attribute; -1 is not known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.interactions import codes_of


@dataclass(frozen=True)
class ItemAttributes:
    """One row an item."""

    item_ids: np.ndarray
    "(m,) text 'U', sorted."
    codes: Mapping[str, np.ndarray]
    "By attribute: (m,) int32 codes of its words; -1 where it is missing."
    words: Mapping[str, np.ndarray]
    "By attribute: (w,) text 'U', sorted: the meaning of the codes."
    price: np.ndarray
    "(m,) float32; NaN where it is missing."

    @classmethod
    def of(
        cls,
        item_ids: Sequence[str] | np.ndarray,
        said: Mapping[str, Sequence[str | None]],
        price: Sequence[float | None] | np.ndarray | None = None,
    ) -> ItemAttributes:
        """From plain columns in the order of `item_ids`, which are different ones; None and '' are missing."""
        names = np.asarray(item_ids, dtype=str)
        order = np.argsort(names, kind="stable")
        columns = {name: np.array([word or "" for word in column], dtype=str)[order] for name, column in said.items()}
        words = {name: np.unique(column[column != ""]) for name, column in columns.items()}
        prices = np.full(len(names), np.nan) if price is None else np.asarray(price, dtype=np.float64)
        return cls(
            names[order],
            {name: codes_of(column, words[name]) for name, column in columns.items()},
            words,
            prices[order].astype(np.float32),
        )

    def __len__(self) -> int:
        return len(self.item_ids)

    def recode(self, item_ids: np.ndarray) -> ItemAttributes:
        """The same for other items, sorted; nothing is known of those that are not here."""
        if item_ids is self.item_ids or np.array_equal(item_ids, self.item_ids):
            return self
        places = codes_of(item_ids, self.item_ids)
        return ItemAttributes(
            item_ids,
            {name: np.append(codes, np.int32(-1))[places] for name, codes in self.codes.items()},
            self.words,
            np.append(self.price, np.float32(np.nan))[places],
        )

    def only(self, lines: np.ndarray) -> ItemAttributes:
        """The items that a boolean mask keeps."""
        return ItemAttributes(
            self.item_ids[lines], {name: codes[lines] for name, codes in self.codes.items()}, self.words,
            self.price[lines],
        )  # fmt: skip

    def in_words_of(self, other: ItemAttributes, name: str) -> np.ndarray:
        """(m,) int32 codes of an attribute among the other's words; -1 where it lacks the word or the attribute."""
        if name not in self.codes or name not in other.words:
            return np.full(len(self), -1, dtype=np.int32)
        there = np.append(codes_of(self.words[name], other.words[name]), np.int32(-1))
        return there[self.codes[name]]
