"""Accuracy of ranked lists: how many of the bought items they contain, and how high; one value for each customer.

With r the ranks of the hits among the first k, and n the number of different items bought,

    recall    hits / n                       hit_rate  1 where there is a hit
    ndcg      sum of 1 / log2(r + 1), divided by the same sum for ranks 1 to min(k, n)
    map       mean over min(k, n) of the precision at each hit's rank
    mrr       1 / r of the first hit, 0 where there is none
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.metrics.ranking.data import MetricFamily, RankingData


def accuracy(data: RankingData) -> dict[str, NDArray[np.float64]]:
    """(n,) recall, ndcg, map, mrr and hit rate of the whole lists."""
    k = data.items.shape[1]
    ranks = np.arange(1, k + 1)
    gains = 1 / np.log2(ranks + 1)
    max_hits = np.minimum(data.n_bought, k)
    n_hits = data.hits.sum(axis=1)
    precision = np.cumsum(data.hits, axis=1) / ranks
    return {
        "recall": n_hits / data.n_bought,
        "ndcg": data.hits @ gains / np.cumsum(gains)[max_hits - 1],
        "map": (precision * data.hits).sum(axis=1) / max_hits,
        "mrr": (data.hits / ranks).max(axis=1),
        "hit_rate": (n_hits > 0).astype(np.float64),
    }


METRICS = MetricFamily(("recall", "ndcg", "map", "mrr", "hit_rate"), lambda data, _: accuracy(data))
