"""Totals of orders that each of their lines repeats, which would count once for each line:

order  item  total                            shared
A1     tea   30                               15
A1     mug   30     counted as they are, 60   15

Lines of a shop where everything costs the same repeat their amount, too, but not one of its own in each order.
"""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

MIN_ORDERS = 10
"Fewer orders that repeat one amount show nothing."
NEARLY_ALL = 0.95
"Share of the orders of several items that repeat one amount in each line, where it is their total."
OF_THEIR_OWN = 0.5
"Different totals for each such order, at least."


@dataclass(frozen=True, kw_only=True)
class RepeatedAmounts:
    """How many orders repeat one amount in each of their lines."""

    n_orders: int
    "Orders of several different items."
    n_repeated: int
    "Those whose lines have one amount."
    n_totals: int
    "Different amounts of those."

    @property
    def are_totals(self) -> bool:
        """Whether the amounts are totals of orders and not those of their lines."""
        is_usual = self.n_repeated >= max(MIN_ORDERS, NEARLY_ALL * self.n_orders)
        return is_usual and self.n_totals >= OF_THEIR_OWN * self.n_repeated


def count_repeated_amounts(order: ir.Value, item: ir.Value, *, amount: ir.Value, rows: ir.Table) -> RepeatedAmounts:
    """Count the orders that repeat one amount in the lines of different items; the three are columns of the rows."""
    lines = rows.select(order=order, item=item, amount=amount)
    orders = lines.filter(lines.order.notnull()).group_by("order")
    several = orders.aggregate(items=lines["item"].nunique(), amounts=lines.amount.nunique(), total=lines.amount.min())
    several = several.filter(several["items"] > 1)
    is_repeated = several.amounts == 1
    totals = ibis.ifelse(is_repeated, several.total, ibis.null(several.total.type()))
    counts = several.aggregate(n=several.count(), repeated=is_repeated.sum(), totals=totals.nunique())
    sums = counts.to_pyarrow().to_pylist()[0]
    return RepeatedAmounts(n_orders=sums["n"], n_repeated=int(sums["repeated"] or 0), n_totals=sums["totals"])
