"""What each customer would like next, and which stage of the ladder said so."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

STAGES = ("personal", "similar_items", "preferences", "segment", "popularity", "bought_together", "trending")
"""From the most to the least personal: own taste, items like those in the history, what they told us that they like,
what customers like them buy, what everybody buys. The last two stand only in lists that are asked for as such."""


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
    "int8 index into STAGES; -1 where there is none."
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
