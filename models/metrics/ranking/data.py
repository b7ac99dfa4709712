"""Recommendations joined to what customers bought: aligned once, evaluated at any length of list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput, NotEnoughHistory
from core.interactions import Histories, codes_of, sort_distinct
from core.recommendations import Recommendations


@dataclass(frozen=True, kw_only=True)
class RankingData:
    """One row for each customer with a purchase in the test period."""

    customer_ids: NDArray[np.str_]
    items: NDArray[np.int32]
    "(n, k) recommended item codes in the joint catalogue; -1 for an empty place."
    hits: NDArray[np.bool_]
    "(n, k) whether the item was bought in the test period."
    repeats: NDArray[np.bool_]
    "(n, k) whether the item had been bought before."
    n_bought: NDArray[np.int64]
    "(n,) number of different items bought in the test period."
    n_bought_again: NDArray[np.int64]
    "(n,) of these, the number bought before as well."
    before: Histories
    "(n,) what each customer had bought before, in the codes of the joint catalogue."
    past: Histories
    "What all customers had bought before, in the codes of the joint catalogue."

    @classmethod
    def align(cls, recommendations: Recommendations, *, truth: Histories, past: Histories) -> Self:
        """Join the three by customer and item. Raises NotEnoughHistory where no customer bought anything."""
        catalogue = _union(recommendations.item_ids, truth.item_ids, past.item_ids)
        past = past.recode(catalogue)
        bought = _select_customers(truth.recode(catalogue), recommendations.customer_ids)
        before = _select_customers(past, recommendations.customer_ids)
        buyers = np.flatnonzero(np.diff(bought.indptr))
        if not len(buyers):
            raise NotEnoughHistory("no customer bought an item in the test period; use a longer one")
        bought, before = bought.take(buyers), before.take(buyers)
        codes = np.append(codes_of(recommendations.item_ids, catalogue), -1)
        items = codes[recommendations.items[buyers]]
        pairs, pairs_before = pairs_of(bought), pairs_of(before)
        is_repeat = np.isin(pairs, pairs_before, assume_unique=True)
        cells = np.arange(len(buyers))[:, None] * len(catalogue) + items
        return cls(
            customer_ids=recommendations.customer_ids[buyers],
            items=items,
            hits=(items >= 0) & np.isin(cells, pairs),
            repeats=(items >= 0) & np.isin(cells, pairs_before),
            n_bought=np.bincount(pairs // len(catalogue), minlength=len(buyers)),
            n_bought_again=np.bincount(pairs[is_repeat] // len(catalogue), minlength=len(buyers)),
            before=before,
            past=past,
        )

    def __len__(self) -> int:
        return len(self.customer_ids)

    @property
    def item_ids(self) -> NDArray[np.str_]:
        """(m,) the joint catalogue: the items of recommendations, truth and past, sorted."""
        return self.past.item_ids

    def truncate(self, k: int) -> Self:
        """The same with lists of length k. Raises BadInput where the lists are shorter."""
        if not 1 <= k <= self.items.shape[1]:
            raise BadInput(f"lists have {self.items.shape[1]} items, so no metric at {k} exists; recommend more items")
        return replace(self, items=self.items[:, :k], hits=self.hits[:, :k], repeats=self.repeats[:, :k])

    @property
    def is_listed(self) -> NDArray[np.bool_]:
        """(n, k) whether the place has an item."""
        return self.items >= 0


@dataclass(frozen=True)
class Categories:
    """The category of each item; items that are not listed have none."""

    item_ids: NDArray[np.str_]
    "(c,) sorted."
    names: NDArray[np.str_]
    "(c,) '' where unknown."

    def codes(self, item_ids: NDArray[np.str_]) -> NDArray[np.int64]:
        """(m,) number of each item's category; -1 where it has none."""
        _, numbers = np.unique(self.names, return_inverse=True)
        numbers = np.append(np.where(self.names == "", -1, numbers), -1)
        return numbers[codes_of(item_ids, self.item_ids)]


@dataclass(frozen=True)
class MetricFamily:
    """Metrics that are computed together, one value for each customer; a module in this folder defines one."""

    names: tuple[str, ...]
    "In the order of reports."
    compute: Callable[[RankingData, Categories | None], dict[str, NDArray[np.float64]]]
    "(n,) values of each metric; NaN for a customer without one (no repeat bought, nothing listed)."
    needs_categories: bool = False


def pairs_of(histories: Histories) -> NDArray[np.int64]:
    """Customer and item in one number, row * items + code, each pair once and sorted."""
    return sort_distinct(histories.customers * len(histories.item_ids) + histories.items)


def _union(*catalogues: NDArray[np.str_]) -> NDArray[np.str_]:
    first = catalogues[0]
    if all(other is first or np.array_equal(other, first) for other in catalogues):
        return first
    return np.unique(np.concatenate(catalogues))


def _select_customers(histories: Histories, customer_ids: NDArray[np.str_]) -> Histories:
    """The histories of these customers in this order; empty for customers without one."""
    order = np.argsort(histories.customer_ids, kind="stable")
    places = codes_of(customer_ids, histories.customer_ids[order])
    has_history = places >= 0
    lengths = np.zeros(len(customer_ids), dtype=np.int64)
    selected = histories.take(order[places[has_history]])
    lengths[has_history] = np.diff(selected.indptr)
    return replace(selected, customer_ids=customer_ids, indptr=np.concatenate([[0], np.cumsum(lengths)]))
