"""Spans of one subscription that overlap: from the day that a newer one begins, the newer one counts.

    as recorded     |------ basic, 100 ---------|
                            |------ pro, 150 ---------
    as it counts    |- 100 -|------ 150 --------------

Otherwise a customer would pay twice for one subscription. That a newer span has begun is known with its row, so the
future decides nothing. Of spans that begin at the same moment only the dearest counts.
"""

from __future__ import annotations

import ibis.expr.types as ir

from features.expressions import Expression, ibis


def cut_at_the_next(subscriptions: ir.Table) -> ir.Table:
    """The spans, each ending by the time that the next of its subscription begins; `ended_at` is there afterwards."""
    spans = _with_next(subscriptions)
    spans = spans.filter(spans.next_at.isnull() | (spans.next_at > spans.started_at))
    return spans.mutate(ended_at=ibis.ifelse(_overlaps(spans), spans.next_at, spans.ended_at)).drop("next_at")


def overlapping(subscriptions: ir.Table) -> ir.Table:
    """The spans that the next of their subscription cuts off."""
    spans = _with_next(subscriptions)
    return spans.filter(_overlaps(spans)).drop("next_at")


def _with_next(subscriptions: Expression) -> Expression:
    if "ended_at" not in subscriptions.columns:
        subscriptions = subscriptions.mutate(ended_at=ibis.null("timestamp"))
    one = ibis.window(group_by=["customer_id", "subscription_id"], order_by=["started_at", "mrr", "plan"])
    return subscriptions.mutate(next_at=subscriptions.started_at.lead().over(one))


def _overlaps(spans: Expression) -> Expression:
    return spans.next_at.notnull() & (spans.ended_at.isnull() | (spans.ended_at > spans.next_at))
