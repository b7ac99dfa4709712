"""Loads who referred whom, and who takes part in the community."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import ibis
import ibis.expr.types as ir
import numpy as np
from ibis import _
from numpy.typing import NDArray

from tables.contract import CONTRACT
from tables.engines.arrays import days, numbers, texts
from tables.tables import Tables


@dataclass(frozen=True)
class Referrals:
    """Every customer with the customer who referred them; every array is (n,)."""

    customer_ids: NDArray[np.str_]
    referrers: NDArray[np.str_]
    "'' for a customer without one."
    joined_on: NDArray[np.datetime64]
    "datetime64[D]; NaT where unknown."

    @classmethod
    def none(cls) -> Referrals:
        """No customers."""
        return cls(np.empty(0, "U1"), np.empty(0, "U1"), np.empty(0, "M8[D]"))


@dataclass(frozen=True)
class Participation:
    """The months in which each customer used the product, and took part in the community; every array is (n,)."""

    customer_ids: NDArray[np.str_]
    months: NDArray[np.datetime64]
    "datetime64[M]"
    takes_part: NDArray[np.bool_]

    @classmethod
    def none(cls) -> Participation:
        """No usage."""
        return cls(np.empty(0, "U1"), np.empty(0, "M8[M]"), np.empty(0, bool))


def load_referrals(tables: Tables, cutoff: date) -> Referrals:
    """Load the customers as known at the cutoff; none without a column `referred_by`."""
    if "customers" not in tables or "referred_by" not in tables["customers"].columns:
        return Referrals.none()
    is_dated = CONTRACT["customers"].dating_column(tables["customers"].columns) is not None
    people: ir.Table = (tables.at(cutoff) if is_dated else tables.latest())["customers"]
    joined = people.joined_at if "joined_at" in people.columns else ibis.null("timestamp")
    rows = people.select("customer_id", "referred_by", joined=joined).order_by("customer_id").to_pyarrow()
    return Referrals(texts(rows["customer_id"]), texts(rows["referred_by"]), days(rows["joined"]))


def load_participation(tables: Tables, cutoff: date) -> Participation:
    """Load usage by month; none where `[report] community_events` is empty or there is no usage."""
    events = tables.config.report.community_events
    if not events or "usage" not in tables:
        return Participation.none()
    usage: ir.Table = tables.at(cutoff)["usage"]
    by_month = usage.mutate(month=usage.event_time.truncate("M")).group_by(["customer_id", "month"])
    rows = by_month.aggregate(part=_.event.isin(events).cast("int8").max()).order_by(["customer_id", "month"])
    read = rows.to_pyarrow()
    months = days(read["month"]).astype("datetime64[M]")
    return Participation(texts(read["customer_id"]), months, numbers(read["part"]) == 1)
