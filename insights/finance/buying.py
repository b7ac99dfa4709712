"""Order figures per customer: repeat rate, order value, revenue concentration and RFM segments.

Orders and returns are those of `tables.orders`. Intervals resample customers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.intervals import N_RESAMPLES, Estimate, estimate_intervals
from models.metrics.weighted import ratio

TOP_SHARE = 0.2
N_QUINTILES = 5


@dataclass(frozen=True, kw_only=True)
class DailyOrders:
    """Orders and net revenue, one row per customer and day; every array is (n,).

    A day of a customer may have returns and no order: then its amount is negative.
    """

    customer_ids: NDArray[np.str_]
    days: NDArray[np.datetime64]
    "datetime64[D]"
    amounts: NDArray[np.float64]
    "Base currency: what was bought on the day less what was returned on it."
    n_orders: NDArray[np.int64]
    "The number of orders made on the day; 0 where there were returns only."

    @classmethod
    def empty(cls) -> DailyOrders:
        """No orders."""
        none = np.empty(0, np.int64)
        return cls(customer_ids=np.empty(0, "U1"), days=np.empty(0, "M8[D]"), amounts=np.empty(0), n_orders=none)

    @classmethod
    def of(
        cls,
        customer_ids: NDArray[np.str_],
        days: NDArray[np.datetime64],
        *,
        amounts: NDArray[np.float64],
        n_orders: NDArray[np.int64],
    ) -> DailyOrders:
        """Sum rows, (m,) each, by customer and day; sorted by both."""
        order = np.lexsort((days, customer_ids))
        ids, days = customer_ids[order], days[order]
        is_first = np.append(True, (ids[1:] != ids[:-1]) | (days[1:] != days[:-1]))[: len(ids)]
        starts = np.flatnonzero(is_first)
        if not len(starts):
            return cls.empty()
        sums = [np.add.reduceat(column[order], starts) for column in (amounts, n_orders)]
        return cls(customer_ids=ids[starts], days=days[starts], amounts=sums[0], n_orders=sums[1])

    @property
    def with_order(self) -> DailyOrders:
        """The days with an order."""
        return self.take(self.n_orders > 0)

    def between(self, start: np.datetime64, end: np.datetime64) -> DailyOrders:
        """The rows from the day `start` up to, but without, the day `end`."""
        rows = (self.days >= start) & (self.days < end)
        return self.take(rows)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> DailyOrders:
        """The rows that an index array or boolean mask picks."""
        return DailyOrders(**{name: column[rows] for name, column in vars(self).items()})


@dataclass(frozen=True, kw_only=True)
class Buyers:
    """The customers with an order; every array is (n,), sorted by customer."""

    customer_ids: NDArray[np.str_]
    n_orders: NDArray[np.int64]
    amounts: NDArray[np.float64]
    "Net of all returns, also of those for earlier orders."
    first_days: NDArray[np.datetime64]
    "Of the orders."
    last_days: NDArray[np.datetime64]

    @classmethod
    def of(cls, orders: DailyOrders) -> Buyers:
        """Sum the orders and returns of each customer who ordered."""
        days = orders.with_order
        customer_ids, owners = np.unique(days.customer_ids, return_inverse=True)
        edges = days.days.max(initial=0), days.days.min(initial=0)
        first, last = (np.full(len(customer_ids), edge) for edge in edges)
        np.minimum.at(first, owners, days.days)
        np.maximum.at(last, owners, days.days)
        rows = orders.take(np.isin(orders.customer_ids, customer_ids))
        places = np.searchsorted(customer_ids, rows.customer_ids)
        return cls(
            customer_ids=customer_ids,
            n_orders=np.bincount(places, rows.n_orders, len(customer_ids)).astype(np.int64),
            amounts=np.bincount(places, rows.amounts, len(customer_ids)).astype(np.float64),
            first_days=first,
            last_days=last,
        )

    def __len__(self) -> int:
        return len(self.customer_ids)


BUYING_FIGURES = ("repeat_rate", "average_order_value", "orders_a_customer", "revenue_a_customer", "top_20_share")


def estimate_buying_figures(
    orders: DailyOrders, *, n_resamples: int = N_RESAMPLES, seed: int = 0
) -> dict[str, Estimate]:
    """Estimate the figures of `BUYING_FIGURES` with 90 % intervals over customers; NaN without an order.

    `repeat_rate` is the share of customers with at least two orders. The revenue is net of all returns, also of those
    of customers without an order. `top_20_share` is the share of the revenue that comes from the 20 % of customers with
    the highest revenue; customers who returned as much as they bought are in none of it.
    """
    ids, owners = np.unique(orders.customer_ids, return_inverse=True)
    n_orders = np.bincount(owners, orders.n_orders, len(ids))
    amounts = np.bincount(owners, orders.amounts, len(ids)).astype(np.float64)
    columns = np.column_stack([n_orders > 1, n_orders, amounts, n_orders > 0]).astype(np.float64)
    falling = np.argsort(-amounts, kind="stable")[: (amounts > 0).sum()]

    def figures(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        repeaters, all_orders, revenue, customers = (weights @ columns).T
        top = top_share(weights[:, falling], amounts[falling])
        return np.column_stack(
            [ratio(repeaters, customers), ratio(revenue, all_orders), ratio(all_orders, customers),
             ratio(revenue, customers), top]
        )  # fmt: skip

    estimates = estimate_intervals(figures, ids, n_resamples=n_resamples, seed=seed)
    return dict(zip(BUYING_FIGURES, estimates, strict=True))


def top_share(
    weights: NDArray[np.float64], amounts: NDArray[np.float64], *, share: float = TOP_SHARE
) -> NDArray[np.float64]:
    """The part of the revenue that comes from the top `share` of customers, (samples,).

    `weights` is (samples, n), `amounts` (n,) in descending order. The customer at the boundary counts in part.
    """
    reached = np.cumsum(weights, axis=1)
    within = np.clip(share * reached[:, -1:] - (reached - weights), 0, weights)
    return ratio((within * amounts).sum(axis=1), weights @ amounts)


@dataclass(frozen=True, kw_only=True)
class RfmScores:
    """Quintiles of recency, frequency and money (5 is best); every array is (n,), customers as in `Buyers`."""

    recency: NDArray[np.int64]
    frequency: NDArray[np.int64]
    money: NDArray[np.int64]

    def segments(self) -> NDArray[np.str_]:
        """The name of each customer's RFM segment, (n,): see `RFM_SEGMENTS`; `others` where none fits."""
        names = np.full(len(self.recency), "others", dtype="U16")
        # The first segment that fits counts, so it is written last.
        for name, (recency, frequency) in reversed(RFM_SEGMENTS.items()):
            fits = (self.recency >= recency[0]) & (self.recency <= recency[1])
            fits &= (self.frequency >= frequency[0]) & (self.frequency <= frequency[1])
            names[fits] = name
        return names


