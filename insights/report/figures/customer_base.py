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
from insights.report.buyer_rows import select_orders
from insights.report.calendar import Span
from insights.report.definitions import FigureDefinition, FigureSection, Period, Sample, Sums, View
from insights.report.figure import ALL_CUSTOMERS, Figure, Place
from insights.report.inputs import FigureInputs
from insights.report.report_data import ReportData

TOP_SHARES = (0.01, 0.05, 0.1, 0.2, 0.5)
RFM_SCORES = ("recency", "frequency", "money")


def top_revenue_shares(inputs: FigureInputs) -> list[Figure]:
    """The shares of the top 1, 5, 10, 20 and 50 % of customers in the revenue of the year."""
    orders = select_orders(inputs.data.orders, inputs.data.calendar.year)
    if not len(orders.days):
        return []
    buyers = Buyers.of(orders)
    paid = buyers.amounts > 0
    return (
        _top_shares(inputs, "revenue_of_top", ids=buyers.customer_ids[paid], amounts=buyers.amounts[paid])
        if paid.any()
        else []
    )


def top_mrr_shares(inputs: FigureInputs) -> list[Figure]:
    """The same shares in current MRR."""
    book = inputs.data.book
    paid = book.units[:, -1].astype(float) if inputs.data.has_subscriptions else np.empty(0)
    return (
        _top_shares(inputs, "mrr_of_top", ids=book.customer_ids[paid > 0], amounts=paid[paid > 0])
        if (paid > 0).any()
        else []
    )


def mrr_concentration(inputs: FigureInputs) -> Iterator[Figure]:
    """The share of the top 20 % in the current MRR of each part of the book; of all customers also by month."""
    for part in inputs.parts:
        paid = part.own.units[:, 1:].astype(float)
        months = [] if part.group else [part.place(month.label) for month in inputs.data.calendar.each_month]
        amounts = [paid[:, -1], *(paid.T if months else ())]
        places = [part.place(), *months]
        yield from _top_20_shares(inputs, "mrr_top_20_share", ids=part.customer_ids, amounts=amounts, places=places)


def revenue_concentration(inputs: FigureInputs) -> Iterator[Figure]:
    """The top 20 % in the revenue of the year to each month's end; `buying_figures` has the year of the report."""
    data = inputs.data
    if not len(select_orders(data.orders, data.calendar.year).days):
        return
    years = data.calendar.years
    orders = data.orders.take(data.orders.days < years[-1].end)
    ids, owners = np.unique(orders.customer_ids, return_inverse=True)
    amounts = []
    for year in years:
        rows = year.contains(orders.days)
        amounts.append(np.bincount(owners[rows], orders.amounts[rows], len(ids)))
    places = [Place(period=str(year.last)) for year in years]
    yield from _top_20_shares(inputs, "top_20_share", ids=ids, amounts=amounts, places=places)


