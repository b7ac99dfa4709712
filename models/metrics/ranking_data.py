"""Recommendations beside what was bought: aligned once by customer and item, then counted at any length of list."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from core.errors import BadInput, NotEnoughHistory
from core.interactions import Histories, codes_of
from core.recommendations import Recommendations


@dataclass(frozen=True)
class JudgedRankings:
    """A row for each customer who bought something in the test span."""

    customer_ids: np.ndarray
    items: np.ndarray
    "(n, k) codes in the catalogue; -1 where nothing stands."
    hits: np.ndarray
    "(n, k) bool: it was bought in the test span."
    repeats: np.ndarray
    "(n, k) bool: it had been bought before."
    n_bought: np.ndarray
    "(n,) different items bought in the test span."
    n_bought_again: np.ndarray
    "(n,) of them, bought before as well."
    before: Histories
    "(n,) what each had bought before, in the catalogue's codes."
    past: Histories
    "What everybody had bought before, in the catalogue's codes."

    @classmethod
    def of(cls, recommendations: Recommendations, truth: Histories, past: Histories) -> Self:
        """Align the three by customer and item."""
        catalogue = _united(recommendations.item_ids, truth.item_ids, past.item_ids)
        past = past.recode(catalogue)
        bought = _of_customers(truth.recode(catalogue), recommendations.customer_ids)
        before = _of_customers(past, recommendations.customer_ids)
        buyers = np.flatnonzero(np.diff(bought.indptr))
        if not len(buyers):
            raise NotEnoughHistory("nobody bought an item in the test span; judge over a longer one")
        bought, before = bought.take(buyers), before.take(buyers)
        codes = np.append(codes_of(recommendations.item_ids, catalogue), -1)
        items = codes[recommendations.items[buyers]]
        pairs, pairs_before = pairs_of(bought), pairs_of(before)
        again = np.isin(pairs, pairs_before, assume_unique=True)
        cells = np.arange(len(buyers))[:, None] * len(catalogue) + items
        return cls(
            customer_ids=recommendations.customer_ids[buyers],
            items=items,
            hits=(items >= 0) & np.isin(cells, pairs),
            repeats=(items >= 0) & np.isin(cells, pairs_before),
            n_bought=np.bincount(pairs // len(catalogue), minlength=len(buyers)),
            n_bought_again=np.bincount(pairs[again] // len(catalogue), minlength=len(buyers)),
            before=before,
            past=past,
        )

    def __len__(self) -> int:
        return len(self.customer_ids)

    @property
    def item_ids(self) -> np.ndarray:
        """(m,) the catalogue: the items of all three, sorted."""
        return self.past.item_ids

    def first(self, k: int) -> Self:
        """The same with lists of k. Raises BadInput where fewer were asked for."""
        if not 1 <= k <= self.items.shape[1]:
            raise BadInput(f"{self.items.shape[1]} items were recommended, {k} cannot be judged; ask for more")
        return replace(self, items=self.items[:, :k], hits=self.hits[:, :k], repeats=self.repeats[:, :k])

    @property
    def shown(self) -> np.ndarray:
        """(n, k) bool: an item stands there."""
        return self.items >= 0


def pairs_of(histories: Histories) -> np.ndarray:
    """Customer and item in one number, row * items + code, each once and sorted."""
    return np.unique(histories.customers * len(histories.item_ids) + histories.items)


def _united(*catalogues: np.ndarray) -> np.ndarray:
    first = catalogues[0]
    if all(other is first or np.array_equal(other, first) for other in catalogues):
        return first
    return np.unique(np.concatenate(catalogues))


def _of_customers(histories: Histories, customer_ids: np.ndarray) -> Histories:
    """The histories of these customers in this order; empty ones for whom there is none."""
    order = np.argsort(histories.customer_ids, kind="stable")
    places = codes_of(customer_ids, histories.customer_ids[order])
    found = places >= 0
    lengths = np.zeros(len(customer_ids), dtype=np.int64)
    picked = histories.take(order[places[found]])
    lengths[found] = np.diff(picked.indptr)
    return replace(picked, customer_ids=customer_ids, indptr=np.concatenate([[0], np.cumsum(lengths)]))
