"""Best sellers of the categories that a customer buys.

    score[c, j] = share of c's purchases in the category of j * share of j in the purchases of its category
                = sum over the history's i of purchases[c, i] / all purchases of c * within[j], i in the category of j

So an item that a customer has never bought can enter the list, and past items of its category explain it exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from models.recommenders.engine.row_scores import SLACK, PurchasedWeights, RowScores

N_BEST_SELLERS = 32
"Best sellers of a category that are candidates for every customer who buys it."


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


@dataclass(frozen=True, kw_only=True, eq=False)
class CategoryBestSellers:
    """The items of each category, those with the largest shares in its purchases first."""

    categories: NDArray[np.integer]
    "(m,) code of each item's category, -1 where it has none."
    within: NDArray[np.float32]
    "(m,) as of `shares_within`."
    order: NDArray[np.int64]
    "(m,) items by category and share."
    starts: NDArray[np.int64]
    "(categories + 1,) where each category begins in `order`."

    @classmethod
    def of(cls, popularity: NDArray[np.floating], categories: NDArray[np.integer]) -> Self:
        """Of (m,) popularity, with at least one category."""
        within = shares_within(popularity, categories)
        order = np.lexsort((-within, categories))
        starts = np.searchsorted(categories[order], np.arange(int(categories.max(initial=-1)) + 2))
        return cls(categories=categories, within=within, order=order, starts=starts)

    def scores(self, purchases: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, m) `category_scores` of (n, m) purchases."""
        return category_scores(purchases, self.categories, within=self.within)

    def score_row(self, purchased: PurchasedWeights) -> RowScores:
        """The same for one customer, with the best sellers of the categories bought as candidates."""
        n_categories = len(self.starts) - 1
        of_items = self.categories[purchased.items]
        cells = np.where(of_items < 0, n_categories, of_items)
        by_category = np.bincount(cells, purchased.weights, minlength=n_categories + 1).astype(np.float32)
        bought = np.flatnonzero(by_category[:n_categories])
        starts, ends = self.starts[bought], self.starts[bought + 1]
        lengths = np.minimum(ends - starts, N_BEST_SELLERS)
        firsts = np.cumsum(lengths) - lengths
        candidates = self.order[np.repeat(starts - firsts, lengths) + np.arange(int(lengths.sum()))]
        is_longer = starts + lengths < ends
        following = self.order[(starts + lengths)[is_longer]]
        bound = float((by_category[bought[is_longer]] * self.within[following]).max(initial=0) * SLACK)

        def score_items(items: NDArray[np.integer]) -> NDArray[np.float32]:
            return by_category[self.categories[items]] * self.within[items]

        return RowScores(candidates, score_items(candidates), len(self.categories), bound, score_items)

    def find_contributions(self, purchased: PurchasedWeights, items: NDArray[np.integer]) -> NDArray[np.floating]:
        """(h, j) `category_contributions` of the items that one customer bought."""
        return category_contributions(
            purchased.weights, past=purchased.items, items=items, categories=self.categories, within=self.within
        )
