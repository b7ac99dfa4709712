"""What each customer brought in during the last year: the margin where costs are recorded, otherwise the revenue.

purchases       amounts less returns, less the cost of the lines where the table has it
subscriptions   the price of each span for the days on which it ran, times its margin_rate or that of `[money]`

A history shorter than a year counts in full. `kizuna score` multiplies it by the churn probability: the expected loss.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import ibis
import ibis.expr.types as ir
import numpy as np
from numpy.typing import NDArray

from core.interactions import codes_of
from core.segmentation import YearlyValueKind
from core.window import DAYS_PER_MONTH, Window
from tables.engines.arrays import midnight, numbers, texts, within
from tables.tables import Tables

YEAR_DAYS = 365
SECONDS_PER_MONTH = DAYS_PER_MONTH * 86_400


class YearlyValue(NamedTuple):
    """The value of each customer."""

    kind: YearlyValueKind
    value: NDArray[np.float64]
    "(n,) base currency; 0 for a customer without a purchase or subscription, NaN if no amounts of either are recorded."


def compute_yearly_value(tables: Tables, customer_ids: NDArray[np.str_], *, cutoff: date) -> YearlyValue:
    """The value of these customers, (n,), in the 365 days before midnight of the cutoff."""
    tables_then, window = tables.at(cutoff), Window.lookback(cutoff, YEAR_DAYS)
    sums = [
        summed
        for name, summed in (("purchases", _sum_purchases), ("subscriptions", _sum_subscriptions))
        if name in tables_then and (name != "purchases" or tables.has_amounts)
        for summed in [summed(tables_then, window)]
    ]
    if not sums:
        return YearlyValue("", np.full(len(customer_ids), np.nan))
    has_margin = any(is_margin for _, is_margin in sums)
    value = np.zeros(len(customer_ids))
    for summed, _ in sums:
        rows = summed.to_pyarrow()
        ids = texts(rows["customer_id"])
        order = np.argsort(ids, kind="stable")
        value += np.append(np.nan_to_num(numbers(rows["value"])[order]), 0.0)[codes_of(customer_ids, ids[order])]
    return YearlyValue("margin" if has_margin else "revenue", value)


def _sum_purchases(tables: Tables, window: Window) -> tuple[ir.Table, bool]:
    """The sum of each customer, and whether costs are taken off. A returned line gives its cost back."""
    lines: ir.Table = tables["purchases"]
    lines = lines.filter(within(lines.event_time, window) & lines.customer_id.notnull())
    has_cost = "cost" in lines.columns
    value = lines.amount
    if has_cost:
        value = value - lines.cost.abs().coalesce(0) * ibis.ifelse(lines.amount < 0, -1, 1)
    return lines.mutate(value=value).group_by("customer_id").aggregate(value=ibis._.value.sum()), has_cost


def _sum_subscriptions(tables: Tables, window: Window) -> tuple[ir.Table, bool]:
    """The sum of each customer, and whether a margin below 100 % is known."""
    spans: ir.Table = tables["subscriptions"]
    first, last = midnight(window.start), midnight(window.end)
    begins = ibis.greatest(spans.started_at, first)
    ends = last
    if "ended_at" in spans.columns:
        ends = ibis.least(spans.ended_at.coalesce(last), last)
    seconds = ends.truncate("s").epoch_seconds() - begins.truncate("s").epoch_seconds()
    months = ibis.greatest(seconds, 0) / SECONDS_PER_MONTH
    margin_rate = tables.config.money.margin_rate
    has_rates = "margin_rate" in spans.columns
    margin = spans.margin_rate.coalesce(margin_rate) if has_rates else ibis.literal(margin_rate)
    valued = spans.mutate(value=spans.mrr * months * margin)
    return valued.group_by("customer_id").aggregate(value=ibis._.value.sum()), has_rates or margin_rate < 1
