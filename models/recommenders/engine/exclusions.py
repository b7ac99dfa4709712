"""Items that must not be recommended, or less, resolved to pairs of a customer and an item.

`Exclusions` is what a caller asks for. `ExcludedItems` is the same in item codes, row by row, so that every stage of
a list removes exactly the same items.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput
from core.interactions import Histories, codes_of_ids, sort_distinct
from models.recommenders.engine.replenishment import Dueness
from models.recommenders.engine.row_scores import RowScores

FEW = 1 / 8
"Share of all items below which those that are left are scored one by one."


@dataclass(frozen=True)
class Exclusions:
    """What must not be recommended. Every model applies it exactly."""

    items: NDArray[np.integer] | NDArray[np.bool_] | None = None
    "Items that no customer may see, e.g. items out of stock: their codes, or (m,) true where an item is one of them."
    per_customer: Sequence[Sequence[str]] | None = None
    "Item ids for each customer, aligned with the histories."
    seen: bool = False
    "Whether to exclude the items of the history (no repeat purchases)."
    not_due: bool = False
    "Whether to exclude items of the history until they are due again (see `replenishment`)."
    discovery: float = 0.0
    "Weight from 0 to 1 of new items against repeats: items of the history lose this share of their score."
    bought: Histories | None = None
    "The histories that `seen`, `not_due` and `discovery` mean, where others rank the items. None: the same ones."

    def find_bought(self, histories: Histories) -> Histories:
        """The histories that `seen`, `not_due` and `discovery` mean."""
        return histories if self.bought is None else self.bought.recode(histories.item_ids)


@dataclass(frozen=True)
class ExcludedItems:
    """Excluded items in the codes of the model's catalogue."""

    for_all: NDArray[np.bool_] | None
    "(m,) whether an item is excluded for every row; None where no item is."
    rows: NDArray[np.int64]
    "(pairs,) row of the customer."
    items: NDArray[np.integer]
    "(pairs,) code of the item excluded for that row; a pair may occur twice."
    seen_rows: NDArray[np.int64]
    "(seen,) row of the customer."
    seen_items: NDArray[np.integer]
    "(seen,) code of an item of that row's history whose score is lowered; a pair may occur twice."
    seen_weight: float = 1.0
    "What the scores of seen items are multiplied by."

    @classmethod
    def resolve(cls, exclusions: Exclusions | None, histories: Histories) -> Self:
        """The exclusions of these rows, except `not_due`.

        Raises BadInput where `per_customer` does not have one list for each history.
        """
        if exclusions is None:
            return cls(None, _no_codes(), _no_codes(), _no_codes(), _no_codes())
        for_all = _to_mask(exclusions.items, len(histories.item_ids))
        rows, items = _pairs(exclusions.per_customer, histories)
        bought = exclusions.find_bought(histories)
        if exclusions.seen:
            rows = np.concatenate([rows, bought.customers])
            items = np.concatenate([items, bought.items])
        if not exclusions.discovery:
            return cls(for_all, rows, items, _no_codes(), _no_codes())
        return cls(for_all, rows, items, bought.customers, bought.items, 1 - exclusions.discovery)

    def slice_rows(self, start: int, end: int) -> ExcludedItems:
        """The exclusions of one block of rows, numbered from the start of the block."""
        if not len(self.rows) and not len(self.seen_rows):
            return self
        inside = (self.rows >= start) & (self.rows < end)
        is_seen = (self.seen_rows >= start) & (self.seen_rows < end)
        return replace(
            self,
            rows=self.rows[inside] - start,
            items=self.items[inside],
            seen_rows=self.seen_rows[is_seen] - start,
            seen_items=self.seen_items[is_seen],
        )

    def take(self, rows: NDArray[np.int64]) -> ExcludedItems:
        """The exclusions of some rows (sorted), renumbered from 0."""
        inside = np.isin(self.rows, rows)
        is_seen = np.isin(self.seen_rows, rows)
        return replace(
            self,
            rows=np.searchsorted(rows, self.rows[inside]),
            items=self.items[inside],
            seen_rows=np.searchsorted(rows, self.seen_rows[is_seen]),
            seen_items=self.seen_items[is_seen],
        )

    def add_listed(self, items: NDArray[np.int32]) -> ExcludedItems:
        """The exclusions plus the items already on a list: (n, k) codes, -1 for an empty place."""
        rows, columns = np.nonzero(items >= 0)
        return self._add_pairs(rows, items[rows, columns])

    def add_not_due(self, dueness: Dueness) -> ExcludedItems:
        """The exclusions plus every purchased item that is not due yet."""
        early = ~dueness.due
        return self._add_pairs(dueness.rows[early], dueness.items[early])

    def zero_out(self, scores: NDArray[np.float32]) -> None:
        """Set the scores of excluded items to 0, in place; scores are (n, m)."""
        if self.for_all is not None:
            np.copyto(scores, 0, where=self.for_all)
        scores[self.rows, self.items] = 0

    def discount_seen(self, scores: NDArray[np.float32]) -> None:
        """Lower the scores of seen items by the discovery weight, in place; scores are (n, m)."""
        if self.seen_weight < 1:
            pairs = sort_distinct(self.seen_rows * scores.shape[1] + self.seen_items)
            scores.reshape(-1)[pairs] *= np.float32(self.seen_weight)

    @property
    def few_allowed(self) -> NDArray[np.int64] | None:
        """Codes of the items that are not excluded for every row; None where they are many."""
        if self.for_all is None:
            return None
        allowed = np.flatnonzero(~self.for_all)
        return allowed if len(allowed) < FEW * len(self.for_all) else None

    def apply(self, row: RowScores) -> RowScores:
        """`discount_seen` and `zero_out` for the only history of these exclusions."""
        scores = row.scores.copy()
        if self.seen_weight < 1:
            scores[np.isin(row.items, self.seen_items)] *= np.float32(self.seen_weight)
        if self.for_all is not None:
            scores[self.for_all[row.items]] = 0
        if len(self.items):
            scores[np.isin(row.items, self.items)] = 0
        return replace(row, scores=scores)

    def _add_pairs(self, rows: NDArray[np.int64], items: NDArray[np.integer]) -> ExcludedItems:
        return replace(self, rows=np.concatenate([self.rows, rows]), items=np.concatenate([self.items, items]))


def _no_codes() -> NDArray[np.int64]:
    return np.empty(0, dtype=np.int64)


def _to_mask(items: NDArray[np.integer] | NDArray[np.bool_] | None, n_items: int) -> NDArray[np.bool_] | None:
    """(m,) whether an item is excluded; codes outside the catalogue count for nothing."""
    if items is None or not len(items):
        return None
    if items.dtype == np.bool_:
        return items.astype(np.bool_, copy=False)
    mask = np.zeros(n_items, dtype=np.bool_)
    mask[items[(items >= 0) & (items < n_items)]] = True
    return mask


def _pairs(
    baskets: Sequence[Sequence[str]] | None, histories: Histories
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if baskets is None:
        return _no_codes(), _no_codes()
    if len(baskets) != len(histories):
        raise BadInput(
            f"{len(baskets)} lists of excluded items for {len(histories)} customers; give one list for each customer"
        )
    rows = np.repeat(np.arange(len(baskets)), [len(basket) for basket in baskets])
    item_ids = [item_id for basket in baskets for item_id in basket]
    codes = codes_of_ids(item_ids, histories.item_ids).astype(np.int64)
    return rows[codes >= 0], codes[codes >= 0]
