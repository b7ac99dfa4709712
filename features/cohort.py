"""Who counts as a customer at a cutoff; this decides every figure, so every figure names it.

active_days              cutoff
[------------------------)
bought (no return), used, or has a subscription that runs across the cutoff
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

import ibis
import ibis.expr.types as ir
import numpy as np
from ibis import _

from core.cohort import Cohort
from core.window import Window
from tables.engines.arrays import midnight, texts, within
from tables.tables import Tables

IS_PURCHASE = _.amount >= 0
"Whether a line is a purchase and no return; a free one is a purchase too."


def cohort_at(tables: Tables, cutoffs: Sequence[date]) -> Cohort:
    """Everybody who is a customer at each cutoff, by what was known then; a cutoff that is named twice counts once."""
    ids = {cutoff: _customers_at(tables, cutoff) for cutoff in sorted(set(cutoffs))}
    return Cohort(
        customer_ids=np.concatenate([np.empty(0, "U1"), *ids.values()]),
        cutoffs=np.repeat(np.array(list(ids), "datetime64[D]"), [len(members) for members in ids.values()]),
        definition=definition_of(tables),
    )


def definition_of(tables: Tables) -> str:
    """The cohort in words, as far as the tables at hand decide it."""
    days = tables.config.active_days
    words = {
        "purchases": f"a purchase in the {days} days before the cutoff",
        "usage": f"usage in the {days} days before the cutoff",
        "subscriptions": "a subscription running at the cutoff",
    }
    return " or ".join(words[name] for name in words if name in tables)


def running_at(subscriptions: ir.Table, cutoff: date) -> ir.BooleanValue:
    """Whether a subscription has begun before the cutoff and has not ended before it."""
    begun = subscriptions.started_at < midnight(cutoff)
    if "ended_at" not in subscriptions.columns:
        return begun
    return begun & (subscriptions.ended_at.isnull() | (subscriptions.ended_at >= midnight(cutoff)))


def _customers_at(tables: Tables, cutoff: date) -> np.ndarray:
    """Sorted ids, (n,) text 'U'."""
    reasons = [known.select("customer_id") for known in _reasons_at(tables.at(cutoff), cutoff)]
    members = ibis.union(*reasons, distinct=True) if len(reasons) > 1 else reasons[0].distinct()
    found = members.filter(members.customer_id.notnull()).to_pyarrow()
    return np.sort(texts(found["customer_id"]))


def _reasons_at(known: Tables, cutoff: date) -> Iterator[ir.Table]:
    lookback = Window.lookback(cutoff, known.config.active_days)
    if "purchases" in known:
        purchases = known["purchases"]
        yield purchases.filter(within(purchases.event_time, lookback), IS_PURCHASE)
    if "usage" in known:
        usage = known["usage"]
        yield usage.filter(within(usage.event_time, lookback))
    if "subscriptions" in known:
        subscriptions = known["subscriptions"]
        yield subscriptions.filter(running_at(subscriptions, cutoff))
