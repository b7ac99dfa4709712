"""What else a list is, beside right: surprising, varied, and like the customer's own mix; one figure a customer.

novelty             mean of -log2(share of the customers of the past who bought the item, at least one)
diversity           1 - mean likeness of two items of the list; likeness is the cosine of who bought them
category_diversity  the share of the list's pairs that are of two categories
miscalibration      KL(own mix of categories || the list's), 0 where both are the same (Steck 2018)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from core.interactions import Histories, codes_of
from models.metrics.ranking_data import JudgedRankings, pairs_of
from models.metrics.weighted import ratio

SMOOTHING = 0.01
"Share of the own mix that is mixed into the list's, so that a category which the list lacks costs no infinity."
CELLS_AT_ONCE = 2**22
"Likenesses of two items held in memory together."
LISTS_AT_ONCE = 2**15
"Whose pairs are held in memory together: 200 MB for lists of 20."


@dataclass(frozen=True)
class Categories:
    """Which category each item is of; items that do not stand here have none."""

    item_ids: np.ndarray
    "(c,) text 'U', sorted."
    names: np.ndarray
    "(c,) text 'U'; '' where it is not known."

    def codes(self, item_ids: np.ndarray) -> np.ndarray:
        """(m,) int64 category of each item, by number; -1 where it has none."""
        _, numbers = np.unique(self.names, return_inverse=True)
        numbers = np.append(np.where(self.names == "", -1, numbers), -1)
        return numbers[codes_of(item_ids, self.item_ids)]


def novelty(judged: JudgedRankings) -> np.ndarray:
    """(n,) mean bits of surprise in a list; NaN where nothing is shown."""
    surprise = _surprise(judged.past)[judged.items]
    return ratio((surprise * judged.shown).sum(axis=1), judged.shown.sum(axis=1))


def diversity(judged: JudgedRankings) -> np.ndarray:
    """(n,) 1 - mean cosine of who bought two items, over the pairs of a list; NaN where it has no two items."""
    columns = _unit_columns(judged.past)
    blocks = range(0, len(judged), LISTS_AT_ONCE)
    alike = np.concatenate([_likeness(judged.items[start : start + LISTS_AT_ONCE], columns) for start in blocks])
    return 1 - ratio(alike, _n_pairs(judged.shown))


def category_diversity(judged: JudgedRankings, categories: Categories) -> np.ndarray:
    """(n,) share of the pairs of a list that are of two categories, over items that have one; NaN without a pair."""
    found = np.append(categories.codes(judged.item_ids), -1)[judged.items]
    same = sum(
        (found[:, place] == found[:, other]) & (found[:, place] >= 0)
        for place, other in zip(*np.triu_indices(found.shape[1], 1), strict=True)
    )
    return 1 - ratio(np.zeros(len(judged)) + same, _n_pairs(found >= 0))


def miscalibration(judged: JudgedRankings, categories: Categories) -> np.ndarray:
    """(n,) nats: KL divergence of the list's mix of categories from that of the customer's past lines.

    The list's mix is smoothed by `SMOOTHING` of the own one. NaN where the history or the list has no category.
    """
    codes = np.append(categories.codes(judged.item_ids), -1)
    n_categories = int(codes.max()) + 1
    own = _mix(judged.before.customers, codes[judged.before.items], len(judged), n_categories)
    rows = np.repeat(np.arange(len(judged)), judged.items.shape[1])
    listed = _mix(rows, codes[judged.items].ravel(), len(judged), n_categories)
    pairs = own.tocoo()
    shown = np.asarray(listed[pairs.row, pairs.col]).ravel()
    parts = pairs.data * np.log(pairs.data / ((1 - SMOOTHING) * shown + SMOOTHING * pairs.data))
    divergence = np.bincount(pairs.row, parts, minlength=len(judged))
    both = (np.diff(own.indptr) > 0) & (np.diff(listed.indptr) > 0)
    return np.where(both, divergence, np.nan)


def coverage(judged: JudgedRankings) -> float:
    """The share of the catalogue that stands in anybody's list."""
    return len(np.unique(judged.items[judged.shown])) / len(judged.item_ids)


def _surprise(past: Histories) -> np.ndarray:
    """(m,) bits: -log2 of the share of customers who bought each item; as if one had, where none did."""
    n_customers = max(1, int((np.diff(past.indptr) > 0).sum()))
    buyers = np.bincount(pairs_of(past) % len(past.item_ids), minlength=len(past.item_ids))
    return -np.log2(np.maximum(buyers, 1) / n_customers)


def _unit_columns(past: Histories) -> sparse.csr_matrix:
    """Customers x items: 1 where bought, each column of length 1."""
    bought = past.matrix()
    bought.data[:] = 1
    lengths = np.sqrt(np.bincount(bought.indices, minlength=bought.shape[1]))
    return sparse.csr_matrix(bought @ sparse.diags(1 / np.maximum(lengths, 1)))


def _likeness(items: np.ndarray, columns: sparse.csr_matrix) -> np.ndarray:
    """(n,) sum of the cosines of all pairs in (n, k) lists."""
    one, other = np.triu_indices(items.shape[1], 1)
    rows, pairs = np.nonzero((items[:, one] >= 0) & (items[:, other] >= 0))
    both = np.sort(np.stack([items[rows, one[pairs]], items[rows, other[pairs]]]).astype(np.int64), axis=0)
    m = columns.shape[1]
    different, places = np.unique(both[0] * m + both[1], return_inverse=True)
    return np.bincount(rows, _cosines(columns, different // m, different % m)[places], minlength=len(items))


def _cosines(columns: sparse.csr_matrix, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """(pairs,) products of the first and the second column; `first` is sorted."""
    buyers = sparse.csr_matrix(columns.T)
    items, rows = np.unique(first, return_inverse=True)
    at_once = max(1, CELLS_AT_ONCE // columns.shape[1])
    found = np.zeros(len(first))
    for start in range(0, len(items), at_once):
        inside = slice(*np.searchsorted(rows, [start, start + at_once]))
        block = sparse.csr_matrix(buyers[items[start : start + at_once]] @ columns)
        found[inside] = np.asarray(block[rows[inside] - start, second[inside]]).ravel()
    return found


def _n_pairs(stands: np.ndarray) -> np.ndarray:
    n = stands.sum(axis=1)
    return n * (n - 1) / 2


def _mix(rows: np.ndarray, categories: np.ndarray, n: int, n_categories: int) -> sparse.csr_matrix:
    """(n, categories) shares of each row's entries, which add up to 1; nothing where none has a category."""
    has = categories >= 0
    counts = sparse.csr_matrix(
        (np.ones(has.sum()), (rows[has], categories[has])), shape=(n, max(1, n_categories)), dtype=np.float64
    )
    counts.sum_duplicates()
    counts.data /= np.repeat(np.asarray(counts.sum(axis=1)).ravel(), np.diff(counts.indptr))
    return counts
