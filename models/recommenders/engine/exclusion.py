"""What must not be shown: every exclusion as pairs of a row and an item, so that none is forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from core.errors import BadInput
from core.interactions import Histories, codes_of
from models.protocols import Exclusions
from models.recommenders.engine.replenishment import Dueness


@dataclass(frozen=True)
class Barred:
    """Items that some rows, or all of them, must not be shown; codes of the model's catalogue."""

    everywhere: np.ndarray
    "int64 codes, each once."
    rows: np.ndarray
    "(pairs,) int64: row of the customer."
    items: np.ndarray
    "(pairs,) int64: code of the item barred for that row; a pair may stand here twice."

    @classmethod
    def of(cls, exclusions: Exclusions | None, histories: Histories) -> Self:
        """The exclusions for these rows, but for `not_due`. Raises BadInput where they are not one list a row."""
        if exclusions is None:
            return cls(_none(), _none(), _none())
        everywhere = _none() if exclusions.items is None else np.unique(exclusions.items).astype(np.int64)
        rows, items = _pairs(exclusions.per_customer, histories)
        if exclusions.seen:
            rows = np.concatenate([rows, histories.customers])
            items = np.concatenate([items, histories.items])
        return cls(everywhere[(everywhere >= 0) & (everywhere < len(histories.item_ids))], rows, items)

    def between(self, start: int, end: int) -> Barred:
        """The same for the rows of one block, counted from its start."""
        inside = (self.rows >= start) & (self.rows < end)
        return Barred(self.everywhere, self.rows[inside] - start, self.items[inside])

    def take(self, rows: np.ndarray) -> Barred:
        """The same for some rows, which are sorted, counted among them."""
        inside = np.isin(self.rows, rows)
        return Barred(self.everywhere, np.searchsorted(rows, self.rows[inside]), self.items[inside])

    def in_codes(self, new_codes: np.ndarray) -> Barred:
        """The same in another catalogue, given the (m,) code of each item there; -1 where it has none."""
        everywhere, items = new_codes[self.everywhere], new_codes[self.items]
        return Barred(everywhere[everywhere >= 0], self.rows[items >= 0], items[items >= 0])

    def and_shown(self, items: np.ndarray) -> Barred:
        """The same with the items that already stand in an answer, (n, k) codes or -1."""
        rows, columns = np.nonzero(items >= 0)
        return self.and_pairs(rows, items[rows, columns])

    def and_not_due(self, at_cutoff: Dueness) -> Barred:
        """The same with what was bought and is not due yet."""
        early = ~at_cutoff.due
        return self.and_pairs(at_cutoff.rows[early], at_cutoff.items[early])

    def and_pairs(self, rows: np.ndarray, items: np.ndarray) -> Barred:
        """The same with further pairs of a row and an item."""
        return Barred(self.everywhere, np.concatenate([self.rows, rows]), np.concatenate([self.items, items]))

    def out_of(self, scores: np.ndarray) -> None:
        """Set what is barred to 0 in (n, m) scores, in place."""
        scores[:, self.everywhere] = 0
        scores[self.rows, self.items] = 0


def _none() -> np.ndarray:
    return np.empty(0, dtype=np.int64)


def _pairs(baskets: Sequence[Sequence[str]] | None, histories: Histories) -> tuple[np.ndarray, np.ndarray]:
    if baskets is None:
        return _none(), _none()
    if len(baskets) != len(histories):
        raise BadInput(f"{len(baskets)} lists of excluded items for {len(histories)} customers; give one a customer")
    rows = np.repeat(np.arange(len(baskets)), [len(basket) for basket in baskets])
    names = [item_id for basket in baskets for item_id in basket]
    codes = codes_of(np.array(names, dtype=str), histories.item_ids).astype(np.int64)
    return rows[codes >= 0], codes[codes >= 0]
