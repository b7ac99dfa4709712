"""Best sellers of the categories that a customer buys.

    score[c, j] = share of c's purchases in the category of j * share of j in the purchases of its category
                = sum over the history's i of purchases[c, i] / all purchases of c * within[j], i in the category of j

So an item that a customer has never bought can enter the list, and past items of its category explain it exactly.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def shares_within(popularity: NDArray[np.floating], categories: NDArray[np.integer]) -> NDArray[np.float32]:
    """(m,) share of each item in the popularity of its category; 0 for an item without one (code -1)."""
    has_category = categories >= 0
    totals = np.bincount(categories[has_category], popularity[has_category])
    shares = np.zeros(len(categories), dtype=np.float32)
    shares[has_category] = popularity[has_category] / totals[categories[has_category]]
    return shares


def category_scores(
    purchases: NDArray[np.float32], categories: NDArray[np.integer], *, within: NDArray[np.float32]
) -> NDArray[np.float32]:
    """(n, m) the scores, up to a factor for each customer; `purchases` is (n, m), `within` as of `shares_within`."""
    n, n_categories = len(purchases), int(categories.max(initial=-1)) + 1
    rows, items = np.nonzero(purchases)
    # Items without a category count in an extra last one, which no item's score reads: their `within` is 0.
    cells = rows * (n_categories + 1) + np.where(categories < 0, n_categories, categories)[items]
    by_category = np.bincount(cells, purchases[rows, items], minlength=n * (n_categories + 1))
    return by_category.astype(np.float32).reshape(n, n_categories + 1)[:, categories] * within


def category_contributions(
    purchases: NDArray[np.floating],
    *,
    past: NDArray[np.integer],
    items: NDArray[np.integer],
    categories: NDArray[np.integer],
    within: NDArray[np.float32],
) -> NDArray[np.floating]:
    """(h, j) what each past item (codes, with its (h,) purchases) adds to the scores of some items."""
    is_same = categories[past][:, None] == categories[items]
    return purchases[:, None] * is_same * within[items]
