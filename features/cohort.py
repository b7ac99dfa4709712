"""Who counts as a customer at a cutoff. Every figure depends on this, so every figure names the cohort.

active_days              cutoff
[------------------------)
a purchase that is no return, or usage, or a subscription that runs across the cutoff
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date

import ibis
import ibis.expr.types as ir
import numpy as np
from numpy.typing import NDArray

from core.errors import DataError
from core.window import Cohort, Window
from tables.engines.arrays import texts, within
from tables.episodes import running_at
from tables.orders import IS_PURCHASE
from tables.tables import Tables


def select_cohort(tables: Tables, cutoffs: Collection[date]) -> Cohort:
    """Select the customers at each cutoff, by what was known then. A repeated cutoff counts once."""
    ids = {cutoff: _customers_at(tables, cutoff) for cutoff in sorted(set(cutoffs))}
    return Cohort(
        customer_ids=np.concatenate([np.empty(0, "U1"), *ids.values()]),
        cutoffs=np.repeat(np.array(list(ids), "datetime64[D]"), [len(members) for members in ids.values()]),
        definition=describe_cohort(tables),
    )


def describe_cohort(tables: Tables) -> str:
    """The definition of a customer in words, as far as the data set has the tables for it."""
    active, which = _describe_active(tables), "active" if tables.event is None else tables.event.customers
    if which == "active":
        return active
    return f"anyone on record before the cutoff{'' if which == 'all' else f', but without {active}'}"


def _describe_active(tables: Tables) -> str:
    days = tables.config.active_days
    words = {
        "purchases": f"a purchase in the {days} days before the cutoff",
        "usage": f"usage in the {days} days before the cutoff",
        "subscriptions": "a subscription running at the cutoff",
    }
    return " or ".join(words[name] for name in words if name in tables)


def _customers_at(tables: Tables, cutoff: date) -> NDArray[np.str_]:
    """Sorted ids, (n,)."""
    tables_then = tables.at(cutoff)
    active = _ids_of(tables, _active_rows(tables_then, cutoff))
    if tables.event is None or tables.event.customers == "active":
        return active
    on_record = _ids_of(tables, _rows_of_all(tables_then))
    return on_record if tables.event.customers == "all" else np.setdiff1d(on_record, active)


def _ids_of(tables: Tables, parts: Iterator[ir.Table]) -> NDArray[np.str_]:
    """The customers of these rows, sorted, (n,)."""
    active = [rows.select("customer_id") for rows in parts if "customer_id" in rows.columns]
    if not active:
        name = next(name for name in ("purchases", "usage", "subscriptions") if name in tables)
        raise DataError(
            f"no row of {name} has a customer; say which column is customer_id under [tables.{name}.columns]"
        )
    members = ibis.union(*active, distinct=True) if len(active) > 1 else active[0].distinct()
    return np.sort(texts(members.filter(members.customer_id.notnull()).to_pyarrow()["customer_id"]))


def _rows_of_all(tables: Tables) -> Iterator[ir.Table]:
    """The rows of all customers, whenever they were active."""
    if "purchases" in tables:
        yield tables["purchases"].filter(IS_PURCHASE)
    yield from (tables[name] for name in ("usage", "subscriptions") if name in tables)


def _active_rows(tables: Tables, cutoff: date) -> Iterator[ir.Table]:
    """The rows of each table that make a customer."""
    lookback = Window.lookback(cutoff, tables.config.active_days)
    if "purchases" in tables:
        purchases = tables["purchases"]
        yield purchases.filter(within(purchases.event_time, lookback), IS_PURCHASE)
    if "usage" in tables:
        usage = tables["usage"]
        yield usage.filter(within(usage.event_time, lookback))
    if "subscriptions" in tables:
        subscriptions = tables["subscriptions"]
        yield subscriptions.filter(running_at(subscriptions, cutoff))
