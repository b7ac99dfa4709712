"""Points that contradict each other: balances that the rows do not explain, and points that end before they begin."""

from __future__ import annotations

from collections.abc import Iterator

import ibis
from ibis import _

from features.check.data import CheckedData, CheckedTable
from features.check.finding import Check, Finding, Mark, Severity
from features.check.marks import fetch_one
from tables.points import add_balance_gap

TOLERANCE = 0.005
"Differences of balances below it are rounding."
ENOUGH_ROWS = 20
"Rows from which on some points should have been spent or expired."


def mark_rows(table: CheckedTable) -> Iterator[Mark]:
    """Earned points whose expiry lies before the day on which they were earned."""
    if table.name != "points" or "expires_at" not in table.rows.columns:
        return
    rows = table.rows
    is_early = (rows.points > 0) & (rows.expires_at.truncate("D") < rows.event_time.truncate("D"))
    yield Mark(
        kind="points_expire_early",
        column="expires_at",
        rows=is_early.fill_null(False),
        of=(rows.points > 0).fill_null(False),
        example=rows.expires_at,
        severity=lambda count, of: Severity.WARNING if count else None,
    )


def find(data: CheckedData) -> Iterator[Finding]:
    """Balances that changed by something else than the row's points, and a table in which nothing is ever spent."""
    if "points" not in data:
        return
    rows = data["points"].rows
    yield from _find_one_sign(data)
    if "balance_after" not in rows.columns:
        return
    gaps = add_balance_gap(rows).filter(_.balance_gap.notnull())
    before = gaps.balance_gap.lag().over(ibis.window(group_by="customer_id", order_by="event_time"))
    wrong = gaps.mutate(jump=(gaps.balance_gap - before).abs())
    customer = ibis.ifelse(wrong.jump > TOLERANCE, wrong.customer_id, ibis.null("string"))
    row = fetch_one(wrong.aggregate(n=_.jump.count(), wrong=customer.count(), example=customer.min()))
    if row["wrong"]:
        yield Finding(
            kind="points_balance_jumps",
            severity=Severity.WARNING,
            table="points",
            column="balance_after",
            count=int(row["wrong"]),
            of=int(row["n"]),
            example=row["example"],
        )


def _find_one_sign(data: CheckedData) -> Iterator[Finding]:
    counts = fetch_one(data["points"].rows.aggregate(n=_.count(), least=_.points.min()))
    if counts["n"] >= ENOUGH_ROWS and counts["least"] >= 0:
        yield Finding(
            kind="points_never_negative",
            severity=Severity.WARNING,
            table="points",
            column="points",
            count=int(counts["n"]),
            of=int(counts["n"]),
            setting='[tables.points.columns] points = { column = "earned", minus = ["spent"] }',
        )


CHECK = Check(mark_rows=mark_rows, find=find)
