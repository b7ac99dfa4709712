"""Contradictions between rows that are each valid: counted for `kizuna check`, with what Kizuna does about them.

Of overlapping subscriptions the newest counts. An amount without an exchange rate is missing (`currencies`). Usage
outside any subscription still counts as usage, because a trial or a return is usage too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import ibis.expr.types as ir

from tables.currencies import purchases_without_rate, subscriptions_without_rate
from tables.subscription_spans import find_overlaps
from tables.tables import Tables

OVERLAP = "they begin while an earlier span of their subscription runs; of those that run together the newest counts"
OUTSIDE = "outside any subscription of their customer; they count as usage"


@dataclass(frozen=True, kw_only=True)
class CrossRowIssue:
    """Rows of one table that contradict other rows for one reason."""

    table: str
    reason: str
    "Includes what Kizuna does about it."
    rows: int
    example: str
    "The id of one of the rows."


def find_cross_row_issues(tables: Tables) -> tuple[CrossRowIssue, ...]:
    """The issues with at least one row, counted by the engine."""
    issues = (
        _count_issue(table, rows, reason=reason, id_column=column) for table, reason, rows, column in _checks(tables)
    )
    return tuple(issue for issue in issues if issue.rows)


def _checks(tables: Tables) -> Iterator[tuple[str, str, ir.Table, str]]:
    """Table, reason, rows, and the column of the example."""
    if "purchases" in tables:
        for reason, rows in purchases_without_rate(tables):
            yield "purchases", reason, rows, "customer_id"
    if "subscriptions" not in tables:
        return
    yield "subscriptions", OVERLAP, find_overlaps(tables["subscriptions"]), "subscription_id"
    for reason, rows in subscriptions_without_rate(tables):
        yield "subscriptions", reason, rows, "subscription_id"
    if "usage" in tables:
        latest = tables.latest()
        outside = usage_outside_subscriptions(latest["usage"], latest["subscriptions"])
        yield "usage", OUTSIDE, outside, "customer_id"


def usage_outside_subscriptions(usage: ir.Table, subscriptions: ir.Table) -> ir.Table:
    """The usage at a moment when the customer had no running subscription."""
    has_no_end = subscriptions.ended_at.isnull()
    return usage.anti_join(
        subscriptions,
        [
            usage.customer_id == subscriptions.customer_id,
            subscriptions.started_at <= usage.event_time,
            has_no_end | (usage.event_time < subscriptions.ended_at),
        ],
    )


def _count_issue(table: str, rows: ir.Table, *, reason: str, id_column: str) -> CrossRowIssue:
    row = rows.aggregate(rows=rows.count(), example=rows[id_column].min()).to_pyarrow().to_pylist()[0]
    return CrossRowIssue(table=table, reason=reason, rows=row["rows"], example=row["example"] or "")
