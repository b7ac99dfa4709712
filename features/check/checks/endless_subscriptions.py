"""Subscriptions that were cancelled in an export without ends: all of them count as running."""

from __future__ import annotations

from collections.abc import Iterator

import ibis
from ibis import _

from features.check.data import CheckedData
from features.check.finding import Check, Finding, Severity
from features.check.marks import fetch_one


def find(data: CheckedData) -> Iterator[Finding]:
    """One finding at most, where some subscriptions were cancelled and none has an end."""
    rows = data["subscriptions"].rows if "subscriptions" in data else None
    if rows is None or "cancel_requested_at" not in rows.columns:
        return
    ended_at = rows.ended_at if "ended_at" in rows.columns else ibis.null("timestamp")
    counts = fetch_one(rows.aggregate(n=_.count(), cancelled=_.cancel_requested_at.count(), ended=ended_at.count()))
    if counts["cancelled"] and not counts["ended"]:
        yield Finding(
            kind="endless_subscriptions",
            severity=Severity.WARNING,
            table="subscriptions",
            column="ended_at",
            count=int(counts["cancelled"]),
            of=int(counts["n"]),
        )


CHECK = Check(find=find)
