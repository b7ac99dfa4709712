"""How much hangs on few customers: the share of the revenue that the highest customers bring."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.intervals import estimate_intervals
from insights.finance.buying import Buyers, top_share
from insights.report.breakdowns import Part
from insights.report.figure import Figure, Place
from insights.report.report_data import ReportData
from insights.report.sales import within

SHARES = (0.01, 0.05, 0.1, 0.2, 0.5)


def concentration_figures(facts: ReportData) -> list[Figure]:
    """Of the year's revenue and of today's MRR: what the top 1, 5, 10, 20 and 50 % of the customers bring.

    Of the revenue of the year to each month's end: what the top 20 % bring.
    """
    found: list[Figure] = []
    orders = within(facts.orders, facts.calendar.year)
    if len(orders.days):
        buyers = Buyers.of(orders)
        found += _shares("revenue_of_top", buyers.customer_ids, buyers.amounts) + _revenue_by_month(facts)
    paid = facts.book.units[:, -1].astype(float) if facts.has_subscriptions else np.empty(0)
    if (paid > 0).any():
        found += _shares("mrr_of_top", facts.book.customer_ids[paid > 0], paid[paid > 0])
    return found


def mrr_concentration(part: Part, facts: ReportData) -> list[Figure]:
    """Of today's MRR of one part of the book what the top 20 % bring; of all also at each month's end."""
    paid = part.own.units[:, 1:].astype(float)
    months = [] if part.group else [part.place(month.label) for month in facts.calendar.each_month]
    amounts = [paid[:, -1], *(paid.T if months else ())]
    return _top_fifths("mrr_top_20_share", part.customer_ids, amounts, [part.place(), *months])


def _revenue_by_month(facts: ReportData) -> list[Figure]:
    years = facts.calendar.years
    orders = facts.orders.take(facts.orders.days < years[-1].end)
    ids, owners = np.unique(orders.customer_ids, return_inverse=True)
    amounts = []
    for year in years:
        rows = year.holds(orders.days)
        amounts.append(np.bincount(owners[rows], orders.amounts[rows], len(ids)))
    return _top_fifths("top_20_share", ids, amounts, [Place(period=str(year.last)) for year in years])


def _top_fifths(name: str, ids: np.ndarray, amounts: Sequence[np.ndarray], places: Sequence[Place]) -> list[Figure]:
    """The top 20 % of those who bring anything, a figure for each (n,) of the amounts."""
    orders = [np.argsort(-brought, kind="stable")[: (brought > 0).sum()] for brought in amounts]
    pairs = [(order, brought[order]) for order, brought in zip(orders, amounts, strict=True)]

    def figures(weights: np.ndarray) -> np.ndarray:
        return np.column_stack([top_share(weights[:, order], falling) for order, falling in pairs])

    told = zip(estimate_intervals(figures, ids), orders, places, strict=True)
    return [Figure(name, "share", estimate, len(order), place) for estimate, order, place in told if len(order)]


def _shares(name: str, ids: np.ndarray, amounts: np.ndarray) -> list[Figure]:
    order = np.argsort(-amounts, kind="stable")
    falling = amounts[order]

    def figures(weights: np.ndarray) -> np.ndarray:
        return np.column_stack([top_share(weights[:, order], falling, share=share) for share in SHARES])

    told = estimate_intervals(figures, ids)
    return [
        Figure(name, "share", estimate, len(ids), Place("top", f"{share:.0%}"))
        for share, estimate in zip(SHARES, told, strict=True)
    ]
