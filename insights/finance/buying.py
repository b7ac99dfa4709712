"""How customers buy: who comes back, how much an order is worth, who the best are, and how much hangs on them.

Each figure is of orders (customer, day, amount); intervals are over customers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.intervals import N_RESAMPLES, Estimate, estimate_intervals
from models.metrics.weighted import ratio

TOP_SHARE = 0.2
QUINTILES = 5


@dataclass(frozen=True)
class PurchaseDays:
    """Purchase occasions; every array is (n,)."""

    customer_ids: np.ndarray
    "Text 'U'."
    days: np.ndarray
    "datetime64[D]"
    amounts: np.ndarray
    "float64, base currency, returns taken off."

    def between(self, start: np.datetime64, end: np.datetime64) -> PurchaseDays:
        """The orders of the days from `start` on and before `end`."""
        rows = (self.days >= start) & (self.days < end)
        return self.take(rows)

    def take(self, rows: np.ndarray) -> PurchaseDays:
        """The orders that an index array or boolean mask picks."""
        return PurchaseDays(self.customer_ids[rows], self.days[rows], self.amounts[rows])


@dataclass(frozen=True)
class Buyers:
    """Orders summed up by customer; every array is (n,), customers sorted."""

    customer_ids: np.ndarray
    n_orders: np.ndarray
    amounts: np.ndarray
    first_days: np.ndarray
    last_days: np.ndarray

    @classmethod
    def of(cls, orders: PurchaseDays) -> Buyers:
        """One row a customer who ordered."""
        customer_ids, owners = np.unique(orders.customer_ids, return_inverse=True)
        first, last = (np.full(len(customer_ids), edge) for edge in (orders.days.max(initial=0), orders.days.min()))
        np.minimum.at(first, owners, orders.days)
        np.maximum.at(last, owners, orders.days)
        counted = np.bincount(owners, minlength=len(customer_ids))
        return cls(customer_ids, counted, np.bincount(owners, orders.amounts, len(customer_ids)), first, last)

    def __len__(self) -> int:
        return len(self.customer_ids)


BUYING = ("repeat_rate", "average_order_value", "orders_a_customer", "revenue_a_customer", "top_20_share")


def buying_figures(orders: PurchaseDays, n_resamples: int = N_RESAMPLES, seed: int = 0) -> dict[str, Estimate]:
    """The figures of `BUYING` with 90 % intervals over customers; NaN without an order.

    `repeat_rate` is the share of the customers with at least two orders; `top_20_share` the share of the revenue that
    the fifth of the customers with the highest revenue brings.
    """
    if not len(orders.days):
        return dict.fromkeys(BUYING, Estimate())
    buyers = Buyers.of(orders)
    order = np.argsort(-buyers.amounts, kind="stable")
    parts = np.column_stack([buyers.n_orders > 1, buyers.n_orders, buyers.amounts]).astype(np.float64)

    def figures(weights: np.ndarray) -> np.ndarray:
        customers = weights.sum(axis=1)
        repeaters, n_orders, revenue = (weights @ parts).T
        top = top_share(weights[:, order], buyers.amounts[order])
        return np.column_stack(
            [ratio(repeaters, customers), ratio(revenue, n_orders), ratio(n_orders, customers),
             ratio(revenue, customers), top]
        )  # fmt: skip

    return dict(
        zip(BUYING, estimate_intervals(figures, buyers.customer_ids, n_resamples=n_resamples, seed=seed), strict=True)
    )


def top_share(weights: np.ndarray, amounts: np.ndarray, share: float = TOP_SHARE) -> np.ndarray:
    """The part of the revenue that the highest share of customers brings, (samples,); amounts fall, ties in part."""
    reached = np.cumsum(weights, axis=1)
    within = np.clip(share * reached[:, -1:] - (reached - weights), 0, weights)
    return ratio((within * amounts).sum(axis=1), weights @ amounts)


@dataclass(frozen=True)
class RfmScores:
    """Quintiles of recency, frequency and money, 5 is best; every array is (n,) int64, customers as in `Buyers`."""

    recency: np.ndarray
    frequency: np.ndarray
    money: np.ndarray

    def segments(self) -> np.ndarray:
        """The usual names, (n,) text: see SEGMENTS."""
        names = np.full(len(self.recency), "others", dtype="U16")
        for name, (recency, frequency) in reversed(SEGMENTS.items()):
            fits = (self.recency >= recency[0]) & (self.recency <= recency[1])
            fits &= (self.frequency >= frequency[0]) & (self.frequency <= frequency[1])
            names[fits] = name
        return names


SEGMENTS: dict[str, tuple[tuple[int, int], tuple[int, int]]] = {
    "champions": ((4, 5), (4, 5)),
    "loyal": ((3, 5), (3, 5)),
    "new": ((4, 5), (1, 1)),
    "promising": ((3, 5), (1, 2)),
    "at risk": ((1, 2), (3, 5)),
    "lost": ((1, 2), (1, 2)),
}
"Ranges of recency and frequency; the first that fits counts."


def rfm(buyers: Buyers, today: np.datetime64) -> RfmScores:
    """Recency, frequency and money in quintiles of the customers; equal values share a quintile."""
    return RfmScores(
        quintile(-(today - buyers.last_days).astype(np.float64)),
        quintile(buyers.n_orders.astype(np.float64)),
        quintile(buyers.amounts),
    )


def quintile(values: np.ndarray) -> np.ndarray:
    """1 to 5, (n,) int64: by the share of the values that are lower or equal in half."""
    if not len(values):
        return np.empty(0, np.int64)
    ordered = np.sort(values)
    middle = (np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")) / 2
    return np.minimum(np.floor(QUINTILES * middle / len(values)).astype(np.int64) + 1, QUINTILES)
