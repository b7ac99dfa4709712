"""Novelty, diversity and coverage of lists (Castells et al. 2015).

novelty     mean of -log2(share of past customers with a purchase of the item, at least one)
diversity   1 - mean similarity of two items of the list; the similarity is the cosine of their buyers
coverage    share of the catalogue that is in any list
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from core.interactions import Histories
from models.metrics.ranking.categories import count_pairs
from models.metrics.ranking.data import MetricFamily, RankingData, pairs_of
from models.metrics.weighted import ratio

CELLS_AT_ONCE = 2**22
"Similarities of two items in memory at a time."
LISTS_AT_ONCE = 2**15
"Lists whose pairs are in memory at a time: 200 MB for lists of 20."


def novelty(data: RankingData) -> NDArray[np.float64]:
    """(n,) mean surprise of a list in bits; NaN for an empty list."""
    surprise = _surprise(data.past)[data.items]
    return ratio((surprise * data.is_listed).sum(axis=1), data.is_listed.sum(axis=1))


def diversity(data: RankingData) -> NDArray[np.float64]:
    """(n,) 1 - mean cosine of two items' buyers, over the pairs of a list; NaN for a list of fewer than two items."""
    columns = _unit_columns(data.past)
    blocks = range(0, len(data), LISTS_AT_ONCE)
    sums = [_sum_similarities(data.items[start : start + LISTS_AT_ONCE], columns) for start in blocks]
    return 1 - ratio(np.concatenate(sums), count_pairs(data.is_listed))


def coverage(data: RankingData) -> float:
    """The share of the catalogue that is in any list."""
    return len(np.unique(data.items[data.is_listed])) / len(data.item_ids)


def _surprise(past: Histories) -> NDArray[np.float64]:
    """(m,) bits: -log2 of the share of customers with a purchase of each item; an item without buyers counts as one."""
    n_customers = max(1, int((np.diff(past.indptr) > 0).sum()))
    n_buyers = np.bincount(pairs_of(past) % len(past.item_ids), minlength=len(past.item_ids))
    return -np.log2(np.maximum(n_buyers, 1) / n_customers)


def _unit_columns(past: Histories) -> sparse.csr_matrix:
    """Customers x items: non-zero where bought, each column of length 1."""
    bought = past.matrix()
    bought.data[:] = 1
    lengths = np.sqrt(np.bincount(bought.indices, minlength=bought.shape[1]))
    return sparse.csr_matrix(bought @ sparse.diags(1 / np.maximum(lengths, 1)))


def _sum_similarities(items: NDArray[np.int32], columns: sparse.csr_matrix) -> NDArray[np.float64]:
    """(n,) sum of the cosines of all pairs in (n, k) lists."""
    one, other = np.triu_indices(items.shape[1], 1)
    rows, pairs = np.nonzero((items[:, one] >= 0) & (items[:, other] >= 0))
    both = np.sort(np.stack([items[rows, one[pairs]], items[rows, other[pairs]]]).astype(np.int64), axis=0)
    m = columns.shape[1]
    # Lists share most of their pairs, so each different pair is computed once.
    different, places = np.unique(both[0] * m + both[1], return_inverse=True)
    cosines = _cosines(columns, different // m, second=different % m)[places]
    return np.bincount(rows, cosines, minlength=len(items)).astype(np.float64, copy=False)


def _cosines(columns: sparse.csr_matrix, first: NDArray[np.int64], *, second: NDArray[np.int64]) -> NDArray[np.float64]:
    """(pairs,) dot products of the first and the second column of each pair; `first` is sorted."""
    buyers = sparse.csr_matrix(columns.T)
    items, rows = np.unique(first, return_inverse=True)
    n_at_once = max(1, CELLS_AT_ONCE // columns.shape[1])
    cosines = np.zeros(len(first))
    for start in range(0, len(items), n_at_once):
        inside = slice(*np.searchsorted(rows, [start, start + n_at_once]))
        block = sparse.csr_matrix(buyers[items[start : start + n_at_once]] @ columns)
        cosines[inside] = np.asarray(block[rows[inside] - start, second[inside]]).ravel()
    return cosines


METRICS = MetricFamily(
    ("novelty", "diversity"), lambda data, _: {"novelty": novelty(data), "diversity": diversity(data)}
)
