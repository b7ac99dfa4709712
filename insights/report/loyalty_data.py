"""Loads what customers earned, spent and lost of their points, what they have left, and the ranks that they reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir
import numpy as np
from ibis import _
from numpy.typing import NDArray

from features.cohort import select_cohort
from features.pipeline import compute_features
from features.segments.ranks import TABLE_OF, compute_ranks, rank_sources
from tables.engines.arrays import days, midnight, numbers, texts
from tables.points import FLOWS, read_ledger
from tables.tables import Tables

EXPIRY_DAYS = 90
"Days after the report within which points count as about to expire."


@dataclass(frozen=True)
class PointFlows:
    """Points by customer and month; every array is (n,), and a customer may have several rows of a month."""

    customer_ids: NDArray[np.str_]
    months: NDArray[np.datetime64]
    "datetime64[M]"
    earned: NDArray[np.float64]
    spent: NDArray[np.float64]
    expired: NDArray[np.float64]
    "Booked as expired, or left on their last day."

    @classmethod
    def none(cls) -> PointFlows:
        """No points."""
        return cls(np.empty(0, "U1"), np.empty(0, "M8[M]"), np.empty(0), np.empty(0), np.empty(0))


@dataclass(frozen=True)
class LoyaltyData:
    """Points and ranks at the end of the report's months."""

    flows: PointFlows
    customer_ids: NDArray[np.str_]
    "(m,), sorted: everyone with a row of points."
    balances: NDArray[np.float64]
    "(m,) points, below 0 where more was taken back than there was; NaN where they are not known of that day."
    expiring: NDArray[np.float64]
    "(m,) points that expire within `EXPIRY_DAYS`."
    ranks: Mapping[str, NDArray[np.str_]]
    "The customers of each rank, the lowest rank first."
    ranked_customers: NDArray[np.str_]
    "(c,) all customers of that day, with or without a rank; none where there are no ranks."

    def of_other_months(self) -> LoyaltyData:
        """The flows alone: balances and ranks are those of one day."""
        unknown = np.full(len(self.customer_ids), np.nan)
        return replace(self, balances=unknown, expiring=unknown, ranks={}, ranked_customers=np.empty(0, "U1"))


def load_loyalty(tables: Tables, until: date) -> LoyaltyData:
    """Load points and ranks as known before `until`, the end of the report's months."""
    ranks, ranked = _load_ranks(tables, until)
    if "points" not in tables:
        return LoyaltyData(PointFlows.none(), np.empty(0, "U1"), np.empty(0), np.empty(0), ranks, ranked)
    rows = read_ledger(tables.at(until)["points"], tables.config.loyalty.expiry_kinds)
    if "expires_at" not in rows.columns:
        rows = rows.mutate(remaining=ibis.literal(0.0), expires_at=ibis.null("timestamp"))
    lapses = (rows.expires_at < midnight(until)).fill_null(False)
    rows = rows.mutate(lapsed=ibis.ifelse(lapses, rows.remaining, 0.0))
    is_soon = ((rows.expires_at < midnight(until + timedelta(days=EXPIRY_DAYS + 1))) & ~lapses).fill_null(False)
    rows = rows.mutate(expiring=ibis.ifelse(is_soon, rows.remaining, 0.0))
    totals = rows.mutate(outstanding=rows.points + rows.unrecorded - rows.lapsed).group_by("customer_id")
    balances = (
        totals.aggregate(outstanding=_.outstanding.sum(), expiring=_.expiring.sum())
        .order_by("customer_id")
        .to_pyarrow()
    )
    return LoyaltyData(
        _load_flows(rows),
        texts(balances["customer_id"]),
        numbers(balances["outstanding"]),
        numbers(balances["expiring"]),
        ranks,
        ranked,
    )


def _load_flows(rows: ir.Table) -> PointFlows:
    booked = rows.select("customer_id", *FLOWS, month=rows.event_time.truncate("M"))
    lapsed = rows.filter(rows.lapsed > 0)
    unbooked = lapsed.select(
        "customer_id",
        earned=ibis.literal(0.0),
        spent=ibis.literal(0.0),
        expired=lapsed.lapsed,
        month=lapsed.expires_at.truncate("M"),
    )
    sums = {name: _[name].sum() for name in FLOWS}
    monthly = booked.union(unbooked).group_by(["customer_id", "month"]).aggregate(**sums)
    read = monthly.order_by(["customer_id", "month"]).to_pyarrow()
    amounts = (numbers(read[name]) for name in FLOWS)
    return PointFlows(texts(read["customer_id"]), days(read["month"]).astype("datetime64[M]"), *amounts)


def _load_ranks(tables: Tables, cutoff: date) -> tuple[dict[str, NDArray[np.str_]], NDArray[np.str_]]:
    """The customers of each rank, and all customers; nothing where there are no ranks or no table for them."""
    loyalty = tables.config.loyalty
    if not loyalty.ranks or TABLE_OF[loyalty.rank_by] not in tables:
        return {}, np.empty(0, "U1")
    features = compute_features(tables, select_cohort(tables, [cutoff]), names=rank_sources(loyalty))
    standings = compute_ranks(features, loyalty)
    if standings is None:
        return {}, np.empty(0, "U1")
    ids = features.customer_ids
    return {name: ids[standings.place == place] for place, name in enumerate(standings.ranks)}, ids
