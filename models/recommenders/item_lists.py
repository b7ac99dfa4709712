"""Item lists that do not depend on the customer: items bought together, and trending items.

Bought together are pairs that occur in the same order more often than by chance:

    expected = orders with i * orders with j / orders
    lift     = (orders with both + PRIOR_ORDERS) / (expected + PRIOR_ORDERS)

This is the lift of association rules (Brin et al. 1997), shrunk towards 1, so that it exceeds the number of orders
with both items by at most one: a pair seen in a single order has no lift of 200.

Trending items compare the purchases of the last window with those of the window before, both decayed alike:

    [--- previous window ---)[--- last window ---) cutoff

    score = log2((last window + PRIOR_PURCHASES) / (previous window + PRIOR_PURCHASES))

A score of 1 is a doubling. The prior ranks 1 -> 3 purchases (0.24, without decay) below 100 -> 200 (0.93).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from core.interactions import Histories, Interactions, decay_weights
from models.artifact import Artifact

PRIOR_ORDERS = 1.0
"Additional orders in which each pair occurs as often as by chance."

PRIOR_PURCHASES = 10.0
"Added to the purchases of both windows, so that a change of a few purchases counts little."

PAIRS_AT_ONCE = 2**23
"Pairs of items within orders that are counted at a time, those of one item at least: about 0.2 GB."


@dataclass(frozen=True)
class BoughtTogether:
    """For each item the items bought together with it, highest lift first."""

    indptr: NDArray[np.int64]
    "(m + 1,) bounds of each item's pairs in the other arrays."
    others: NDArray[np.int32]
    "(pairs,) codes of the items bought with item i, at indptr[i]:indptr[i + 1]."
    lifts: NDArray[np.float32]
    "(pairs,) above 1."
    supports: NDArray[np.int32]
    "(pairs,) number of orders with both items."

    @classmethod
    def fit(cls, interactions: Histories, *, min_support: int = 5, max_pairs: int = 50) -> Self:
        """Pairs in at least `min_support` orders, at most `max_pairs` for each item, in the interactions' codes.

        Lines without an order number form one order with the other lines of the same customer and moment. Anonymous
        lines without a number are ignored, because nothing shows which of them belong together.
        """
        orders = _orders_by_item(interactions)
        items_of_orders = orders.tocsr()
        blocks = [
            _best_pairs(orders, items_of_orders, block=block, min_support=min_support, n=max_pairs)
            for block in _split_items(orders)
        ]
        items, others, lifts, supports = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
        indptr = np.searchsorted(items, np.arange(orders.shape[1] + 1)).astype(np.int64)
        return cls(indptr, others.astype(np.int32), lifts.astype(np.float32), supports.astype(np.int32))

    def pairs_of(self, code: int, k: int) -> list[tuple[int, float, int]]:
        """At most k of (code of the other item, lift, orders with both), highest lift first; [] for an unknown code."""
        if not 0 <= code < len(self.indptr) - 1:
            return []
        span = slice(int(self.indptr[code]), int(min(self.indptr[code + 1], self.indptr[code] + max(k, 0))))
        return list(
            zip(self.others[span].tolist(), self.lifts[span].tolist(), self.supports[span].tolist(), strict=True)
        )

    def with_codes(self, codes: NDArray[np.int32], *, n_items: int) -> Self:
        """In a catalogue of more items, given the (m,) new codes, which rise; further items have no pairs."""
        n_pairs = np.zeros(n_items + 1, dtype=np.int64)
        n_pairs[codes + 1] = np.diff(self.indptr)
        return replace(self, indptr=np.cumsum(n_pairs), others=codes[self.others])

    def to_artifact(self) -> Artifact:
        """The arrays, as a release stores them."""
        return Artifact("bought_together", {}, dict(vars(self)))

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> Self:
        """The stored pairs; arrays may be memory-mapped files."""
        return cls(**artifact.arrays)


def _orders_by_item(interactions: Histories) -> sparse.csc_matrix:
    """(orders, m) int32: 1 where the order contains the item."""
    has_number, customers = interactions.orders >= 0, interactions.customers
    moments = np.where(has_number, 0, interactions.times.astype(np.int64))
    key = np.stack([interactions.orders, np.where(has_number, 0, customers), moments])
    _, order = np.unique(key, axis=1, return_inverse=True)
    shape = (int(order.max(initial=-1)) + 1, len(interactions.item_ids))
    contains = sparse.csc_matrix((np.ones(len(order), np.int32), (order.ravel(), interactions.items)), shape=shape)
    contains.data[:] = 1  # scipy adds up duplicates
    return contains


def _split_items(orders: sparse.csc_matrix) -> Iterator[slice]:
    """All items in blocks of few enough pairs: the work follows the pairs that occur, not the square of the items."""
    sizes = np.asarray(orders.sum(axis=1)).ravel()
    last_pair = np.cumsum(orders.T @ sizes, dtype=np.int64)
    start = 0
    while start < orders.shape[1]:
        before = last_pair[start - 1] if start else 0
        end = max(start + 1, int(np.searchsorted(last_pair, before + PAIRS_AT_ONCE, side="right")))
        yield slice(start, end)
        start = end


def _best_pairs(
    orders: sparse.csc_matrix, items_of_orders: sparse.csr_matrix, *, block: slice, min_support: int, n: int
) -> tuple[NDArray[np.integer], NDArray[np.integer], NDArray[np.float64], NDArray[np.integer]]:
    """Of some items the n best pairs each: item, other item, lift and support, by item, highest lift first."""
    counts = sparse.coo_matrix(orders[:, block].T @ items_of_orders)
    items, others, supports = counts.row + block.start, counts.col, counts.data
    enough = (supports >= min_support) & (items != others)
    items, others, supports = items[enough], others[enough], supports[enough]
    n_orders = np.diff(orders.indptr).astype(np.float64)
    expected = n_orders[items] * n_orders[others] / max(1, orders.shape[0])
    lifts = (supports + PRIOR_ORDERS) / (expected + PRIOR_ORDERS)
    order = np.lexsort((others, -supports, -lifts, items))
    order = order[lifts[order] > 1]
    nth = np.arange(len(order)) - np.searchsorted(items[order], items[order])
    best = order[nth < n]
    return items[best], others[best], lifts[best], supports[best]


@dataclass(frozen=True)
class Trend:
    """Growth of each item's purchases, anonymous ones included."""

    scores: NDArray[np.float32]
    "(m,) number of doublings of the decayed purchases; above 0 is trending."
    counts: NDArray[np.int64]
    "(m,) lines in the last window."
    counts_before: NDArray[np.int64]
    "(m,) lines in the previous window."


