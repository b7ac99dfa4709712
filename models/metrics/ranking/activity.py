"""Accuracy by activity: recall and NDCG for customers with few, some and many past orders."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.metrics.ranking.accuracy import accuracy
from models.metrics.ranking.data import MetricFamily, RankingData

THIRDS = ("few_orders", "some_orders", "many_orders")
"Thirds of the customers by the number of their past orders."


def accuracy_by_activity(data: RankingData) -> dict[str, NDArray[np.float64]]:
    """(n,) recall and ndcg for each third of the customers, NaN for customers of other thirds: `recall_few_orders`."""
    third_of, by_customer = activity_thirds(data), accuracy(data)
    return {
        f"{name}_{third}": np.where(third_of == place, by_customer[name], np.nan)
        for name in ("recall", "ndcg")
        for place, third in enumerate(THIRDS)
    }


def activity_thirds(data: RankingData) -> NDArray[np.int64]:
    """(n,) 0, 1 or 2 by past orders: up to the first tercile of the evaluated customers, up to the second, above it.

    Customers with equally many orders stay together, so the thirds may be uneven. Lines without an order number are
    one order where they have the same time.
    """
    before = data.before
    has_number = before.orders >= 0
    numbers = np.where(has_number, before.orders, before.times.astype("datetime64[s]").astype(np.int64))
    order = np.lexsort((numbers, has_number, before.customers))
    is_new = np.ones(len(order), dtype=bool)
    is_new[1:] = np.any([np.diff(one[order]) != 0 for one in (before.customers, has_number, numbers)], axis=0)
    n_orders = np.bincount(before.customers[order[is_new]], minlength=len(data))
    terciles = np.quantile(n_orders, [1 / 3, 2 / 3], method="inverted_cdf")
    return np.searchsorted(terciles, n_orders, side="left")


METRICS = MetricFamily(
    tuple(f"{name}_{third}" for name in ("recall", "ndcg") for third in THIRDS),
    lambda data, _: accuracy_by_activity(data),
)
