"""Loads what the items cost that customers bought, for the gross margin of purchases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import ibis
import ibis.expr.types as ir
import numpy as np
from ibis import _
from numpy.typing import NDArray

from insights.finance.money import Money
from tables.engines.arrays import days, midnight, numbers, texts
from tables.tables import Tables


@dataclass(frozen=True)
class ItemCosts:
    """Revenue and cost by customer and month, of the lines with a cost; every array is (n,)."""

    customer_ids: NDArray[np.str_]
    months: NDArray[np.datetime64]
    "datetime64[M]"
    amounts: NDArray[np.float64]
    "Base currency, less returns."
    costs: NDArray[np.float64]
    "Base currency; a return takes its cost off."

    @classmethod
    def none(cls) -> ItemCosts:
        """No line with a cost."""
        return cls(np.empty(0, "U1"), np.empty(0, "M8[M]"), np.empty(0), np.empty(0))

    def take(self, rows: NDArray[np.bool_]) -> ItemCosts:
        """The rows that a mask selects."""
        return ItemCosts(self.customer_ids[rows], self.months[rows], self.amounts[rows], self.costs[rows])


def load_item_costs(tables: Tables, money: Money, *, cutoff: date, until: date) -> ItemCosts:
    """The revenue and cost of identified customers; none where purchases have no column `cost`.

    Raises DataError for a missing exchange rate.
    """
    if "purchases" not in tables or "cost" not in tables["purchases"].columns:
        return ItemCosts.none()
    lines: ir.Table = tables.at(cutoff)["purchases"]
    currency = lines.currency.upper().fill_null("") if "currency" in lines.columns else ibis.literal("")
    # Some systems record the cost of a return with a minus sign, others without.
    cost = lines.cost.abs() * ibis.ifelse(lines.amount < 0, -1, 1)
    priced = lines.filter(lines.event_time < midnight(until), lines.customer_id.notnull(), lines.cost.notnull())
    columns = priced.select(
        "customer_id", "amount", month=_.event_time.truncate("M"), money_of=currency, item_cost=cost
    )
    keys = ["customer_id", "month", "money_of"]
    rows = columns.group_by(keys).aggregate(amount=_.amount.sum(), cost=_.item_cost.sum()).order_by(keys).to_pyarrow()
    months, currencies = days(rows["month"]).astype("datetime64[M]"), texts(rows["money_of"])
    rates = np.ones(len(rows))
    for month in np.unique(months[currencies != ""]):
        chosen = (months == month) & (currencies != "")
        rates[chosen] = money.rates_in(currencies[chosen], month)
    return ItemCosts(texts(rows["customer_id"]), months, numbers(rows["amount"]) * rates, numbers(rows["cost"]) * rates)
