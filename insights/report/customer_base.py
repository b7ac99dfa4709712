"""The customer base: concentration of revenue, RFM segments and quintiles.

An RFM score compares a customer with all buyers, so the shares of a segment can be compared between groups.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.intervals import estimate_intervals
from insights.finance.buying import RFM_SEGMENTS, Buyers, score_rfm, top_share
from insights.report.breakdowns import Part
from insights.report.calendar import Span
from insights.report.estimation import FigureSpec, estimate_figures, plain
from insights.report.figure import ALL_CUSTOMERS, Figure, Place
from insights.report.report_data import ReportData
from insights.report.sales import select_orders

TOP_SHARES = (0.01, 0.05, 0.1, 0.2, 0.5)
RFM_SCORES = ("recency", "frequency", "money")


def concentration_figures(data: ReportData) -> list[Figure]:
    """The shares of the top 1, 5, 10, 20 and 50 % of customers in the revenue of the year and in current MRR.

    Of the revenue of the year to each month's end: the share of the top 20 %.
    """
    figures: list[Figure] = []
    orders = select_orders(data.orders, data.calendar.year)
    if len(orders.days):
        buyers = Buyers.of(orders)
        paid = buyers.amounts > 0
        if paid.any():
            figures += _top_shares("revenue_of_top", buyers.customer_ids[paid], amounts=buyers.amounts[paid])
        figures += _revenue_concentration_by_month(data)
    paid = data.book.units[:, -1].astype(float) if data.has_subscriptions else np.empty(0)
    if (paid > 0).any():
        figures += _top_shares("mrr_of_top", data.book.customer_ids[paid > 0], amounts=paid[paid > 0])
    return figures


def mrr_concentration(part: Part, data: ReportData) -> list[Figure]:
    """The share of the top 20 % in the current MRR of one part of the book; of all customers also by month."""
    paid = part.own.units[:, 1:].astype(float)
    months = [] if part.group else [part.place(month.label) for month in data.calendar.each_month]
    amounts = [paid[:, -1], *(paid.T if months else ())]
    return _top_20_shares("mrr_top_20_share", part.customer_ids, amounts=amounts, places=[part.place(), *months])


def _revenue_concentration_by_month(data: ReportData) -> list[Figure]:
    years = data.calendar.years
    orders = data.orders.take(data.orders.days < years[-1].end)
    ids, owners = np.unique(orders.customer_ids, return_inverse=True)
    amounts = []
    for year in years:
        rows = year.contains(orders.days)
        amounts.append(np.bincount(owners[rows], orders.amounts[rows], len(ids)))
    places = [Place(period=str(year.last)) for year in years]
    return _top_20_shares("top_20_share", ids, amounts=amounts, places=places)


def _top_20_shares(
    name: str, ids: NDArray[np.str_], *, amounts: Sequence[NDArray[np.float64]], places: Sequence[Place]
) -> list[Figure]:
    """The share of the top 20 % of customers with any amount, for each array of amounts, (n,)."""
    orders = [np.argsort(-one, kind="stable")[: (one > 0).sum()] for one in amounts]
    pairs = [(order, one[order]) for order, one in zip(orders, amounts, strict=True)]

    def evaluate(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack([top_share(weights[:, order], falling) for order, falling in pairs])

    estimates = zip(estimate_intervals(evaluate, ids), orders, places, strict=True)
    return [Figure(name, estimate, len(order), place) for estimate, order, place in estimates if len(order)]


def _top_shares(name: str, ids: NDArray[np.str_], *, amounts: NDArray[np.float64]) -> list[Figure]:
    order = np.argsort(-amounts, kind="stable")
    falling = amounts[order]

    def evaluate(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack([top_share(weights[:, order], falling, share=share) for share in TOP_SHARES])

    return [
        Figure(name, estimate, len(ids), Place("top", f"{share:.0%}"))
        for share, estimate in zip(TOP_SHARES, estimate_intervals(evaluate, ids), strict=True)
    ]


@dataclass(frozen=True)
class ScoredCustomers:
    """The buyers of a year with their RFM segment and quintiles; every array is (n,)."""

    customer_ids: NDArray[np.str_]
    amounts: NDArray[np.float64]
    splits: Mapping[str, NDArray[np.str_]]
    "Name of a split ('rfm', 'recency_quintile', ...) to the group of each buyer."

    @classmethod
    def of(cls, data: ReportData, year: Span) -> ScoredCustomers:
        """Score the buyers of a year on the day after it."""
        buyers = Buyers.of(select_orders(data.orders, year))
        scores = score_rfm(buyers, year.end)
        quintiles = {f"{name}_quintile": getattr(scores, name).astype(str) for name in RFM_SCORES}
        return cls(buyers.customer_ids, buyers.amounts, {"rfm": scores.segments(), **quintiles})

    def take(self, rows: NDArray[np.bool_]) -> ScoredCustomers:
        """The buyers that a mask selects, with their scores among all buyers."""
        splits = {by: groups[rows] for by, groups in self.splits.items()}
        return ScoredCustomers(self.customer_ids[rows], self.amounts[rows], splits)


def rfm_figures(data: ReportData) -> list[Figure]:
    """Customers and revenue of each segment and quintile; none without orders in the year."""
    if not select_orders(data.orders, data.calendar.year).n_orders.any():
        return []
    scored = ScoredCustomers.of(data, data.calendar.year)
    groups_of = {by: _sort_groups(groups) for by, groups in scored.splits.items()}
    specs = [spec for by, groups in groups_of.items() for spec in _group_specs(scored, by, groups=groups)]
    figures = estimate_figures([*specs, *_grid_specs(scored)], scored.customer_ids)
    for grouping in data.groupings:
        for group, rows in grouping.masks(scored.customer_ids):
            inside, among = scored.take(rows), Place(among_by=grouping.by, among=group)
            specs = [
                spec
                for by, groups in groups_of.items()
                for spec in _group_specs(inside, by, groups=groups, place=among)
            ]
            figures += estimate_figures(specs, inside.customer_ids)
    return figures + _segments_by_month(data, groups_of["rfm"])


def _segments_by_month(data: ReportData, segments: Sequence[str]) -> list[Figure]:
    """The segments at each month's end, from the orders of the year to it."""
    figures = []
    for year in data.calendar.years:
        if select_orders(data.orders, year).n_orders.any():
            scored, place = ScoredCustomers.of(data, year), Place(period=str(year.last))
            specs = _group_specs(scored, "rfm", groups=segments, place=place)
            figures += estimate_figures(specs, scored.customer_ids)
    return figures


