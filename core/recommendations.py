"""What each customer would like next, and which stage of the ladder said so."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np


class Stage(StrEnum):
    """Where in the fallback chain an item comes from, from the most to the least personal."""

    PERSONAL = "personal"
    "The customer's own taste."
    SIMILAR_ITEMS = "similar_items"
    "Items similar to those in the customer's history."
    PREFERENCES = "preferences"
    "What the customer told us they like."
    SEGMENT = "segment"
    "What similar customers buy."
    POPULARITY = "popularity"
    "Recent best sellers."
    BOUGHT_TOGETHER = "bought_together"
    "Only in the list of that name."
    TRENDING = "trending"
    "Only in the list of that name."


STAGES = tuple(Stage)


@dataclass(frozen=True)
class Recommendations:
    """The k best items of each customer, best first; every matrix is (n, k)."""

    customer_ids: np.ndarray
    "(n,) text 'U'."
    item_ids: np.ndarray
    "(m,) text 'U', sorted: the meaning of the codes."
    items: np.ndarray
    "int32 codes; -1 where there is none."
    scores: np.ndarray
    "float32; comparable within one customer and stage only; NaN where there is none."
    stages: np.ndarray
    "int8 index into `STAGES`; -1 where there is none."
    contributors: np.ndarray
    "int32 code of the item in the history that speaks most for it; -1 where there is none."
    shortfalls: tuple[str, ...]
    "(n,) why fewer than k stand there, e.g. 'only 7 items are left after exclusions'; '' where all k do."

    def __len__(self) -> int:
        return len(self.customer_ids)

    @property
    def item_id(self) -> np.ndarray:
        """(n, k) the items' ids; '' where there is none."""
        return np.where(self.items >= 0, self.item_ids[self.items], "")
