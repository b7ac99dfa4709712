"""Overlapping rows of one subscription: the newest one counts, so that no month is paid twice.

    as recorded     |------ basic, 100 ---------|                 |----- basic, 100 -----|
                            |------ pro, 150 ---------               |- pro, 150 -|
    as counted      |- 100 -|------ 150 --------------            |----- basic, 100 -----|

A span inside an older one counts only until it is known that it ends first. Everything that decides is known when the
newer span has begun or ended, so the future changes nothing.
"""

from __future__ import annotations

from datetime import datetime

import ibis
import ibis.expr.types as ir

NO_END = datetime(9999, 1, 1)
SUBSCRIPTION = ("customer_id", "subscription_id")
SPAN_ORDER = ("started_at", "mrr", "plan")
"Of spans that begin at the same moment, the most expensive counts as the newest."


def cut_overlaps(subscriptions: ir.Table) -> ir.Table:
    """The spans, each ending when the next one of its subscription begins at the latest; always with `ended_at`."""
    spans = _add_earlier_end(subscriptions)
    spans = spans.filter(spans.earlier_until.isnull() | (spans.earlier_until <= _end_of(spans)))
    spans = spans.mutate(next_at=spans.started_at.lead().over(ibis.window(group_by=SUBSCRIPTION, order_by=SPAN_ORDER)))
    spans = spans.filter(spans.next_at.isnull() | (spans.next_at > spans.started_at))
    is_cut = spans.next_at.notnull() & (spans.next_at < _end_of(spans))
    return spans.mutate(ended_at=ibis.ifelse(is_cut, spans.next_at, spans.ended_at)).drop("earlier_until", "next_at")


def find_overlaps(subscriptions: ir.Table) -> ir.Table:
    """The spans that begin while an earlier one of their subscription runs."""
    spans = _add_earlier_end(subscriptions)
    return spans.filter(spans.earlier_until > spans.started_at).drop("earlier_until")


def _add_earlier_end(subscriptions: ir.Table) -> ir.Table:
    """With `earlier_until`: the latest end of any earlier span of the subscription; missing for the first one."""
    if "ended_at" not in subscriptions.columns:
        subscriptions = subscriptions.mutate(ended_at=ibis.null("timestamp"))
    earlier = ibis.window(group_by=SUBSCRIPTION, order_by=SPAN_ORDER, preceding=(None, 1))
    return subscriptions.mutate(earlier_until=_end_of(subscriptions).max().over(earlier))


def _end_of(spans: ir.Table) -> ir.Value:
    return ibis.coalesce(spans.ended_at, ibis.literal(NO_END, "timestamp"))
