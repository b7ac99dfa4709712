"""Loads revenue and orders by sales channel and store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from ibis import _
from numpy.typing import NDArray

from insights.finance.money import Money
from insights.report.contact_data import merge_small_groups
from tables.engines.arrays import days, midnight, numbers, texts
from tables.orders import IS_PURCHASE, add_occasion
from tables.tables import Tables

OUTLETS = {"channel": "channel", "store": "store_id"}
"Ways to group purchases by where they were made, to their column."


@dataclass(frozen=True)
class OutletSales:
    """Revenue and orders by customer, month and outlet; every array is (n,)."""

    customer_ids: NDArray[np.str_]
    months: NDArray[np.datetime64]
    "datetime64[M]"
    outlets: NDArray[np.str_]
    "All but those with the most rows are merged."
    amounts: NDArray[np.float64]
    "Base currency, less returns. A return counts where it was made."
    n_orders: NDArray[np.float64]


def load_outlets(tables: Tables, money: Money, *, cutoff: date, until: date) -> dict[str, OutletSales]:
    """The sales of identified customers by channel and by store, as far as the purchases have these columns.

    Purchases of a line without an outlet are left out. Raises DataError for a missing exchange rate.
    """
    if "purchases" not in tables:
        return {}
    lines: ir.Table = tables.at(cutoff)["purchases"]
    lines = lines.filter(lines.event_time < midnight(until), lines.customer_id.notnull())
    present = {by: column for by, column in OUTLETS.items() if column in lines.columns}
    loaded = {by: _load(lines, column, money=money) for by, column in present.items()}
    return {by: sales for by, sales in loaded.items() if len(sales.outlets)}


def _load(lines: ir.Table, column: str, *, money: Money) -> OutletSales:
    currency = lines.currency.upper().fill_null("") if "currency" in lines.columns else ibis.literal("")
    placed = add_occasion(lines.mutate(outlet=lines[column].cast("string"), money_of=currency)).filter(
        _.outlet.notnull() & (_.outlet != "")
    )
    keys = ["customer_id", "month", "outlet"]
    paid = (
        placed.mutate(month=_.event_time.truncate("M")).group_by([*keys, "money_of"]).aggregate(amount=_.amount.sum())
    )
    bought = placed.filter(IS_PURCHASE).group_by(["customer_id", "outlet", "occasion"])
    orders = bought.aggregate(month=_.event_time.max().truncate("M")).group_by(keys).aggregate(n=_.count())
    amounts = paid.order_by([*keys, "money_of"]).to_pyarrow()
    counts = orders.order_by(keys).to_pyarrow()
    months = days(amounts["month"]).astype("datetime64[M]")
    converted = numbers(amounts["amount"]).copy()
    currencies = texts(amounts["money_of"])
    for month in np.unique(months[currencies != ""]):
        rows = (months == month) & (currencies != "")
        converted[rows] *= money.rates_in(currencies[rows], month)
    return OutletSales(
        customer_ids=_join("customer_id", amounts, counts),
        months=np.concatenate([months, days(counts["month"]).astype("datetime64[M]")]),
        outlets=merge_small_groups(_join("outlet", amounts, counts)),
        amounts=np.concatenate([converted, np.zeros(len(counts))]),
        n_orders=np.concatenate([np.zeros(len(amounts)), numbers(counts["n"])]),
    )


def _join(column: str, *parts: pa.Table) -> NDArray[np.str_]:
    return np.concatenate([texts(part[column]) for part in parts])
