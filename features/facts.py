"""The lines that features are computed from: the cohort's, before the cutoff, with their age.

Beside the columns of the contract a line knows

    occasion    what one purchase is: its order_id; where there is none, the moment it happened
    category    of its item, as known at the cutoff
    age_days    local days before the cutoff: 1 is the day before it
    weekday     Monday is 0
    hour        0 to 23, local
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import date

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from features.declaration import Measure, columns_of
from features.expressions import Expression, ibis
from features.tables import Tables

EPOCH = date(1970, 1, 1)
DAY_SECONDS = 86_400


def lines_of(known: Tables, table: str) -> ir.Table:
    """A table's lines with `occasion` and, where items tell it, `category`."""
    lines = known[table]
    if table != "purchases":
        return lines
    lines = lines.mutate(occasion=_occasion(lines))
    if "item_id" in lines.columns and "items" in known and "category" in known["items"].columns:
        items = known["items"].select("item_id", "category")
        lines = lines.left_join(items, "item_id").drop("item_id_right")
    return lines


def _occasion(lines: ir.Table) -> Expression:
    if "order_id" not in lines.columns:
        return lines.event_time
    return lines.order_id.coalesce(lines.event_time.cast("string"))


def first_day(lines: ir.Table) -> date | None:
    """The first local day on record; None of an empty table."""
    first = lines.event_time.min().to_pyarrow().as_py()
    return None if first is None else first.date()


def customers_table(customer_ids: np.ndarray) -> ir.Table:
    """The cohort's customers with their `position`, for the engine to join."""
    positions = np.arange(len(customer_ids), dtype=np.int32)
    return ibis.memtable(pa.table({"customer_id": pa.array(customer_ids, pa.string()), "position": positions}))


def facts_of(
    lines: ir.Table, customers: ir.Table, cutoff: date, measures: Iterable[Measure]
) -> AbstractContextManager[ir.Table]:
    """The customers' lines with what the measures read of them; the engine keeps them while the context is open."""
    needed = set[str]().union(*(columns_of(measure) for measure in measures))
    midnight = (cutoff - EPOCH).days
    time: Expression = lines.event_time
    seconds = time.truncate("s").epoch_seconds()
    chosen = lines.select(
        "customer_id",
        *sorted(needed - {"customer_id", "weekday", "hour"}),
        age_days=(midnight - seconds // DAY_SECONDS).cast("int32"),
        weekday=time.day_of_week.index(),
        hour=time.hour(),
    )
    facts: Expression = chosen.inner_join(customers, "customer_id").drop("customer_id")
    return facts.cache()