def _top_20_shares(
    inputs: FigureInputs,
    name: str,
    *,
    ids: NDArray[np.str_],
    amounts: Sequence[NDArray[np.float64]],
    places: Sequence[Place],
) -> list[Figure]:
    """The share of the top 20 % of customers with any amount, for each array of amounts, (n,)."""
    orders = [np.argsort(-one, kind="stable")[: (one > 0).sum()] for one in amounts]
    pairs = [(order, one[order]) for order, one in zip(orders, amounts, strict=True)]

    def evaluate(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack([top_share(weights[:, order], falling) for order, falling in pairs])

    estimates = zip(estimate_intervals(evaluate, ids, n_resamples=inputs.n_resamples), orders, places, strict=True)
    return [Figure(name, estimate, len(order), place) for estimate, order, place in estimates if len(order)]


def _top_shares(
    inputs: FigureInputs, name: str, *, ids: NDArray[np.str_], amounts: NDArray[np.float64]
) -> list[Figure]:
    order = np.argsort(-amounts, kind="stable")
    falling = amounts[order]

    def evaluate(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack([top_share(weights[:, order], falling, share=share) for share in TOP_SHARES])

    return [
        Figure(name, estimate, len(ids), Place("top", f"{share:.0%}"))
        for share, estimate in zip(
            TOP_SHARES, estimate_intervals(evaluate, ids, n_resamples=inputs.n_resamples), strict=True
        )
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


@dataclass(frozen=True)
class RfmRows:
    """Some buyers of a year, and one group of them; every array is (n,)."""

    in_group: NDArray[np.bool_]
    amounts: NDArray[np.float64]

    @property
    def n(self) -> int:
        """The number of buyers in the group; it may be 0."""
        return int(self.in_group.sum())


_Cells = list[tuple[Place, RfmRows]]


def rfm_groups(inputs: FigureInputs) -> Iterator[Sample[RfmRows]]:
    """The buyers of the year by segment and quintile, also within each group, and by segment at each month's end."""
    data = inputs.data
    if not select_orders(data.orders, data.calendar.year).n_orders.any():
        return
    scored = ScoredCustomers.of(data, data.calendar.year)
    groups_of = {by: _sort_groups(groups) for by, groups in scored.splits.items()}
    yield Sample(scored.customer_ids, {"year": _cells(scored, groups_of), "grid": _grid(scored)})
    for grouping in data.groupings:
        for group, rows in grouping.masks(scored.customer_ids):
            inside, among = scored.take(rows), Place(among_by=grouping.by, among=group)
            yield Sample(inside.customer_ids, {"year": _cells(inside, groups_of, place=among)})
    for year in data.calendar.years:
        if select_orders(data.orders, year).n_orders.any():
            scored, place = ScoredCustomers.of(data, year), Place(period=str(year.last))
            cells = _cells(scored, {"rfm": groups_of["rfm"]}, place=place)
            yield Sample(scored.customer_ids, {"rolling_year": cells})


def _sort_groups(groups: NDArray[np.str_]) -> list[str]:
    """The distinct groups, with the segments in the order of `RFM_SEGMENTS`."""
    return [str(group) for group in dict.fromkeys((*RFM_SEGMENTS, *np.unique(groups))) if group in groups]


def _cells(scored: ScoredCustomers, groups_of: Mapping[str, Sequence[str]], *, place: Place = ALL_CUSTOMERS) -> _Cells:
    """The groups of each split."""
    return [
        (replace(place, by=by, group=group), RfmRows(scored.splits[by] == group, scored.amounts))
        for by, groups in groups_of.items()
        for group in groups
    ]


def _grid(scored: ScoredCustomers) -> _Cells:
    """Each pair of recency and frequency quintile."""
    pairs = np.char.add(np.char.add(scored.splits["recency_quintile"], "-"), scored.splits["frequency_quintile"])
    return [(Place("rfm_grid", str(pair)), RfmRows(pairs == pair, scored.amounts)) for pair in np.unique(pairs)]


_PERIODS: tuple[Period, ...] = ("year", "rolling_year")
_RFM: tuple[View, ...] = ("rfm_column",)

SECTION = FigureSection(
    position=60,
    figures=(
        FigureDefinition(
            "revenue_of_top", "share", better="neither", computed_by=top_revenue_shares, views=("top_share",)
        ),
        FigureDefinition(
            "top_20_share",
            "share",
            better="neither",
            computed_by=revenue_concentration,
            views=("top_20_share",),
            also_in={"purchases": ("group_column",)},
            is_headline=True,
        ),
        FigureDefinition("mrr_of_top", "share", better="neither", computed_by=top_mrr_shares, views=("top_share",)),
        FigureDefinition(
            "mrr_top_20_share",
            "share",
            better="neither",
            computed_by=mrr_concentration,
            views=("top_20_share", "group_chart"),
        ),
        FigureDefinition(
            "customers",
            "customers",
            sums=Sums(
                rfm_groups, (*_PERIODS, "grid"), lambda rows: (rows.in_group,), lambda _, n: n, lambda rows: rows.n
            ),
            views=_RFM,
            is_exact=True,
        ),
        FigureDefinition(
            "customer_share",
            "share",
            sums=Sums(
                rfm_groups, _PERIODS, lambda rows: (rows.in_group, np.ones(len(rows.in_group))), n=lambda rows: rows.n
            ),
            views=_RFM,
        ),
        FigureDefinition(
            "revenue_share",
            "share",
            sums=Sums(
                rfm_groups, _PERIODS, lambda rows: (rows.amounts * rows.in_group, rows.amounts), n=lambda rows: rows.n
            ),
            views=_RFM,
        ),
    ),
)