def measure_trend(
    interactions: Interactions, cutoff: date, *, window_days: int = 14, half_life_days: float | None = 7.0
) -> Trend:
    """The trend of each item over the last `window_days` before the cutoff.

    Within a window a line counts half as much every `half_life_days` before the window's end; None means no decay.
    """
    middle = cutoff - timedelta(days=window_days)
    decayed, counts = _count_window(interactions, middle, end=cutoff, half_life_days=half_life_days)
    decayed_before, counts_before = _count_window(
        interactions, middle - timedelta(days=window_days), end=middle, half_life_days=half_life_days
    )
    scores = np.log2((decayed + PRIOR_PURCHASES) / (decayed_before + PRIOR_PURCHASES))
    return Trend(scores.astype(np.float32), counts, counts_before)


def _count_window(
    interactions: Interactions, start: date, *, end: date, half_life_days: float | None
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """(m,) decayed and plain numbers of lines in [start, end)."""
    inside = interactions.since(start).before(end)
    items = np.concatenate([inside.items, inside.anonymous_items])
    times = np.concatenate([inside.times, inside.anonymous_times])
    m, weights = len(inside.item_ids), decay_weights(times, half_life_days, cutoff=end)
    decayed = np.bincount(items, weights, minlength=m).astype(np.float64, copy=False)
    return decayed, np.bincount(items, minlength=m)
