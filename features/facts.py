"""The lines that features are computed from: the cohort's, before the cutoff, with their age.

Beside its own columns (see lines.py) a line knows

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
from features.lines import age_days


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
    time: Expression = lines.event_time
    chosen = lines.select(
        "customer_id",
        *sorted(needed - {"customer_id", "weekday", "hour"}),
        age_days=age_days(time, cutoff),
        weekday=time.day_of_week.index(),
        hour=time.hour(),
    )
    facts: Expression = chosen.inner_join(customers, "customer_id").drop("customer_id")
    return facts.cache()
