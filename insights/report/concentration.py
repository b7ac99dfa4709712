"""How much hangs on few customers: the share of the revenue that the highest customers bring."""

from __future__ import annotations

import numpy as np

from core.intervals import estimates
from insights.buying import Buyers, top_share
from insights.report.facts import Facts
from insights.report.figure import Figure, Place
from insights.report.selling import within
from insights.report.sought import N_RESAMPLES

SHARES = (0.01, 0.05, 0.1, 0.2, 0.5)


def concentration_figures(facts: Facts) -> list[Figure]:
    """Of the year's revenue and of today's MRR: what the top 1, 5, 10, 20 and 50 % of the customers bring."""
    found: list[Figure] = []
    orders = within(facts.orders, facts.calendar.year)
    if len(orders.days):
        buyers = Buyers.of(orders)
        found += _shares("revenue_of_top", buyers.customer_ids, buyers.amounts)
    paid = facts.book.units[:, -1].astype(float) if facts.has_subscriptions else np.empty(0)
    if (paid > 0).any():
        found += _shares("mrr_of_top", facts.book.customer_ids[paid > 0], paid[paid > 0])
    return found


def _shares(name: str, ids: np.ndarray, amounts: np.ndarray) -> list[Figure]:
    order = np.argsort(-amounts, kind="stable")
    falling = amounts[order]

    def figures(weights: np.ndarray) -> np.ndarray:
        return np.column_stack([top_share(weights[:, order], falling, share) for share in SHARES])

    told = estimates(figures, ids, N_RESAMPLES)
    return [
        Figure(name, "share", estimate, len(ids), Place("top", f"{share:.0%}"))
        for share, estimate in zip(SHARES, told, strict=True)
    ]
