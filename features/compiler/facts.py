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

from features.compiler.declaration import Measure, columns_of
from features.compiler.lines import age_days
from tables.engines.expressions import Expression, ibis
from tables.tables import Tables

THINNED = ("contacts",)
"Tables of which not every line counts; see features/compiler/lines.py."


def history_days(known: Tables, table: str, lines: ir.Table, facts: ir.Table, cutoff: date, enough: int) -> int:
    """How many local days before the cutoff the record begins, or `enough` where it is at least that; 0 without a line.

    Taken from what was counted when the table was opened, where lines are neither left out nor recorded late. Otherwise
    the engine is asked for all lines only where those of the cohort do not reach back far enough.
    """
    intake = known.intake(table)
    thinned = table in THINNED or known.config.customer == "account" or intake.line_versions > 0
    if not (thinned or "recorded_time" in lines.columns):
        first = intake.first.date() if intake.first else cutoff
        return min(enough, max(0, (cutoff - first).days))
    reached: Expression = facts.age_days
    if (reached.max().to_pyarrow().as_py() or 0) >= enough:
        return enough
    first = lines.event_time.min().to_pyarrow().as_py()
    return 0 if first is None else min(enough, max(0, (cutoff - first.date()).days))


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
        weekday=time.day_of_week.index().cast("int8"),
        hour=time.hour().cast("int8"),
    )
    facts: Expression = chosen.inner_join(customers, "customer_id").drop("customer_id")
    return facts.cache()
