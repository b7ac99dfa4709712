"""Cold start of items: items without any purchase borrow from the purchased items that their attributes resemble.

    similarity = mean over the known attributes of the new item of
                 1 where the category, brand, ... is the same, and lower price / higher price

If the new item has any categorical attribute, a neighbour must share at least one of its values: a similar price alone
says little.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from core.item_attributes import ItemAttributes
from models.artifact import Artifact

CELLS_AT_ONCE = 2**22
"Similarities in memory at a time, new x purchased items."


@dataclass(frozen=True, kw_only=True)
class ColdStartItems:
    """Items without any purchase, and the purchased items that they resemble."""

    item_ids: NDArray[np.str_]
    "(n,) sorted."
    indptr: NDArray[np.int64]
    "(n + 1,) bounds of each item's row in `neighbours` and `similarities`."
    neighbours: NDArray[np.int32]
    "(pairs,) codes of purchased items, the most similar first, at indptr[i]:indptr[i + 1]."
    similarities: NDArray[np.float32]
    "(pairs,) above 0 and at most 1."
    n_purchased: int
    "Size of the catalogue that `neighbours` refers to."

    def __len__(self) -> int:
        return len(self.item_ids)

    @property
    def matrix(self) -> sparse.csr_matrix:
        """(n, purchased items) float32 similarities."""
        return sparse.csr_matrix((self.similarities, self.neighbours, self.indptr), (len(self), self.n_purchased))

    def to_artifact(self) -> Artifact:
        """The arrays, as a release stores them."""
        arrays = {name: getattr(self, name) for name in ("item_ids", "indptr", "neighbours", "similarities")}
        return Artifact("cold_start_items", {"n_purchased": self.n_purchased}, arrays)

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> Self:
        """The stored items; arrays may be memory-mapped files."""
        return cls(**artifact.arrays, n_purchased=artifact.state["n_purchased"])


def find_cold_start_items(
    purchased: ItemAttributes, catalogue: ItemAttributes, *, n_neighbours: int = 20
) -> ColdStartItems:
    """The items of a catalogue that were never purchased, each with its most similar purchased items."""
    new = catalogue.keep(~np.isin(catalogue.item_ids, purchased.item_ids))
    n_at_once = max(1, CELLS_AT_ONCE // max(1, len(purchased)))
    neighbours, similarities = list[NDArray[np.int64]](), list[NDArray[np.float32]]()
    for start in range(0, len(new), n_at_once):
        for row in attribute_similarity(_slice(new, start, end=start + n_at_once), purchased):
            nearest = np.argsort(-row, kind="stable")[:n_neighbours]
            neighbours.append(nearest[row[nearest] > 0])
            similarities.append(row[neighbours[-1]])
    return ColdStartItems(
        item_ids=new.item_ids,
        indptr=np.cumsum([0, *map(len, neighbours)], dtype=np.int64),
        neighbours=np.concatenate([*neighbours, []]).astype(np.int32),
        similarities=np.concatenate([*similarities, []]).astype(np.float32),
        n_purchased=len(purchased),
    )


def attribute_similarity(items: ItemAttributes, others: ItemAttributes) -> NDArray[np.float32]:
    """(items, others) from 0 to 1; the formula is in the module's docstring."""
    n_equal = np.zeros((len(items), len(others)), dtype=np.float32)
    for name in items.codes:
        codes, other_codes = items.codes_in(others, name), others.codes.get(name, np.empty(0))
        if len(other_codes):
            n_equal += (codes[:, None] == other_codes) & (codes[:, None] >= 0)
    n_values = np.sum([codes >= 0 for codes in items.codes.values()], axis=0, dtype=np.int64) * np.ones(len(items))
    price, other_price = (np.where(each.price > 0, each.price, np.nan) for each in (items, others))
    price_ratio = np.minimum(price[:, None], other_price) / np.maximum(price[:, None], other_price)
    similarity = (n_equal + np.nan_to_num(price_ratio)) / np.maximum(n_values + ~np.isnan(price), 1)[:, None]
    return np.where((n_equal > 0) | (n_values == 0)[:, None], similarity, 0).astype(np.float32)


def _slice(items: ItemAttributes, start: int, *, end: int) -> ItemAttributes:
    places = np.arange(len(items))
    return items.keep((places >= start) & (places < end))
