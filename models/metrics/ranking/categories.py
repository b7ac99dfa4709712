"""Categories of lists: how many pairs of items differ, and how close the mix is to the customer's own.

category_diversity  share of the list's pairs that have different categories
miscalibration      KL(customer's own mix of categories || the list's), 0 where both are equal (Steck 2018)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from models.metrics.ranking.data import Categories, MetricFamily, RankingData
from models.metrics.weighted import ratio

SMOOTHING = 0.01
"Weight of the customer's own mix in the list's, so that a category missing from the list has a finite cost."


def category_diversity(data: RankingData, categories: Categories) -> NDArray[np.float64]:
    """(n,) share of pairs with different categories, over items with a category; NaN without such a pair."""
    codes = np.append(categories.codes(data.item_ids), -1)[data.items]
    n_same = sum(
        (codes[:, place] == codes[:, other]) & (codes[:, place] >= 0)
        for place, other in zip(*np.triu_indices(codes.shape[1], 1), strict=True)
    )
    return 1 - ratio(np.zeros(len(data)) + n_same, count_pairs(codes >= 0))


def miscalibration(data: RankingData, categories: Categories) -> NDArray[np.float64]:
    """(n,) nats: KL divergence of the list's mix of categories from that of the customer's past lines.

    The list's mix is smoothed by `SMOOTHING`. NaN where the history or the list has no category.
    """
    codes = np.append(categories.codes(data.item_ids), -1)
    n_categories = int(codes.max()) + 1
    own = _mix(data.before.customers, codes[data.before.items], n=len(data), n_categories=n_categories)
    rows = np.repeat(np.arange(len(data)), data.items.shape[1])
    listed = _mix(rows, codes[data.items].ravel(), n=len(data), n_categories=n_categories)
    # Only categories of the own mix contribute to the divergence.
    cells = own.tocoo()
    listed_shares = np.asarray(listed[cells.row, cells.col]).ravel()
    terms = cells.data * np.log(cells.data / ((1 - SMOOTHING) * listed_shares + SMOOTHING * cells.data))
    divergence = np.bincount(cells.row, terms, minlength=len(data))
    has_both = (np.diff(own.indptr) > 0) & (np.diff(listed.indptr) > 0)
    return np.where(has_both, divergence, np.nan)


def count_pairs(places: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(n,) number of pairs among the marked places of each row."""
    n = places.sum(axis=1)
    return n * (n - 1) / 2


def _mix(rows: NDArray[np.int64], codes: NDArray[np.int64], *, n: int, n_categories: int) -> sparse.csr_matrix:
    """(n, categories) shares of each row's entries, which sum to 1; an empty row where none has a category."""
    has_category = codes >= 0
    counts = sparse.csr_matrix(
        (np.ones(has_category.sum()), (rows[has_category], codes[has_category])),
        shape=(n, max(1, n_categories)),
        dtype=np.float64,
    )
    counts.sum_duplicates()
    counts.data /= np.repeat(np.asarray(counts.sum(axis=1)).ravel(), np.diff(counts.indptr))
    return counts


def _compute(data: RankingData, categories: Categories | None) -> dict[str, NDArray[np.float64]]:
    if categories is None:
        return {}
    return {
        "category_diversity": category_diversity(data, categories),
        "miscalibration": miscalibration(data, categories),
    }


METRICS = MetricFamily(("category_diversity", "miscalibration"), _compute, needs_categories=True)
