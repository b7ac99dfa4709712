"""Trials: until a subscription's trial ends, its customer pays nothing, as on a free plan.

row        |-- trial --|                                `trial_ends_at`
           |---------------- pro 100 ----------------|
rows       |-- pro 0 --|---------- pro 100 ----------|
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from tables.free_of_charge import OF_THE_END
from tables.overlapping_plans import NO_END

TRIAL_END = "trial_ends_at"


def split_trials(subscriptions: ir.Table) -> ir.Table:
    """The rows, each in two where its trial ends before it does: first for nothing, then at its price.

    Needs `ended_at`, and removes `trial_ends_at`. A row that ends with its trial is free. The second row begins when
    the trial ends, so nothing knows of it earlier.
    """
    if TRIAL_END not in subscriptions.columns:
        return subscriptions
    columns = [name for name in subscriptions.columns if name != TRIAL_END]
    trial_end, started = subscriptions[TRIAL_END], subscriptions.started_at
    until = ibis.coalesce(subscriptions.ended_at, ibis.literal(NO_END, "timestamp"))
    has_trial = (trial_end > started).fill_null(False)
    rows = subscriptions.mutate(has_trial=has_trial, is_paid=~has_trial | (trial_end < until))
    free = rows.filter(rows.has_trial)
    of_the_end: dict[str, ir.Value] = {
        name: ibis.ifelse(free.is_paid, ibis.null(free[name].type()), free[name])
        for name in OF_THE_END
        if name in columns
    }
    ended_at = ibis.ifelse(free.is_paid, free[TRIAL_END], free.ended_at)
    free = free.mutate(**{**of_the_end, "ended_at": ended_at, "mrr": 0.0 * free.mrr}).select(columns)
    paid = rows.filter(rows.is_paid)
    paid = paid.mutate(started_at=ibis.ifelse(paid.has_trial, paid[TRIAL_END], paid.started_at)).select(columns)
    # Engines differ in the scale of their times.
    return free.union(paid.cast(dict(free.schema().items())))
