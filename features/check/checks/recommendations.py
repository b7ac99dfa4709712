"""Whether recommendations can be learned and judged: items, times, and customers who come back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import ibis
from ibis import _

from core.window import Window
from features.check.data import CheckedData
from features.check.finding import Check, Finding, Severity
from features.check.marks import fetch_one
from tables.engines.arrays import midnight, within
from tables.orders import IS_PURCHASE

MIN_RETURNING = 30
"Customers who buy again in the test below which no difference between recommenders shows."


def find(data: CheckedData) -> Iterator[Finding]:
    """At most one finding; none where purchases have no items, because then nothing is recommended."""
    if data.tables is None or not data.has_ids("purchases", "item_id"):
        return
    lines = data["purchases"].rows.filter(IS_PURCHASE, _.customer_id.notnull(), _.item_id.notnull())
    days = fetch_one(lines.aggregate(n=_.count(), n_days=_.event_time.truncate("D").nunique()))
    if days["n_days"] < 2:
        yield Finding(
            kind="items_without_times",
            severity=Severity.WARNING,
            table="purchases",
            column="event_time",
            count=int(days["n"]),
            of=int(days["n"]),
        )
        return
    horizon_days = data.config.recommender.horizon_days
    test = data.config.cutoffs.test or data.tables.watermark("purchases") - timedelta(days=horizon_days)
    window = Window.horizon(test, horizon_days)
    customers = lines.group_by("customer_id").aggregate(
        before=ibis.ifelse(_.event_time < midnight(test), 1, 0).max(),
        after=ibis.ifelse(within(_.event_time, window), 1, 0).max(),
    )
    row = fetch_one(customers.aggregate(known=_.before.sum(), returning=(_.before * _.after).sum()))
    if (row["returning"] or 0) < MIN_RETURNING:
        yield Finding(
            kind="few_returning",
            severity=Severity.WARNING,
            table="purchases",
            column="customer_id",
            count=int(row["returning"] or 0),
            of=int(row["known"] or 0),
            setting="[recommender] horizon_days",
            values={"cutoff": test.isoformat(), "horizon_days": horizon_days},
        )


CHECK = Check(find=find)
