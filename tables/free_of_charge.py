"""Plans whose whole price a discount takes off: they are free while it lasts, as a free plan is.

    plan        |-- basic 100 ---------------------
    coupon              |-- -100 --|
    spans       |- 100 -|--- 0 ----|- 100 ---------

So a label, an episode and the report see the same: a customer who pays nothing has left, and comes back with the end
of the coupon. Discounts reduce what a customer pays for all subscriptions together.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from tables.overlapping_plans import NO_END

CUSTOMER = "customer_id"
MOMENT = "timestamp(6)"
LESS_THAN_A_UNIT = 1e-6
"Sums of prices differ from zero by rounding."
OF_THE_END = ("ended_at", "end_reason", "end_kind", "cancel_requested_at", "refunded")
"Columns that say something of a span's end: only its last piece keeps them."


def make_free(rows: ir.Table) -> ir.Table:
    """The rows, split where a discount begins or ends to take the whole price; such pieces cost nothing.

    Needs `ended_at`; the discounts of those pieces are left out.
    """
    of_customer = ibis.window(group_by=CUSTOMER)
    rows = rows.mutate(has_discount=ibis.ifelse(rows.mrr < 0, 1, 0).max().over(of_customer) == 1)
    others = rows.filter(~rows.has_discount).drop("has_discount")
    reduced = rows.filter(rows.has_discount).drop("has_discount")
    pieces = _split(reduced).select(*others.columns)
    return others.union(pieces.cast(dict(others.schema().items())))  # Engines differ in the scale of their times.


def _split(rows: ir.Table) -> ir.Table:
    """Each row once for each time of `_add_prices` within it, without discounts of the free ones."""
    rows = rows.mutate(until=ibis.coalesce(rows.ended_at, ibis.literal(NO_END, "timestamp")))
    times = _add_prices(rows)
    pieces = rows.join(
        times, [rows[CUSTOMER] == times.owner, times.time_start < rows.until, times.time_end > rows.started_at]
    )
    is_last = pieces.time_end >= pieces.until
    ends: dict[str, ir.Value] = {
        name: ibis.ifelse(is_last, pieces[name], ibis.null(pieces[name].type()))
        for name in OF_THE_END
        if name in rows.columns
    }
    ends["ended_at"] = ibis.ifelse(is_last, pieces.ended_at, pieces.time_end)
    pieces = pieces.mutate(
        **ends,
        started_at=ibis.greatest(pieces.started_at, pieces.time_start),
        mrr=ibis.ifelse(pieces.is_free, 0.0, pieces.mrr),
        is_void=pieces.is_free & (pieces.mrr < 0),
    )
    return pieces.filter(~pieces.is_void)


def _add_prices(rows: ir.Table) -> ir.Table:
    """The times between changes of what each customer pays: `owner`, `time_start`, `time_end` and `is_free`."""
    changes = ibis.union(
        rows.select(owner=CUSTOMER, moment=rows.started_at.cast(MOMENT), change=rows.mrr),
        rows.select(owner=CUSTOMER, moment=rows.until.cast(MOMENT), change=-rows.mrr),
    )
    moments = changes.group_by(["owner", "moment"]).aggregate(change=changes.change.sum())
    so_far = ibis.cumulative_window(group_by="owner", order_by="moment")
    following = ibis.window(group_by="owner", order_by="moment")
    times = moments.mutate(price=moments.change.sum().over(so_far), time_end=moments.moment.lead().over(following))
    times = times.filter(times.time_end.notnull())
    return times.select("owner", "time_end", time_start=times.moment, is_free=times.price < LESS_THAN_A_UNIT)
