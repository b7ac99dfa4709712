"""What is bought together: pairs of items that meet in one order more often than chance brings them together.

    expected = orders with i * orders with j / orders
    lift     = (orders with both + PRIOR_ORDERS) / (expected + PRIOR_ORDERS)

Lift is that of association rules (Brin et al. 1997), shrunk towards 1, so that it never exceeds the number of orders
that speak for it by more than one: a pair seen in one order has no lift of 200.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy import sparse

from core.interactions import Histories
from models.artifact import Artifact

PRIOR_ORDERS = 1.0
"In so many orders more, each pair is taken to have met by chance."

CELLS_AT_ONCE = 2**24
"Pairs counted in memory together: at most 0.2 GB."


@dataclass(frozen=True)
class BoughtTogether:
    """For each item, those that are bought with it, the largest lift first."""

    indptr: np.ndarray
    "(m + 1,) int64."
    others: np.ndarray
    "(pairs,) int32: codes of the items bought with item i at indptr[i]:indptr[i + 1]."
    lifts: np.ndarray
    "(pairs,) float32, above 1."
    supports: np.ndarray
    "(pairs,) int32: orders with both."

    @classmethod
    def learnt_from(cls, interactions: Histories, least_support: int = 5, at_most: int = 50) -> Self:
        """Pairs in at least `least_support` orders, `at_most` of an item; in the codes of the interactions.

        Lines without an order number make one with those of the same customer and moment. Those without a customer
        are left out, because nothing says which of them belong together.
        """
        orders = _orders_by_item(interactions)
        block = max(1, CELLS_AT_ONCE // max(1, orders.shape[1]))
        blocks = [
            _best_pairs(orders, start, min(start + block, orders.shape[1]), least_support, at_most)
            for start in range(0, orders.shape[1], block)
        ]
        items, others, lifts, supports = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
        indptr = np.searchsorted(items, np.arange(orders.shape[1] + 1)).astype(np.int64)
        return cls(indptr, others.astype(np.int32), lifts.astype(np.float32), supports.astype(np.int32))

    def with_item(self, code: int, k: int) -> list[tuple[int, float, int]]:
        """At most k of (code, lift, orders with both), the largest lift first; none where the code is unknown."""
        if not 0 <= code < len(self.indptr) - 1:
            return []
        span = slice(int(self.indptr[code]), int(min(self.indptr[code + 1], self.indptr[code] + max(k, 0))))
        return list(
            zip(self.others[span].tolist(), self.lifts[span].tolist(), self.supports[span].tolist(), strict=True)
        )

    def to_artifact(self) -> Artifact:
        """The arrays, as they lie in a release."""
        return Artifact("bought_together", {}, dict(vars(self)))

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> Self:
        """The pairs as they were; arrays may be mapped files."""
        return cls(**artifact.arrays)


def _orders_by_item(interactions: Histories) -> sparse.csc_matrix:
    """(orders, m) int32: 1 where the order holds the item."""
    numbered, customers = interactions.orders >= 0, interactions.customers
    moments = np.where(numbered, 0, interactions.times.astype(np.int64))
    key = np.stack([interactions.orders, np.where(numbered, 0, customers), moments])
    _, order = np.unique(key, axis=1, return_inverse=True)
    shape = (int(order.max(initial=-1)) + 1, len(interactions.item_ids))
    held = sparse.csc_matrix((np.ones(len(order), np.int32), (order.ravel(), interactions.items)), shape=shape)
    held.data[:] = 1  # duplicates were added up
    return held


def _best_pairs(
    orders: sparse.csc_matrix, start: int, end: int, least_support: int, at_most: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Items start:end, the other of each pair, lift and support; by item, the largest lift first."""
    met = sparse.coo_matrix(orders[:, start:end].T @ orders)
    items, others, supports = met.row + start, met.col, met.data
    kept = (supports >= least_support) & (items != others)
    items, others, supports = items[kept], others[kept], supports[kept]
    holding = np.diff(orders.indptr).astype(np.float64)
    expected = holding[items] * holding[others] / max(1, orders.shape[0])
    lifts = (supports + PRIOR_ORDERS) / (expected + PRIOR_ORDERS)
    order = np.lexsort((others, -supports, -lifts, items))
    order = order[lifts[order] > 1]
    nth = np.arange(len(order)) - np.searchsorted(items[order], items[order])
    best = order[nth < at_most]
    return items[best], others[best], lifts[best], supports[best]
