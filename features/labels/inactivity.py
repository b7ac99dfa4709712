"""Churn by inactivity: customers who leave without saying so.

Followed for longer than one horizon, a customer is lost when the first inactivity of `wait` days ends:

    cutoff   gap                  wait              wait
    [-------)[---------------------------------------------------------->
             x----x--x-----------------------x  ............
                      ^ inactive from here   ^ churned on the last day of the first `wait` days without activity

Inactivity counts from the start of the horizon, so both labels agree over exactly `wait` days.
"""

from __future__ import annotations

from datetime import date

import ibis
import ibis.expr.types as ir
import numpy as np
from numpy.typing import NDArray

from core.interactions import codes_of
from core.window import Window
from features.compiler.facts import DAY_SECONDS
from features.labels.protocol import NO_DAY, LabelQuery, LabelResult
from tables.engines.arrays import numbers, texts, within

NEVER = np.iinfo(np.int64).max


def label_inactivity(activity: ir.Table, query: LabelQuery) -> LabelResult:
    """Label customers without any row of `activity` in the window; they churn at its end."""
    active = activity.filter(within(activity.event_time, query.window)).select("customer_id").distinct().to_pyarrow()
    came_back = np.isin(query.customer_ids, texts(active["customer_id"]))
    return inactivity_result(~came_back, np.full(len(came_back), query.window.end, "datetime64[D]"))


def label_first_inactivity(activity: ir.Table, query: LabelQuery, *, wait_days: NDArray[np.float64]) -> LabelResult:
    """Label customers who were inactive for `wait_days` (n,) in a row, on the last of those days.

    The query's window is how long they are followed; `activity` has one row per sign of life.
    """
    days = _active_days(activity, query.window)
    inactive_from = _first_broken_inactivity(days, query, wait_days=wait_days)
    last = days.group_by("customer_id").aggregate(day=days.day.max()).to_pyarrow()
    eve = _day_number(query.window.start) - 1
    last_active = query.align(last, numbers(last["day"]), missing=eve)
    # An inactivity that nothing broke begins after the last active day.
    inactive_from = np.minimum(inactive_from, last_active.astype(np.int64) + 1)
    lost_on = (inactive_from + wait_days.astype(np.int64) - 1).astype("datetime64[D]")
    return inactivity_result(lost_on < np.datetime64(query.window.end, "D"), lost_on)


def inactivity_result(churned: NDArray[np.bool_], lost_on: NDArray[np.datetime64]) -> LabelResult:
    """The labels of customers who churn on these days, (n,), without a stated cause."""
    return LabelResult(
        churned=churned,
        churned_at=np.where(churned, lost_on, NO_DAY),
        cause=np.full(len(churned), ""),
        applies=np.ones(len(churned), bool),
    )


def _active_days(activity: ir.Table, window: Window) -> ir.Table:
    """One row per customer and active day in the window, with the active day before it, or the eve of the window."""
    rows: ir.Table = activity.filter(within(activity.event_time, window))
    day = (rows.event_time.truncate("s").epoch_seconds() // DAY_SECONDS).cast("int64")
    days = rows.select("customer_id", day=day).distinct()
    by_customer = ibis.window(group_by=days.customer_id, order_by=days.day)
    return days.mutate(previous=days.day.lag().over(by_customer).coalesce(_day_number(window.start) - 1))


def _first_broken_inactivity(days: ir.Table, query: LabelQuery, *, wait_days: NDArray[np.float64]) -> NDArray[np.int64]:
    """The first day of each customer's first inactivity of `wait_days` that activity ended, (n,); NEVER without one."""
    gaps = days.mutate(inactive_days=days.day - days.previous - 1)
    # Only the shortest wait can be asked of the engine; each customer's own follows below.
    long_gaps = gaps.filter(gaps.inactive_days >= int(wait_days.min(initial=NEVER))).to_pyarrow()
    places = codes_of(texts(long_gaps["customer_id"]), query.customer_ids)
    is_queried = places >= 0
    places, from_day = places[is_queried], numbers(long_gaps["previous"])[is_queried].astype(np.int64) + 1
    is_long_enough = numbers(long_gaps["inactive_days"])[is_queried] >= wait_days[places]
    first = np.full(len(query.customer_ids), NEVER)
    np.minimum.at(first, places[is_long_enough], from_day[is_long_enough])
    return first


def _day_number(day: date) -> int:
    return int(np.datetime64(day, "D").astype(np.int64))
