"""Changes of what a customer pays by the month: new, upgrade, downgrade, renewal, return.

    mrr_before  of the spans that ran until the start or, where that renews a lapsed one, until the lapse
    mrr_after   of the spans that run on the day of the start

All subscriptions of a customer count together: one more beside the first is an upgrade.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from tables.episodes import mark_episodes


def mark_changes(subscriptions: ir.Table, *, grace_days: int) -> ir.Table:
    """The spans with `change`, `mrr_before` and `mrr_after` at the start of each.

    `change` is new for a customer's first paid span, return after more than `grace_days` without one, otherwise
    upgrade, downgrade or, at the same price, renewal; '' for a span that costs nothing, and where nothing is paid
    after the start.
    """
    spans = mark_episodes(subscriptions, grace_days=grace_days)
    spans = spans.mutate(paid_until=ibis.least(spans.start_day, spans.lapsed_day.coalesce(spans.start_day)))
    starts = spans.select("customer_id", "start_day", "paid_until").distinct()
    others = spans.select("customer_id", "mrr", other_start="start_day", other_end="end_day").view()
    pairs = starts.inner_join(others, "customer_id")
    ran_before = (pairs.other_start < pairs.start_day) & (pairs.other_end >= pairs.paid_until)
    runs_after = (pairs.other_start <= pairs.start_day) & (pairs.other_end > pairs.start_day)
    sums = pairs.group_by("customer_id", "start_day", "paid_until").aggregate(
        mrr_before=ibis.ifelse(ran_before, pairs.mrr, 0.0).sum(),
        mrr_after=ibis.ifelse(runs_after, pairs.mrr, 0.0).sum(),
    )
    rows = spans.inner_join(sums, ["customer_id", "start_day", "paid_until"])
    change = ibis.cases(
        (rows.begins_episode & rows.lapsed_day.isnull(), "new"),
        (rows.begins_episode, "return"),
        ((rows.mrr == 0) | (rows.mrr_after <= 0), ""),
        (rows.mrr_after > rows.mrr_before, "upgrade"),
        (rows.mrr_after < rows.mrr_before, "downgrade"),
        else_="renewal",
    )
    added = ("start_day", "end_day", "lapsed_day", "begins_episode", "paid_until")
    return rows.mutate(change=change).drop(*added)