RFM_SEGMENTS: dict[str, tuple[tuple[int, int], tuple[int, int]]] = {
    "champions": ((4, 5), (4, 5)),
    "loyal": ((3, 5), (3, 5)),
    "new": ((4, 5), (1, 1)),
    "promising": ((3, 5), (1, 2)),
    "at risk": ((1, 2), (3, 5)),
    "lost": ((1, 2), (1, 2)),
}
"Ranges of recency and frequency; the first that fits counts."


def score_rfm(buyers: Buyers, today: np.datetime64) -> RfmScores:
    """Score recency, frequency and money in quintiles of the customers; equal values share a quintile.

    A single order is the lowest frequency, even where every customer has one.
    """
    return RfmScores(
        recency=quintiles(-(today - buyers.last_days).astype(np.float64)),
        frequency=np.where(buyers.n_orders > 1, quintiles(buyers.n_orders.astype(np.float64)), 1),
        money=quintiles(buyers.amounts),
    )


def quintiles(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """The quintile of each value, 1 to 5, (n,), by its mid-rank: lower values count whole, equal ones half.

    However many share them, the lowest value is in quintile 1 and the highest in quintile 5: where nine customers in
    ten have one order, its mid-rank is in the middle, but no frequency is lower. Where all values are equal, nothing is
    low or high, and the quintile is 3.
    """
    if not len(values):
        return np.empty(0, np.int64)
    ordered = np.sort(values)
    middle = (np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")) / 2
    places = np.minimum(np.floor(N_QUINTILES * middle / len(values)).astype(np.int64) + 1, N_QUINTILES)
    if ordered[0] == ordered[-1]:
        return places
    return np.where(values == ordered[0], 1, np.where(values == ordered[-1], N_QUINTILES, places))