def _sort_groups(groups: NDArray[np.str_]) -> list[str]:
    """The distinct groups, with the segments in the order of `RFM_SEGMENTS`."""
    return [str(group) for group in dict.fromkeys((*RFM_SEGMENTS, *np.unique(groups))) if group in groups]


def _group_specs(
    scored: ScoredCustomers, by: str, *, groups: Sequence[str], place: Place = ALL_CUSTOMERS
) -> Iterator[FigureSpec]:
    """The customers of each group, their share of all, and their share of revenue; a group may be empty."""
    group_of, amounts = scored.splits[by], scored.amounts
    for group in groups:
        rows = group_of == group
        group_place, n = replace(place, by=by, group=group), int(rows.sum())
        yield FigureSpec("customers", (rows,), formula=plain, place=group_place, n=n)
        yield FigureSpec("customer_share", (rows, np.ones(len(rows))), place=group_place, n=n)
        yield FigureSpec("revenue_share", (amounts * rows, amounts), place=group_place, n=n)


def _grid_specs(scored: ScoredCustomers) -> Iterator[FigureSpec]:
    """The number of customers with each pair of recency and frequency quintile."""
    pairs = np.char.add(np.char.add(scored.splits["recency_quintile"], "-"), scored.splits["frequency_quintile"])
    for pair in np.unique(pairs):
        rows = pairs == pair
        place = Place("rfm_grid", str(pair))
        yield FigureSpec("customers", (rows,), formula=plain, place=place, n=int(rows.sum()))
