"""Rows that are each valid and contradict each other, with what Kizuna does about them.

Of overlapping subscriptions the newest counts (`tables.subscription_spans`); an amount without an exchange rate is
missing (`tables.currencies`). Usage outside any subscription still counts as usage, because a trial or a return is
usage too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import ibis
import ibis.expr.types as ir

from features.check.data import CheckedData
from features.check.finding import Check, Finding, Severity, Value
from features.check.marks import fetch_one
from tables.currencies import MissingRate, purchases_without_rate, subscriptions_without_rate
from tables.subscription_spans import find_beside, find_overlaps, find_void_discounts
from tables.tables import Tables


def find(data: CheckedData) -> Iterator[Finding]:
    """One finding for each contradiction."""
    tables = data.tables
    if tables is None:
        return
    if "purchases" in tables:
        yield from _find_without_rate(tables, "purchases", missing_rates=purchases_without_rate(tables))
    if "subscriptions" not in tables:
        return
    reading = tables.subscription_reading
    rows = reading.move_ends(tables["subscriptions"])
    yield from _find_overlaps(tables, rows)
    yield from _count("void_discounts", find_void_discounts(rows), tables=tables, name="subscriptions")
    if reading.last_day_included:
        ended = rows.filter(rows.ended_at.notnull())
        yield from _count("last_day_ends", ended, tables=tables, name="subscriptions")
    yield from _find_without_rate(tables, "subscriptions", missing_rates=subscriptions_without_rate(tables))
    if "usage" in tables:
        latest = tables.latest()
        outside = usage_outside_subscriptions(latest["usage"], latest["subscriptions"])
        yield from _count("usage_outside", outside, tables=tables, name="usage")


def _find_overlaps(tables: Tables, rows: ir.Table) -> Iterator[Finding]:
    """The rows that begin while another one of their subscription runs, by what that is read as."""
    overlaps = tables.subscription_reading.overlaps
    replaced = find_overlaps(rows, overlaps)
    changes = replaced.plan.isin(overlaps.changes) if overlaps.changes else ibis.literal(False)
    yield from _count("overlapping_spans", replaced.filter(~changes), tables=tables, name="subscriptions")
    for kind, plans, other in (
        ("plan_change_overlaps", overlaps.changes, "add"), ("add_on_overlaps", overlaps.add_ons, "replace"),
    ):  # fmt: skip
        if plans:
            rows_beside = find_beside(rows, plans)
            setting = f'[tables.subscriptions] overlapping_plans = "{other}"'
            values = {"plans": plans}
            yield from _count(kind, rows_beside, tables=tables, name="subscriptions", values=values, setting=setting)


def _find_without_rate(tables: Tables, name: str, *, missing_rates: Iterator[MissingRate]) -> Iterator[Finding]:
    for missing in missing_rates:
        kind = "currency_without_rate" if missing.currency is None else "month_without_rate"
        values = {"base": tables.config.currency, "currency": missing.currency or "", "months": missing.months}
        yield from _count(kind, missing.rows, tables=tables, name=name, values=values)


EXAMPLES = {"purchases": "customer_id", "subscriptions": "subscription_id", "usage": "customer_id"}
COLUMNS = {
    "overlapping_spans": "started_at",
    "plan_change_overlaps": "plan",
    "add_on_overlaps": "plan",
    "void_discounts": "mrr",
    "last_day_ends": "ended_at",
    "usage_outside": "event_time",
}


def _count(
    kind: str,
    rows: ir.Table,
    *,
    tables: Tables,
    name: str,
    values: Mapping[str, Value] | None = None,
    setting: str | None = None,
) -> Iterator[Finding]:
    row = fetch_one(rows.aggregate(rows=rows.count(), example=rows[EXAMPLES[name]].min()))
    if row["rows"]:
        yield Finding(
            kind=kind,
            severity=Severity.NOTE if kind in COLUMNS else Severity.ERROR,
            table=name,
            column=COLUMNS.get(kind, "currency"),
            count=int(row["rows"]),
            of=tables.load_report(name).n_usable,
            example=row["example"],
            setting=setting or (None if kind in COLUMNS else "[money] rates"),
            values=dict(values or {}),
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
