"""What it costs to win customers, and what became of the opportunities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from insights.finance.loading import ExcludedRows, tables_at
from insights.report.attribute_groups import MOST_GROUPS, OTHERS
from insights.report.calendar import Span
from tables.engines.arrays import days, numbers, texts
from tables.tables import Tables


@dataclass(frozen=True)
class Spend:
    """What was spent on winning customers, by month and channel; every array is (s,)."""

    months: np.ndarray
    "datetime64[M]"
    channels: np.ndarray
    "Text 'U'."
    amounts: np.ndarray
    "float64, base currency."

    def of(self, channels: str | np.ndarray) -> Spend:
        """What one channel cost, or several."""
        rows = np.isin(self.channels, channels)
        return Spend(self.months[rows], self.channels[rows], self.amounts[rows])

    def within(self, span: Span) -> float:
        """The sum over some months."""
        return float(self.amounts[(self.months >= span.first) & (self.months <= span.last)].sum())


@dataclass(frozen=True)
class AcquisitionData:
    """What was spent, what winning each customer is said to have cost, and which channel is said to have won them."""

    spend: Spend
    customer_ids: np.ndarray
    "(n,) of those whose acquisition cost is recorded, sorted."
    costs: np.ndarray
    "(n,) float64, base currency."
    won_by: Mapping[str, np.ndarray]
    "Channel with spend, the dearest first, to the sorted ids of those who name it as their source; none of nobody."


def load_acquisition_data(tables: Tables, as_of: date) -> AcquisitionData:
    """Spend of the channels that win customers, acquisition costs and sources; empty where a table does not tell.

    Small channels beyond `MOST_GROUPS` that somebody names are one.
    """
    spend, costs = _spend(tables, as_of), _recorded(tables, as_of, "acquisition_cost")
    sources = _recorded(tables, as_of, "acquisition_source")
    ids, owners = np.unique(texts(costs["id"]), return_inverse=True)
    called = _called(spend, texts(sources["acquisition_source"]))
    named = np.array([called.get(name, name) for name in spend.channels.tolist()], dtype=str)
    return AcquisitionData(
        spend=Spend(spend.months, named, spend.amounts),
        customer_ids=ids,
        costs=np.bincount(owners, numbers(costs["acquisition_cost"]), len(ids)),
        won_by=_won_by(sources, called),
    )


def _called(spend: Spend, sources: np.ndarray) -> dict[str, str]:
    """How each channel that is anybody's source is told, the dearest first: by its name, or as one of the others."""
    spend = spend.of(np.intersect1d(spend.channels, sources))
    channels, places = np.unique(spend.channels, return_inverse=True)
    dearest = channels[np.argsort(-np.bincount(places, spend.amounts, len(channels)), kind="stable")].tolist()
    kept = dearest if len(dearest) <= MOST_GROUPS else dearest[: MOST_GROUPS - 1]
    return {name: name if name in kept else OTHERS for name in dearest}


def _spend(tables: Tables, as_of: date) -> Spend:
    if "spend" not in tables:
        return Spend(np.empty(0, "M8[M]"), np.empty(0, "U1"), np.empty(0))
    spend: ir.Table = tables.at(as_of)["spend"]
    channels = tables.config.report.acquisition_channels
    chosen = spend.filter(spend.channel.isin(channels)) if channels else spend
    by_month = chosen.mutate(month=chosen.month.cast("timestamp").truncate("M")).group_by(["month", "channel"])
    found = by_month.aggregate(amount=ibis._.amount.sum()).order_by(["month", "channel"]).to_pyarrow()
    return Spend(days(found["month"]).astype("datetime64[M]"), texts(found["channel"]), numbers(found["amount"]))


def _won_by(sources: pa.Table, called: Mapping[str, str]) -> dict[str, np.ndarray]:
    """By channel; the source of an account is that of the first of its people who has one."""
    ids, first = np.unique(texts(sources["id"]), return_index=True)
    words = texts(sources["acquisition_source"])[first].tolist()
    named = np.array([called.get(word, "") for word in words], dtype=str)
    return {name: ids[named == name] for name in dict.fromkeys(called.values()) if (named == name).any()}


def _recorded(tables: Tables, as_of: date, column: str) -> pa.Table:
    """Of each person who has it: the id of the customer they are or belong to, and the cell; who joined first, first.

    As of today where the table does not say since when.
    """
    if "customers" not in tables or column not in tables["customers"].columns:
        return pa.table({"id": pa.array([], pa.string()), column: pa.array([], pa.string())})
    people: ir.Table = tables.at(as_of)["customers"]
    if column not in people.columns:
        people = tables.latest()["customers"]
    owner = people.account_id if tables.config.customer == "account" else people.customer_id
    joined = people.joined_at if "joined_at" in people.columns else ibis.null("timestamp")
    known = people.select("customer_id", column, id=owner, joined=joined).filter(
        ibis._[column].notnull() & ibis._.id.notnull()
    )
    return known.order_by(["joined", "customer_id"]).select("id", column).to_pyarrow()


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


def load_opportunities(tables: Tables, left_out: ExcludedRows, as_of: date) -> Opportunities:
    """Every opportunity that was opened, as known on a day; none without the table."""
    if "opportunities" not in tables:
        return Opportunities(*(np.empty(0, kind) for kind in ("U1", float, "M8[D]", "M8[D]", float, "U1")))
    known: ir.Table = tables_at(tables, as_of)["opportunities"]
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
