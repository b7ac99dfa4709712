"""Spans of one subscription that overlap: while several run, the newest counts, so that nobody pays twice for one.

    as recorded     |------ basic, 100 ---------|                 |----- basic, 100 -----|
                            |------ pro, 150 ---------               |- pro, 150 -|
    as it counts    |- 100 -|------ 150 --------------            |----- basic, 100 -----|

A span that lies within an older one counts only as long as nobody knows that it ends first. All that decides is known
when the newer span has begun or ended, so the future changes nothing.
"""

from __future__ import annotations

from datetime import datetime

import ibis.expr.types as ir

from tables.engines.expressions import Expression, ibis

RUNS_ON = datetime(9999, 1, 1)
ONE = ("customer_id", "subscription_id")
IN_ORDER = ("started_at", "mrr", "plan")
"Of spans that begin at the same moment the dearest counts as the newest."


def without_overlaps(subscriptions: ir.Table) -> ir.Table:
    """The spans, each ending by the time that the next of its subscription begins; they have `ended_at` afterwards."""
    spans = _with_earlier(subscriptions)
    spans = spans.filter(spans.earlier_until.isnull() | (spans.earlier_until <= _until(spans)))
    spans = spans.mutate(next_at=spans.started_at.lead().over(ibis.window(group_by=ONE, order_by=IN_ORDER)))
    spans = spans.filter(spans.next_at.isnull() | (spans.next_at > spans.started_at))
    cut = spans.next_at.notnull() & (spans.next_at < _until(spans))
    return spans.mutate(ended_at=ibis.ifelse(cut, spans.next_at, spans.ended_at)).drop("earlier_until", "next_at")


def overlapping(subscriptions: ir.Table) -> ir.Table:
    """The spans that begin while an earlier one of their subscription still runs."""
    spans = _with_earlier(subscriptions)
    return spans.filter(spans.earlier_until > spans.started_at).drop("earlier_until")


def _with_earlier(subscriptions: Expression) -> Expression:
    """With `earlier_until`: how long any earlier span of the same subscription runs; missing for the first."""
    if "ended_at" not in subscriptions.columns:
        subscriptions = subscriptions.mutate(ended_at=ibis.null("timestamp"))
    before = ibis.window(group_by=ONE, order_by=IN_ORDER, preceding=(None, 1))
    return subscriptions.mutate(earlier_until=_until(subscriptions).max().over(before))


def _until(spans: Expression) -> Expression:
    return ibis.coalesce(spans.ended_at, ibis.literal(RUNS_ON, "timestamp"))
