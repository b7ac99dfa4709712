"""Ranked item lists, with the stage that each item comes from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray


class Stage(StrEnum):
    """Where in the fallback chain an item comes from, from the most to the least personal."""

    PERSONAL = "personal"
    "The customer's own taste."
    SIMILAR_ITEMS = "similar_items"
    "Items similar to those in the customer's history."
    PREFERENCES = "preferences"
    "Items that match the customer's stated preferences."
    SEGMENT = "segment"
    "Favourites of the customer's segment."
    POPULARITY = "popularity"
    "Recent best sellers."
    BOUGHT_TOGETHER = "bought_together"
    "Only in the list of that name."
    TRENDING = "trending"
    "Only in the list of that name."


STAGES = tuple(Stage)

RepeatPolicy = Literal["allow", "due", "never"]
"Items bought before: allowed, only when they are due to be bought again, or never."


@dataclass(frozen=True, kw_only=True)
class Recommendations:
    """The k best items of each customer, best first; every matrix is (n, k)."""

    customer_ids: NDArray[Any]
    "(n,) text; bytes in a release."
    item_ids: NDArray[np.str_]
    "(m,) sorted: the meaning of the codes."
    items: NDArray[np.int32]
    "Item codes; -1 for an empty place."
    scores: NDArray[np.float32]
    "Comparable within one customer and stage only; NaN for an empty place."
    stages: NDArray[np.int8]
    "Index into STAGES; -1 for an empty place."
    contributors: NDArray[np.int32]
    "Code of the past item that contributes most to the score; -1 where there is none."
    shortfalls: tuple[str, ...]
    "(n,) why a list is shorter than k, e.g. 'only 7 items are left after exclusions'; '' for a full list."

    def __len__(self) -> int:
        return len(self.customer_ids)

    @property
    def item_id(self) -> NDArray[np.str_]:
        """(n, k) ids of the items; '' for an empty place."""
        return np.where(self.items >= 0, self.item_ids[self.items], "")
