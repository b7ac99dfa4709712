"""What it costs to win customers, and what became of the opportunities."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa

from features.engine import days, numbers, texts
from features.expressions import Expression, ibis
from features.tables import Tables
from insights.reading import LeftOut, known_until


@dataclass(frozen=True)
class Winning:
    """What was spent by month, or what winning each customer cost."""

    months: np.ndarray
    "(m,) datetime64[M] with spend."
    amounts: np.ndarray
    "(m,) float64, base currency."
    customer_ids: np.ndarray
    "(n,) of those whose acquisition cost is recorded, sorted."
    costs: np.ndarray
    "(n,) float64, base currency."


def winning_of(tables: Tables, as_of: date) -> Winning:
    """Spend of the channels that win customers, and acquisition costs; empty where a table does not tell."""
    spent, costs = _spend(tables, as_of), _costs(tables, as_of)
    months = days(spent["month"]).astype("datetime64[M]")
    return Winning(months, numbers(spent["amount"]), texts(costs["id"]), numbers(costs["cost"]))


def _spend(tables: Tables, as_of: date) -> pa.Table:
    if "spend" not in tables:
        return pa.table({"month": pa.array([], pa.timestamp("s")), "amount": pa.array([], pa.float64())})
    spend: Expression = tables.at(as_of)["spend"]
    channels = tables.config.report.acquisition_channels
    chosen = spend.filter(spend.channel.isin(channels)) if channels else spend
    by_month = chosen.mutate(month=chosen.month.cast("timestamp").truncate("M"))
    return by_month.group_by("month").aggregate(amount=by_month.amount.sum()).order_by("month").to_pyarrow()


def _costs(tables: Tables, as_of: date) -> pa.Table:
    """By customer; what the people of an account cost is added up."""
    nothing = pa.table({"id": pa.array([], pa.string()), "cost": pa.array([], pa.float64())})
    if "customers" not in tables or "acquisition_cost" not in tables["customers"].columns:
        return nothing
    people: Expression = tables.at(as_of)["customers"]
    if "acquisition_cost" not in people.columns:
        people = tables.latest()["customers"]
    owner = people.account_id if tables.config.customer == "account" else people.customer_id
    known = people.select(id=owner, cost=people.acquisition_cost).filter(ibis._.cost.notnull() & ibis._.id.notnull())
    return known.group_by("id").aggregate(cost=ibis._.cost.sum()).order_by("id").to_pyarrow()


@dataclass(frozen=True)
class Opportunities:
    """Deals that were on offer; every array is (n,)."""

    account_ids: np.ndarray
    amounts: np.ndarray
    "float64, base currency."
    opened_on: np.ndarray
    closed_on: np.ndarray
    "datetime64[D]; NaT is still open."
    won: np.ndarray
    "float64: 1 won, 0 lost, NaN not decided."
    all_accounts: np.ndarray
    "(accounts,) sorted ids of every account there is."


def opportunities_of(tables: Tables, left_out: LeftOut, as_of: date) -> Opportunities:
    """Every opportunity that was opened, as known on a day; none without the table."""
    if "opportunities" not in tables:
        return Opportunities(*(np.empty(0, kind) for kind in ("U1", float, "M8[D]", "M8[D]", float, "U1")))
    known: Expression = known_until(tables, as_of)["opportunities"]
    stage = known.stage.lower()
    told = known.won.cast("float64") if "won" in known.columns else ibis.null("float64")
    by_stage = ibis.cases((stage.contains("won"), 1.0), (stage.contains("lost"), 0.0), else_=ibis.null("float64"))
    closed = known.closed_at if "closed_at" in known.columns else ibis.null("timestamp")
    found = known.select(
        "account_id", "amount", opened=known.opened_at, closed=closed, won=ibis.coalesce(told, by_stage)
    ).to_pyarrow()
    ids = texts(found["account_id"])
    opened, closed_on = days(found["opened"]), days(found["closed"])
    usable = left_out.note("opportunities: closed before opened", closed_on < opened)
    return Opportunities(
        account_ids=ids[usable],
        amounts=numbers(found["amount"])[usable],
        opened_on=opened[usable],
        closed_on=closed_on[usable],
        won=numbers(found["won"])[usable],
        all_accounts=np.union1d(ids, _accounts(tables, as_of)),
    )


def _accounts(tables: Tables, as_of: date) -> np.ndarray:
    if "accounts" not in tables:
        return np.empty(0, "U1")
    return texts(tables.at(as_of)["accounts"].select("account_id").to_pyarrow()["account_id"])
