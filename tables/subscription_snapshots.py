"""Monthly snapshots of subscriptions: a row for each subscription and month in which it runs.

    snapshots        2026-01   2026-02   2026-03   2026-04         spans
    ada              50        50        80        80              [01 ... 03) at 50, [03 ... at 80
    bo               20        20                  20              [01 ... 03) at 20, [04 ... at 20: churned and back

A row lasts until the snapshot of the next month that any subscription has; those of the last month are open. Snapshots
of a month are all of its first day on which one was made, so that a single mistyped day makes no snapshot of its own.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import ibis
import ibis.expr.types as ir
from ibis.backends.sql import SQLBackend

from core.errors import ConfigError
from tables.cleaning.conform import EXCLUDED_BECAUSE, Conformed
from tables.engines.databases import create_view

MONTH, SNAPSHOT, NEXT = "kizuna_month", "kizuna_snapshot", "kizuna_next_snapshot"


def close_months(table: str, conformed: Conformed, *, backend: SQLBackend) -> Conformed:
    """Snapshots as rows that end with the next month; an earlier end of their own counts.

    Raises ConfigError for a table that has no subscriptions.
    """
    if table != "subscriptions":
        raise ConfigError(f"[tables.{table}]: monthly_snapshots is for subscriptions")
    rows = conformed.rows.mutate(**{MONTH: conformed.rows.started_at.truncate("M")})
    usable = rows.filter(rows[EXCLUDED_BECAUSE].isnull())
    months = usable.group_by(MONTH).aggregate(**{SNAPSHOT: usable.started_at.min()})
    months = months.mutate(**{NEXT: months[SNAPSHOT].lead().over(ibis.window(order_by=months[MONTH]))})
    rows = rows.left_join(months, MONTH)
    own_end = rows.ended_at
    ended_at = ibis.ifelse(rows[NEXT].isnull() | (own_end < rows[NEXT]), own_end, rows[NEXT])
    rows = rows.mutate(started_at=rows[SNAPSHOT].coalesce(rows.started_at), ended_at=ended_at)
    return replace(conformed, rows=create_view(backend, rows.select(conformed.rows.columns)))


def list_snapshots(rows: ir.Table, *, moment: str) -> ir.Table:
    """The snapshots, and the end of what the last one covers: its month where all are of first days, or its day."""
    snapshots = rows.select(**{moment: rows.started_at.cast("timestamp(6)")}).distinct()
    days = [
        row[moment].date() for row in snapshots.order_by(moment).to_pyarrow().to_pylist() if row[moment] is not None
    ]
    if not days:
        return snapshots
    end = _end_of_month(days[-1]) if all(day.day == 1 for day in days) else days[-1] + timedelta(days=1)
    last = snapshots.aggregate(**{moment: snapshots[moment].max()})
    covered = last.mutate(**{moment: ibis.literal(datetime(end.year, end.month, end.day), "timestamp(6)")})
    return snapshots.union(covered)


def _end_of_month(first: date) -> date:
    """The first day of the next month."""
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)
