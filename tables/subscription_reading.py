"""How a company writes its subscriptions: which day ends name, and what overlapping plans mean."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir

from core.config.sources import TableSource
from tables.engines.arrays import midnight
from tables.overlapping_plans import PlanOverlaps, read_overlaps
from tables.subscription_snapshots import list_snapshots
from tables.subscription_spans import (
    count_plan_overlaps,
    count_renewals,
    end_at_midnight,
    find_loose_rows,
    has_last_day_ends,
    make_spans,
)
from tables.trials import split_trials

MOMENT = "moment"


@dataclass(frozen=True, kw_only=True)
class SubscriptionReading:
    """What the rows of the subscriptions table show, unless the TOML states it."""

    last_day_included: bool
    "Whether ends name the last day that is paid for."
    has_loose_rows: bool
    "Whether there are rows that do not make a span each; often there are none."
    has_discounts: bool
    overlaps: PlanOverlaps

    def move_ends(self, subscriptions: ir.Table) -> ir.Table:
        """The rows with each end at the first moment that is not paid for."""
        return end_at_midnight(subscriptions, last_day_included=self.last_day_included)

    def split_trials(self, subscriptions: ir.Table) -> ir.Table:
        """The rows with ends so moved, each in two where a trial ends within it."""
        return split_trials(self.move_ends(subscriptions))

    def make_spans(self, subscriptions: ir.Table, *, keeps_terms: bool) -> ir.Table:
        """The spans of rows whose ends were moved."""
        return make_spans(subscriptions, self.overlaps, has_discounts=self.has_discounts, keeps_terms=keeps_terms)


def read_subscriptions(rows: ir.Table, source: TableSource | None) -> SubscriptionReading:
    """Count what the usable rows show; `source` is what the TOML says of the table."""
    last_day = None if source is None else source.last_day_included
    if source is not None and source.monthly_snapshots:
        last_day = False
    if last_day is None:
        last_day = has_last_day_ends(count_renewals(rows).to_pyarrow().to_pylist()[0])
    rows = end_at_midnight(rows, last_day_included=last_day)
    loose = find_loose_rows(rows)
    counts = loose.aggregate(n=loose.count(), discounts=(loose.mrr < 0).any()).to_pyarrow().to_pylist()[0]
    plans = count_plan_overlaps(rows).to_pyarrow().to_pylist() if counts["n"] else []
    return SubscriptionReading(
        last_day_included=last_day,
        has_loose_rows=bool(counts["n"]),
        has_discounts=bool(counts["discounts"]),
        overlaps=read_overlaps(plans, reading=None if source is None else source.overlapping_plans),
    )


def list_events(rows: ir.Table, *, today: date | None, has_snapshots: bool = False) -> ir.Table:
    """One row for each `moment` at which something of a usable row happened, for the days that the table covers.

        starts  x  x    x                   few new customers: the last start is weeks ago
        ends     x   x    x  x   x  x       and the record goes on

    Starts, recorded times and requested cancellations until `today`, and ends where they are events: with `today`, none
    lies after it, and some subscription has none. Ends that are known in advance, such as those of fixed terms, do not
    show that the record goes on. Monthly snapshots cover their month.
    """
    if has_snapshots:
        events = list_snapshots(rows, moment=MOMENT)
        return events if today is None else events.filter(events[MOMENT] < midnight(today + timedelta(days=1)))
    times = [name for name in ("started_at", "recorded_time", "cancel_requested_at") if name in rows.columns]
    if today is None:
        return _union_of(rows, times)
    after = midnight(today + timedelta(days=1))
    counts = rows.aggregate(open=rows.ended_at.isnull().any(), last=rows.ended_at.max() < after)
    shown = counts.to_pyarrow().to_pylist()[0]
    events = _union_of(rows, [*times, "ended_at"] if shown["open"] and shown["last"] else times)
    return events.filter(events[MOMENT] < after)


def _union_of(rows: ir.Table, times: list[str]) -> ir.Table:
    columns = [rows.select(**{MOMENT: rows[name].cast("timestamp(6)")}) for name in times]
    moments: ir.Table = ibis.union(*columns) if len(columns) > 1 else columns[0]
    return moments.filter(moments[MOMENT].notnull())
