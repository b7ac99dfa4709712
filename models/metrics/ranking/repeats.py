"""Repeat purchases and new items: the recall of each, and their shares of the list; one value for each customer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.metrics.ranking.data import MetricFamily, RankingData
from models.metrics.weighted import ratio


def repeats_and_new(data: RankingData) -> dict[str, NDArray[np.float64]]:
    """(n,) recall of items that the customer had and had not bought before, and each one's share of the list."""
    n_listed, n_hits = data.is_listed.sum(axis=1), data.hits.sum(axis=1)
    n_repeat_hits = (data.hits & data.repeats).sum(axis=1)
    return {
        "repeat_recall": ratio(n_repeat_hits, data.n_bought_again),
        "new_recall": ratio(n_hits - n_repeat_hits, data.n_bought - data.n_bought_again),
        "repeat_share": ratio(data.repeats.sum(axis=1), n_listed),
        "new_share": ratio((data.is_listed & ~data.repeats).sum(axis=1), n_listed),
    }


METRICS = MetricFamily(
    ("repeat_recall", "new_recall", "repeat_share", "new_share"), lambda data, _: repeats_and_new(data)
)
