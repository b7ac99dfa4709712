"""What is odd between rows that are each fit: counted for people, and what is done about it.

Of spans of one subscription that overlap the newest counts; amounts without a rate are missing (`unrated.py`); usage
outside any subscription stays usage, since a trial is one and so is coming back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import ibis.expr.types as ir

from tables.engines.expressions import Expression
from tables.missing_rates import purchases_without_a_rate, spans_without_a_rate
from tables.subscription_spans import overlapping
from tables.tables import Tables


@dataclass(frozen=True)
class Oddity:
    """Rows of one table that are odd for one cause."""

    table: str
    cause: str
    "With what is done about it."
    rows: int
    example: str
    "An id of one of them."


def oddities_of(tables: Tables) -> tuple[Oddity, ...]:
    """The oddities that there are, counted by the engine."""
    found = (_counted(table, cause, rows, example) for table, cause, rows, example in _looked_for(tables))
    return tuple(oddity for oddity in found if oddity.rows)


def _looked_for(tables: Tables) -> Iterator[tuple[str, str, ir.Table, str]]:
    """Table, cause, its rows, and the column that an example is taken from."""
    if "purchases" in tables:
        for cause, rows in purchases_without_a_rate(tables):
            yield "purchases", cause, rows, "customer_id"
    if "subscriptions" not in tables:
        return
    spans: Expression = tables["subscriptions"]
    twice = "they begin while an earlier span of their subscription runs; of those that run together the newest counts"
    yield "subscriptions", twice, overlapping(spans), "subscription_id"
    for cause, rows in spans_without_a_rate(tables):
        yield "subscriptions", cause, rows, "subscription_id"
    if "usage" in tables:
        latest = tables.latest()
        outside = outside_any_span(latest["usage"], latest["subscriptions"])
        yield "usage", "outside any subscription of their customer; they count as usage", outside, "customer_id"


def outside_any_span(usage: Expression, spans: Expression) -> ir.Table:
    """The usage at whose moment no subscription of the customer ran."""
    runs_on = spans.ended_at.isnull()
    return usage.anti_join(
        spans,
        [
            usage.customer_id == spans.customer_id,
            spans.started_at <= usage.event_time,
            runs_on | (usage.event_time < spans.ended_at),
        ],
    )


def _counted(table: str, cause: str, rows: Expression, example: str) -> Oddity:
    found = rows.aggregate(rows=rows.count(), example=rows[example].min()).to_pyarrow().to_pylist()[0]
    return Oddity(table, cause, found["rows"], found["example"] or "")
