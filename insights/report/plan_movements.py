"""The waterfall of each plan, whose lines add up to the whole's over all plans.

What a customer moves from one plan to another is no churn of the first and nothing new of the second:

    ada  basic 100 -> pro 130     basic  moved out 100      pro  moved in 100, expansion 30
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from insights.finance.money import Money
from insights.finance.mrr import MrrTable, SubscriptionSpans


def plan_books(spans: SubscriptionSpans, book: MrrTable, money: Money) -> dict[str, MrrTable]:
    """Each plan's own book, with the customers of the whole one in its order; its sum over plans is the whole."""
    return {str(plan): _aligned(spans.take(spans.plans == plan), book, money) for plan in np.unique(spans.plans)}


def _aligned(spans: SubscriptionSpans, book: MrrTable, money: Money) -> MrrTable:
    own = MrrTable.of(spans, book.months, money=money)
    rows = np.searchsorted(book.customer_ids, own.customer_ids)
    units, revalued = np.zeros_like(book.units), np.zeros_like(book.revalued)
    units[rows], revalued[rows] = own.units, own.revalued
    return MrrTable(
        customer_ids=book.customer_ids,
        months=book.months,
        units=units,
        revalued=revalued,
        paid_earlier=book.paid_earlier,
    )


def plan_movements(books: Sequence[MrrTable], column: int) -> list[dict[str, np.ndarray]]:
    """Each customer's part of each movement in one month, plan by plan: (n,) int64 by name."""
    opening, valued, closing = (np.stack(cells) for cells in zip(*(_cells(b, column) for b in books), strict=True))
    before, after = valued.sum(axis=0), closing.sum(axis=0)
    came, left, stayed = (before == 0) & (after > 0), (before > 0) & (after == 0), (before > 0) & (after > 0)
    earlier = np.any([book.has_paid_before()[:, column] for book in books], axis=0) | (opening.sum(axis=0) > 0)
    gained = np.where(stayed, np.maximum(closing - valued, 0), 0)
    lost = np.where(stayed, np.maximum(valued - closing, 0), 0)
    moved = np.minimum(gained.sum(axis=0), lost.sum(axis=0))
    moved_in, moved_out = _first_units(gained, moved), _first_units(lost, moved)
    lines = {
        "opening": opening,
        "fx": valued - opening,
        "new": closing * (came & ~earlier),
        "reactivation": closing * (came & earlier),
        "expansion": gained - moved_in,
        "moved_in": moved_in,
        "contraction": lost - moved_out,
        "moved_out": moved_out,
        "churn": valued * left,
        "closing": closing,
    }
    return [{name: line[place] for name, line in lines.items()} for place in range(len(books))]


def _cells(book: MrrTable, column: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return book.units[:, column], book.revalued[:, column], book.units[:, column + 1]


def _first_units(parts: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Of (plans, n) parts, the first ones that make up the wanted sum of each customer."""
    reached = np.cumsum(parts, axis=0)
    return np.clip(wanted - (reached - parts), 0, parts)
