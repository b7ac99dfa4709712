"""Loyalty: points that customers earn, spend and let expire, what the business owes for them, and members by rank.

    breakage rate   expired / (spent + expired)      of the points that ended in the year
    liability       outstanding * value of a point * (1 - breakage rate)

The breakage rate is that of the points which ended within the last twelve months. It is too low for a programme whose
first points have not reached their expiry yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from insights.report.buyer_rows import select_orders
from insights.report.calendar import Span
from insights.report.definitions import (
    FigureDefinition,
    FigureSection,
    Period,
    Sample,
    Sums,
    View,
    cells_by_period,
    take_total,
)
from insights.report.estimation import quotient
from insights.report.figure import ALL_CUSTOMERS, Place
from insights.report.inputs import FigureInputs
from insights.report.report_data import ReportData


@dataclass(frozen=True)
class PointRows:
    """All customers with points, over a span; every array is (n,), sorted by customer."""

    data: ReportData
    owners: NDArray[np.int64]
    "(rows,) the customer of each row of the flows."
    span: Span

    @property
    def outstanding_points(self) -> NDArray[np.float64]:
        """Outstanding points at the end of the report's months; 0 for a balance below 0."""
        return np.maximum(self.data.loyalty.balances, 0.0)

    @cached_property
    def n_earned(self) -> NDArray[np.float64]:
        """Points earned in the span."""
        return self._sum(self.data.loyalty.flows.earned)

    @cached_property
    def n_spent(self) -> NDArray[np.float64]:
        """Points spent in the span."""
        return self._sum(self.data.loyalty.flows.spent)

    @cached_property
    def n_expired(self) -> NDArray[np.float64]:
        """Points that expired in the span."""
        return self._sum(self.data.loyalty.flows.expired)

    @property
    def revenue(self) -> NDArray[np.float64]:
        """What these customers bought in the span less what they returned."""
        orders, ids = select_orders(self.data.orders, self.span), self.data.loyalty.customer_ids
        own = np.isin(orders.customer_ids, ids)
        places = np.searchsorted(ids, orders.customer_ids[own])
        return np.bincount(places, orders.amounts[own], len(ids)).astype(np.float64)

    @property
    def point_value(self) -> float | None:
        """What a point is worth, base currency; None where the TOML does not say it."""
        return self.data.config.loyalty.point_value

    def _sum(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        rows = self.span.contains(self.data.loyalty.flows.months)
        return np.bincount(self.owners[rows], points[rows], len(self.data.loyalty.customer_ids)).astype(np.float64)


def members(inputs: FigureInputs) -> Iterator[Sample[PointRows]]:
    """Everyone with a row of points; nothing without the table."""
    data = inputs.data
    ids = data.loyalty.customer_ids
    if not len(ids):
        return
    owners = np.searchsorted(ids, data.loyalty.flows.customer_ids)

    def rows_of(data: ReportData, span: Span) -> PointRows:
        return PointRows(data, owners, span)

    cells = cells_by_period(data.calendar, [(ALL_CUSTOMERS, data)], rows_of=rows_of)
    cells["today"] = [(ALL_CUSTOMERS, rows_of(data, data.calendar.year))]
    yield Sample(ids, cells)


def _outstanding_addends(rows: PointRows) -> tuple[NDArray[np.float64], ...] | None:
    return None if np.isnan(rows.outstanding_points).all() else (rows.outstanding_points,)


def _expiring_addends(rows: PointRows) -> tuple[NDArray[np.float64], ...] | None:
    expiring = rows.data.loyalty.expiring
    return None if np.isnan(expiring).all() else (expiring,)


def _value_addends(rows: PointRows) -> tuple[NDArray[np.float64], ...] | None:
    points = _outstanding_addends(rows)
    return None if rows.point_value is None or points is None else (points[0] * rows.point_value,)


def _liability_addends(rows: PointRows) -> tuple[NDArray[np.float64], ...] | None:
    value = _value_addends(rows)
    if value is None or not rows.n_expired.any():
        return None
    return *value, rows.n_expired, rows.n_spent + rows.n_expired


def _liability(rows: PointRows, *sums: NDArray[np.float64]) -> NDArray[np.float64]:
    del rows
    value, expired, ended = sums
    return value * (1 - quotient(expired, ended))


def _breakage_addends(rows: PointRows) -> tuple[NDArray[np.float64], ...] | None:
    return (rows.n_expired, rows.n_spent + rows.n_expired) if rows.n_expired.any() else None


def _reward_addends(rows: PointRows) -> tuple[NDArray[np.float64], ...] | None:
    revenue = rows.revenue
    return (rows.n_earned * rows.point_value, revenue) if rows.point_value and revenue.sum() > 0 else None


def _redeeming_addends(rows: PointRows) -> tuple[NDArray[np.bool_], ...]:
    return rows.n_spent > 0, (rows.n_spent > 0) | (rows.n_earned > 0)


@dataclass(frozen=True)
class RankRows:
    """Whether each customer has reached a rank and no higher one, (n,)."""

    belongs: NDArray[np.bool_]


def customers_by_rank(inputs: FigureInputs) -> Iterator[Sample[RankRows]]:
    """All customers, for each rank; nothing without ranks."""
    loyalty = inputs.data.loyalty
    if not loyalty.ranks:
        return
    cells = [
        (Place("rank", name), RankRows(np.isin(loyalty.ranked_customers, ids))) for name, ids in loyalty.ranks.items()
    ]
    yield Sample(loyalty.ranked_customers, {"today": cells})


_SPANS: tuple[Period, ...] = ("year", "month")
_CHARTED: tuple[View, ...] = ("row", "month_chart")
_BY_RANK: tuple[View, ...] = ("own_group_column",)

SECTION = FigureSection(
    position=76,
    groupings=("rank",),
    figures=(
        FigureDefinition(
            "points_outstanding",
            "count",
            sums=Sums(members, ("today",), _outstanding_addends, take_total),
            is_exact=True,
            better="neither",
        ),
        FigureDefinition(
            "points_expiring_soon",
            "count",
            sums=Sums(members, ("today",), _expiring_addends, take_total),
            is_exact=True,
            better="neither",
        ),
        FigureDefinition(
            "points_face_value",
            "money",
            sums=Sums(members, ("today",), _value_addends, take_total),
            is_exact=True,
            better="neither",
        ),
        FigureDefinition(
            "points_liability",
            "money",
            sums=Sums(members, ("today",), _liability_addends, _liability),
            better="neither",
        ),
        FigureDefinition(
            "points_earned",
            "count",
            sums=Sums(members, _SPANS, lambda rows: (rows.n_earned,), take_total),
            views=_CHARTED,
            is_exact=True,
            adds_up=True,
        ),
        FigureDefinition(
            "points_spent",
            "count",
            sums=Sums(members, _SPANS, lambda rows: (rows.n_spent,), take_total),
            views=_CHARTED,
            is_exact=True,
            adds_up=True,
        ),
        FigureDefinition(
            "points_expired",
            "count",
            sums=Sums(members, _SPANS, lambda rows: (rows.n_expired,), take_total),
            is_exact=True,
            adds_up=True,
            better="neither",
        ),
        FigureDefinition(
            "points_burn_rate", "share", sums=Sums(members, _SPANS, lambda rows: (rows.n_spent, rows.n_earned))
        ),
        FigureDefinition(
            "points_breakage_rate", "share", sums=Sums(members, ("year",), _breakage_addends), better="neither"
        ),
        FigureDefinition(
            "points_reward_rate", "share", sums=Sums(members, ("year",), _reward_addends), better="neither"
        ),
        FigureDefinition("points_redeeming_share", "share", sums=Sums(members, ("year",), _redeeming_addends)),
        FigureDefinition(
            "rank_customers",
            "customers",
            sums=Sums(customers_by_rank, ("today",), lambda rows: (rows.belongs,), take_total),
            views=_BY_RANK,
            is_exact=True,
        ),
        FigureDefinition(
            "rank_share",
            "share",
            sums=Sums(customers_by_rank, ("today",), lambda rows: (rows.belongs, np.ones(len(rows.belongs)))),
            views=_BY_RANK,
        ),
    ),
)
