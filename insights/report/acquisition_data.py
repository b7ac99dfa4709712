"""Loads acquisition costs by channel and customer, and the sales opportunities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from insights.finance.loading import ExcludedRows, tables_at
from insights.report.attribute_groups import MAX_GROUPS, OTHERS
from insights.report.calendar import Span
from tables.engines.arrays import days, numbers, texts
from tables.tables import Tables


@dataclass(frozen=True)
class Spend:
    """Acquisition spend by month and channel; every array is (s,)."""

    months: NDArray[np.datetime64]
    "datetime64[M]"
    channels: NDArray[np.str_]
    amounts: NDArray[np.float64]
    "In the base currency."

    def of(self, channels: str | NDArray[np.str_]) -> Spend:
        """The spend of one channel or of several."""
        rows = np.isin(self.channels, channels)
        return Spend(self.months[rows], self.channels[rows], self.amounts[rows])

    def within(self, span: Span) -> float:
        """The sum over the months of a span."""
        return float(self.amounts[span.contains(self.months)].sum())


@dataclass(frozen=True, kw_only=True)
class AcquisitionData:
    """Spend, the recorded acquisition cost of each customer, and the customers of each acquisition channel."""

    spend: Spend
    customer_ids: NDArray[np.str_]
    "(n,) customers with a recorded acquisition cost, sorted."
    costs: NDArray[np.float64]
    "(n,) in the base currency."
    customers_by_channel: Mapping[str, NDArray[np.str_]]
    """Channel to the sorted ids of the customers with that acquisition source.

    Channels without spend or without customers are not in it. The channel with the highest spend comes first.
    """


def load_acquisition_data(tables: Tables, cutoff: date) -> AcquisitionData:
    """Load spend, acquisition costs and acquisition sources; a part without a table or column is empty.

    Channels beyond the `MAX_GROUPS` with the highest spend are merged into one.
    """
    spend, costs = _load_spend(tables, cutoff), _load_customer_column(tables, cutoff, column="acquisition_cost")
    sources = _load_customer_column(tables, cutoff, column="acquisition_source")
    ids, owners = np.unique(texts(costs["id"]), return_inverse=True)
    channel_names = _name_channels(spend, texts(sources["acquisition_source"]))
    channels = np.array([channel_names.get(name, name) for name in spend.channels.tolist()], dtype=str)
    return AcquisitionData(
        spend=Spend(spend.months, channels, spend.amounts),
        customer_ids=ids,
        costs=np.bincount(owners, numbers(costs["acquisition_cost"]), len(ids)).astype(np.float64),
        customers_by_channel=_group_by_channel(sources, channel_names),
    )


def _name_channels(spend: Spend, sources: NDArray[np.str_]) -> dict[str, str]:
    """Each channel that is the source of a customer, to its name in the report; highest spend first."""
    spend = spend.of(np.intersect1d(spend.channels, sources))
    channels, places = np.unique(spend.channels, return_inverse=True)
    ranked = channels[np.argsort(-np.bincount(places, spend.amounts, len(channels)), kind="stable")].tolist()
    kept = ranked if len(ranked) <= MAX_GROUPS else ranked[: MAX_GROUPS - 1]
    return {name: name if name in kept else OTHERS for name in ranked}


def _load_spend(tables: Tables, cutoff: date) -> Spend:
    if "spend" not in tables:
        return Spend(np.empty(0, "M8[M]"), np.empty(0, "U1"), np.empty(0))
    spend: ir.Table = tables.at(cutoff)["spend"]
    channels = tables.config.report.acquisition_channels
    chosen = spend.filter(spend.channel.isin(channels)) if channels else spend
    by_month = chosen.mutate(month=chosen.month.cast("timestamp").truncate("M")).group_by(["month", "channel"])
    rows = by_month.aggregate(amount=ibis._.amount.sum()).order_by(["month", "channel"]).to_pyarrow()
    return Spend(days(rows["month"]).astype("datetime64[M]"), texts(rows["channel"]), numbers(rows["amount"]))


def _group_by_channel(sources: pa.Table, channel_names: Mapping[str, str]) -> dict[str, NDArray[np.str_]]:
    """Customer ids by channel. The source of an account is that of its first person with a source."""
    ids, first = np.unique(texts(sources["id"]), return_index=True)
    first_sources = texts(sources["acquisition_source"])[first].tolist()
    channels = np.array([channel_names.get(source, "") for source in first_sources], dtype=str)
    return {name: ids[channels == name] for name in dict.fromkeys(channel_names.values()) if (channels == name).any()}


def _load_customer_column(tables: Tables, cutoff: date, *, column: str) -> pa.Table:
    """Customer id (or account id, where the customer is the account) and value of every person with a value.

    People who joined first come first. Where the table has no history of the column, its latest values count.
    """
    if "customers" not in tables or column not in tables["customers"].columns:
        return pa.table({"id": pa.array([], pa.string()), column: pa.array([], pa.string())})
    people: ir.Table = tables.at(cutoff)["customers"]
    if column not in people.columns:
        people = tables.latest()["customers"]
    owner = people.account_id if tables.config.customer == "account" else people.customer_id
    joined = people.joined_at if "joined_at" in people.columns else ibis.null("timestamp")
    values = people.select("customer_id", column, id=owner, joined=joined).filter(
        ibis._[column].notnull() & ibis._.id.notnull()
    )
    return values.order_by(["joined", "customer_id"]).select("id", column).to_pyarrow()


@dataclass(frozen=True, kw_only=True)
class Opportunities:
    """Sales opportunities; every array is (n,), except `all_accounts`."""

    account_ids: NDArray[np.str_]
    amounts: NDArray[np.float64]
    "In the base currency."
    opened_on: NDArray[np.datetime64]
    closed_on: NDArray[np.datetime64]
    "datetime64[D]; NaT is still open."
    won: NDArray[np.float64]
    "1 won, 0 lost, NaN undecided."
    all_accounts: NDArray[np.str_]
    "(accounts,) sorted ids of every account, with an opportunity or without."


def load_opportunities(tables: Tables, left_out: ExcludedRows, *, cutoff: date) -> Opportunities:
    """Load the opportunities opened before the cutoff, as known then; none without the table.

    Without a column `won`, a stage that contains 'won' or 'lost' decides. One that is not `closed` is undecided,
    whatever the day on which it is expected to be.
    """
    if "opportunities" not in tables:
        return Opportunities(
            account_ids=np.empty(0, "U1"),
            amounts=np.empty(0),
            opened_on=np.empty(0, "M8[D]"),
            closed_on=np.empty(0, "M8[D]"),
            won=np.empty(0),
            all_accounts=np.empty(0, "U1"),
        )
    table: ir.Table = tables_at(tables, cutoff)["opportunities"]
    stage = table.stage.lower()
    by_column = table.won.cast("float64") if "won" in table.columns else ibis.null("float64")
    by_stage = ibis.cases((stage.contains("won"), 1.0), (stage.contains("lost"), 0.0), else_=ibis.null("float64"))
    closed = table.closed_at if "closed_at" in table.columns else ibis.null("timestamp")
    is_closed = table.closed.fill_null(True) if "closed" in table.columns else ibis.literal(True)
    rows = table.select(
        "account_id",
        "amount",
        opened=table.opened_at,
        closed=ibis.ifelse(is_closed, closed, ibis.null("timestamp")),
        won=ibis.ifelse(is_closed, ibis.coalesce(by_column, by_stage), ibis.null("float64")),
    ).to_pyarrow()
    ids = texts(rows["account_id"])
    opened, closed_on = days(rows["opened"]), days(rows["closed"])
    usable = left_out.note("opportunities: closed before opened", closed_on < opened)
    return Opportunities(
        account_ids=ids[usable],
        amounts=numbers(rows["amount"])[usable],
        opened_on=opened[usable],
        closed_on=closed_on[usable],
        won=numbers(rows["won"])[usable],
        all_accounts=np.union1d(ids, _load_account_ids(tables, cutoff)),
    )


def _load_account_ids(tables: Tables, cutoff: date) -> NDArray[np.str_]:
    if "accounts" not in tables:
        return np.empty(0, "U1")
    return texts(tables.at(cutoff)["accounts"].select("account_id").to_pyarrow()["account_id"])
