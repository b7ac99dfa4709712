"""Rows that are each valid and contradict each other, with what Kizuna does about them.

Of overlapping subscriptions the newest counts; an amount without an exchange rate is missing (`tables.currencies`).
Usage outside any subscription still counts as usage, because a trial or a return is usage too.
"""

from __future__ import annotations

from collections.abc import Iterator

import ibis.expr.types as ir

from features.check.data import CheckedData
from features.check.finding import Check, Finding, Severity
from features.check.marks import fetch_one
from tables.currencies import purchases_without_rate, subscriptions_without_rate
from tables.subscription_spans import find_overlaps
from tables.tables import Tables


def find(data: CheckedData) -> Iterator[Finding]:
    """One finding for each contradiction."""
    tables = data.tables
    if tables is None:
        return
    if "purchases" in tables:
        for reason, rows in purchases_without_rate(tables):
            yield from _count("no_rate", rows, tables=tables, name="purchases", cause=reason)
    if "subscriptions" not in tables:
        return
    overlaps = find_overlaps(tables["subscriptions"])
    yield from _count("overlapping_spans", overlaps, tables=tables, name="subscriptions")
    for reason, rows in subscriptions_without_rate(tables):
        yield from _count("no_rate", rows, tables=tables, name="subscriptions", cause=reason)
    if "usage" in tables:
        latest = tables.latest()
        outside = usage_outside_subscriptions(latest["usage"], latest["subscriptions"])
        yield from _count("usage_outside", outside, tables=tables, name="usage")


EXAMPLES = {"purchases": "customer_id", "subscriptions": "subscription_id", "usage": "customer_id"}
COLUMNS = {"no_rate": "currency", "overlapping_spans": "started_at", "usage_outside": "event_time"}
SEVERITIES = {"no_rate": Severity.ERROR, "overlapping_spans": Severity.NOTE, "usage_outside": Severity.NOTE}


def _count(kind: str, rows: ir.Table, *, tables: Tables, name: str, cause: str = "") -> Iterator[Finding]:
    row = fetch_one(rows.aggregate(rows=rows.count(), example=rows[EXAMPLES[name]].min()))
    if row["rows"]:
        yield Finding(
            kind=kind,
            severity=SEVERITIES[kind],
            table=name,
            column=COLUMNS[kind],
            count=int(row["rows"]),
            of=tables.load_report(name).n_usable,
            example=row["example"],
            values={"cause": cause} if cause else {},
        )


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


CHECK = Check(find=find)
