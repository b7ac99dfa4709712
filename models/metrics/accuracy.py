"""How much of what was bought stands in the lists, and how high; one figure a customer.

With r the ranks of the hits among the first k, and n the number of different items bought,

    recall    hits / n                       hit_rate  1 where there is a hit
    ndcg      sum 1 / log2(r + 1), over the same sum for ranks 1 to min(k, n)
    map       mean over min(k, n) of the precision at each hit's rank
    mrr       1 / r of the first hit, 0 where there is none
"""

from __future__ import annotations

import numpy as np

from models.metrics.ranking_data import JudgedRankings
from models.metrics.weighted import ratio

SEGMENTS = ("few_orders", "some_orders", "many_orders")
"Thirds of the customers by the number of their past orders."


def accuracy(judged: JudgedRankings) -> dict[str, np.ndarray]:
    """(n,) recall, ndcg, map, mrr and hit rate of the whole lists."""
    k = judged.items.shape[1]
    ranks = np.arange(1, k + 1)
    gains = 1 / np.log2(ranks + 1)
    reachable = np.minimum(judged.n_bought, k)
    n_found = judged.hits.sum(axis=1)
    precision = np.cumsum(judged.hits, axis=1) / ranks
    return {
        "recall": n_found / judged.n_bought,
        "ndcg": judged.hits @ gains / np.cumsum(gains)[reachable - 1],
        "map": (precision * judged.hits).sum(axis=1) / reachable,
        "mrr": (judged.hits / ranks).max(axis=1),
        "hit_rate": (n_found > 0).astype(np.float64),
    }


def repeats_and_new(judged: JudgedRankings) -> dict[str, np.ndarray]:
    """(n,) recall of items that the customer had and had not bought before, and what share of the list each is."""
    n_shown, n_found = judged.shown.sum(axis=1), judged.hits.sum(axis=1)
    n_found_again = (judged.hits & judged.repeats).sum(axis=1)
    return {
        "repeat_recall": ratio(n_found_again, judged.n_bought_again),
        "new_recall": ratio(n_found - n_found_again, judged.n_bought - judged.n_bought_again),
        "repeat_share": ratio(judged.repeats.sum(axis=1), n_shown),
        "new_share": ratio((judged.shown & ~judged.repeats).sum(axis=1), n_shown),
    }


def by_activity(judged: JudgedRankings) -> dict[str, np.ndarray]:
    """(n,) recall and ndcg again for each third of the customers, NaN for the others: `recall_few_orders`, ..."""
    thirds, found = activity_thirds(judged), accuracy(judged)
    return {
        f"{name}_{segment}": np.where(thirds == third, found[name], np.nan)
        for name in ("recall", "ndcg")
        for third, segment in enumerate(SEGMENTS)
    }


def activity_thirds(judged: JudgedRankings) -> np.ndarray:
    """(n,) 0, 1 or 2 by past orders: up to the first tercile of the customers judged, up to the second, above.

    Customers with equally many orders stay together, so that the thirds may be uneven. Lines of an unknown order
    are one order where they are of one moment.
    """
    before = judged.before
    known = before.orders >= 0
    numbers = np.where(known, before.orders, before.times.astype("datetime64[s]").astype(np.int64))
    orders = np.unique(np.column_stack([before.customers, known, numbers]), axis=0)
    counts = np.bincount(orders[:, 0], minlength=len(judged))
    terciles = np.quantile(counts, [1 / 3, 2 / 3], method="inverted_cdf")
    return np.searchsorted(terciles, counts, side="left")
