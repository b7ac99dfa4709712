"""RFM: segments and quintiles of the year's buyers, of all and within each group, and how the segments moved.

A score compares a customer with all buyers, so that gold's share of champions can be held against silver's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from insights.finance.buying import RFM_SEGMENTS, Buyers, score_rfm
from insights.report.calendar import Span
from insights.report.estimation import FigureSpec, estimate_figures, plain, quotient
from insights.report.figure import EVERYBODY, Figure, Place
from insights.report.report_data import ReportData
from insights.report.sales import within

PARTS = ("recency", "frequency", "money")


@dataclass(frozen=True)
class ScoredCustomers:
    """The buyers of a year and where they stand; every array is (n,)."""

    customer_ids: np.ndarray
    amounts: np.ndarray
    splits: dict[str, np.ndarray]
    "How a split is named, to each buyer's word."

    @classmethod
    def of(cls, facts: ReportData, year: Span) -> ScoredCustomers:
        """As of the day after the year."""
        buyers = Buyers.of(within(facts.orders, year))
        scores = score_rfm(buyers, year.end)
        quintiles = {f"{part}_quintile": getattr(scores, part).astype(str) for part in PARTS}
        return cls(buyers.customer_ids, buyers.amounts, {"rfm": scores.segments(), **quintiles})

    def take(self, rows: np.ndarray) -> ScoredCustomers:
        """The buyers that a mask picks, with the scores they have among all."""
        splits = {by: words[rows] for by, words in self.splits.items()}
        return ScoredCustomers(self.customer_ids[rows], self.amounts[rows], splits)


def rfm_figures(facts: ReportData) -> list[Figure]:
    """Customers and revenue of each segment and quintile; none without orders in the year."""
    if not len(within(facts.orders, facts.calendar.year).days):
        return []
    scored = ScoredCustomers.of(facts, facts.calendar.year)
    told = {by: _told(words) for by, words in scored.splits.items()}
    sought = [one for by, words in told.items() for one in _shares(scored, by, words, EVERYBODY)]
    found = estimate_figures([*sought, *_grid(scored)], scored.customer_ids)
    for grouping in facts.groupings:
        for group, rows in grouping.masks(scored.customer_ids):
            inside, among = scored.take(rows), Place(among_by=grouping.by, among=group)
            sought = [one for by, words in told.items() for one in _shares(inside, by, words, among)]
            found += estimate_figures(sought, inside.customer_ids)
    return found + _by_month(facts, told["rfm"])


def _by_month(facts: ReportData, segments: Sequence[str]) -> list[Figure]:
    """The segments at each month's end, of the orders of the year to it."""
    found = []
    for year in facts.calendar.years:
        if len(within(facts.orders, year).days):
            scored, place = ScoredCustomers.of(facts, year), Place(period=str(year.last))
            found += estimate_figures(_shares(scored, "rfm", segments, place), scored.customer_ids)
    return found


def _told(words: np.ndarray) -> list[str]:
    """The words that there are, segments in their own order."""
    return [str(word) for word in dict.fromkeys((*RFM_SEGMENTS, *np.unique(words))) if word in words]


def _shares(scored: ScoredCustomers, by: str, told: Sequence[str], where: Place) -> Iterator[FigureSpec]:
    """How many customers each word has, their share, and that of the revenue they bring; nobody is a share as well."""
    words, amounts = scored.splits[by], scored.amounts
    for word in told:
        rows = words == word
        place, n = replace(where, by=by, group=word), int(rows.sum())
        yield FigureSpec("customers", "customers", (rows,), plain, place, n)
        yield FigureSpec("customer_share", "share", (rows, np.ones(len(rows))), quotient, place, n)
        yield FigureSpec("revenue_share", "share", (amounts * rows, amounts), quotient, place, n)


def _grid(scored: ScoredCustomers) -> Iterator[FigureSpec]:
    """How many customers have each recency and frequency."""
    words = np.char.add(np.char.add(scored.splits["recency_quintile"], "-"), scored.splits["frequency_quintile"])
    for word in np.unique(words):
        rows = words == word
        yield FigureSpec("customers", "customers", (rows,), plain, Place("rfm_grid", str(word)), int(rows.sum()))
