"""The ledger of loyalty points: what each row earns, spends or loses, and what is left of what was earned.

    01-05  +300  expires 06-30     earned 300     left 100
    02-01  +100                    earned 100     left 100
    03-01  -200                    spent 200, of the points that expire first

Rows with a negative number are spent, or expired where `kind` says so (`[loyalty] expiry_kinds`). Spent and expired
points are taken from the points that expire first, whenever those were earned; points without an expiry go last. The
day of `expires_at` is the last one on which points can be spent: what is left of them afterwards has lapsed, whether or
not a row books it. What is spent later is taken from other points:

    01-05  +100  expires 01-31     lapsed 100
    02-15  +100  expires 12-31     left 0
    03-01  -100

Where rows state `balance_after`, the newest one says how many points the customer had, and what the rows before it do
not explain is `unrecorded`: points from before the record began. Of several rows at one moment none can be compared
with its balance, because their order is unknown.
"""

from __future__ import annotations

from collections.abc import Collection

import ibis
import ibis.expr.types as ir

FLOWS = ("earned", "spent", "expired")
"Columns that split `points` by what it is, each 0 or more."


def read_ledger(rows: ir.Table, expiry_kinds: Collection[str]) -> ir.Table:
    """Add `earned`, `spent`, `expired`, `unrecorded` and, where rows have `expires_at`, `remaining` to rows of points.

    `expires_at` is missing where it lies before the day of the row: points cannot expire before they are earned.
    """
    rows = _add_stated_balance(_add_flows(rows, expiry_kinds))
    return _add_remaining(rows) if "expires_at" in rows.columns else rows


def _add_flows(rows: ir.Table, expiry_kinds: Collection[str]) -> ir.Table:
    expires = ibis.literal(False)
    if "kind" in rows.columns:
        kinds = sorted({kind.lower() for kind in expiry_kinds})
        expires = rows.kind.strip().lower().isin(kinds).fill_null(False) if kinds else expires
    gained, lost = ibis.greatest(rows.points, 0.0), ibis.greatest(-rows.points, 0.0)
    return rows.mutate(earned=gained, spent=ibis.ifelse(expires, 0.0, lost), expired=ibis.ifelse(expires, lost, 0.0))


def _add_stated_balance(rows: ir.Table) -> ir.Table:
    """Add `unrecorded`, on the row with the newest stated balance: what the rows up to it do not explain."""
    if "balance_after" not in rows.columns:
        return rows.mutate(unrecorded=ibis.literal(0.0))
    rows = add_balance_gap(rows)
    has_gap = rows.balance_gap.notnull()
    marked = rows.mutate(has_gap=has_gap)
    newest = ibis.window(group_by=["customer_id", "has_gap"], order_by=ibis.desc("event_time"))
    numbered = marked.mutate(place=ibis.row_number().over(newest))
    counts = numbered.has_gap & (numbered.place == 0)
    return numbered.mutate(unrecorded=ibis.ifelse(counts, numbered.balance_gap, 0.0)).drop(
        "has_gap", "place", "balance_gap"
    )


def add_balance_gap(rows: ir.Table) -> ir.Table:
    """Add `balance_gap`: the stated balance less the sum of the customer's points up to the row.

    It is the same on every row of a consistent ledger. Missing without a stated balance, and for rows that share their
    moment with another one of the customer.
    """
    moment = ibis.window(group_by=["customer_id", "event_time"])
    until = ibis.cumulative_window(group_by="customer_id", order_by=["event_time", "points"])
    marked = rows.mutate(n_at_once=rows.count().over(moment), total=rows.points.sum().over(until))
    gap = ibis.ifelse(marked.n_at_once == 1, marked.balance_after - marked.total, ibis.null("float64"))
    return marked.mutate(balance_gap=gap).drop("n_at_once", "total")


def _add_remaining(rows: ir.Table) -> ir.Table:
    """Add `remaining`: how many of the points that a row earned are neither spent nor expired."""
    is_possible = rows.expires_at.truncate("D") >= rows.event_time.truncate("D")
    rows = rows.mutate(expires_at=ibis.ifelse(is_possible, rows.expires_at, ibis.null(rows.expires_at.type())))
    rows = _add_spent_in_time(rows)
    everything = ibis.window(group_by="customer_id")
    first_to_expire = [ibis.asc("expires_at", nulls_first=False), "event_time", "points"]
    so_far = ibis.cumulative_window(group_by="customer_id", order_by=first_to_expire)
    taken = (rows.expired - rows.unrecorded).sum().over(everything)
    marked = rows.mutate(
        unused=rows.earned.sum().over(so_far) - ibis.greatest(rows.spent_in_time + taken, 0.0),
        most=rows.earned.sum().over(everything) - ibis.greatest(rows.spent.sum().over(everything) + taken, 0.0),
    )
    # What has lapsed cannot be spent later, so what was left of earlier points never becomes less; but a ledger that
    # lets customers spend lapsed points does not leave them with less than nothing.
    left = ibis.greatest(ibis.least(marked.unused.max().over(so_far), marked.most), 0.0)
    marked = marked.mutate(left=left)
    before = marked.left.lag(1).over(ibis.window(group_by="customer_id", order_by=first_to_expire)).fill_null(0.0)
    return marked.mutate(remaining=marked.left - before).drop("unused", "most", "left", "spent_in_time")


def _add_spent_in_time(rows: ir.Table) -> ir.Table:
    """Add `spent_in_time`: what the customer had spent by the end of the row's last day, or at all without one."""
    entries = rows.mutate(counted_on=rows.expires_at.truncate("D"), is_entry=1, counted=0.0)
    spendings = rows.filter(rows.spent > 0)
    spendings = spendings.mutate(counted_on=spendings.event_time.truncate("D"), is_entry=0, counted=spendings.spent)
    both = entries.union(spendings)
    by_then = ibis.cumulative_window(
        group_by="customer_id", order_by=[ibis.asc("counted_on", nulls_first=False), "is_entry"]
    )
    summed = both.mutate(spent_in_time=both.counted.sum().over(by_then))
    return summed.filter(summed.is_entry == 1).drop("counted_on", "is_entry", "counted")
