"""What is odd between rows that are each fit: counted for people, and what is done about it.

Of spans of one subscription that overlap the newest counts; an amount in a currency without a rate is missing, and one
whose rate is missing for some month stops a report; usage
outside any subscription stays usage, since a trial is one and so is coming back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import ibis.expr.types as ir
import numpy as np

from core.exchange_rates import rates_of
from features.engine import midnight
from features.expressions import Expression, ibis
from features.spans import overlapping
from features.tables import Tables

SHOWN = 3
"Months without a rate that are named."


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
    if "subscriptions" not in tables:
        return
    spans: Expression = tables["subscriptions"]
    twice = "they begin while an earlier span of their subscription runs; of those that run together the newest counts"
    yield "subscriptions", twice, overlapping(spans), "subscription_id"
    if "currency" in spans.columns:
        known = {tables.config.currency, *rates_of(tables.config)}
        without = f"their currency has no rate to {tables.config.currency}, so their mrr is missing from sums"
        yield "subscriptions", without, spans.filter(~spans.currency.upper().isin(known)), "subscription_id"
        for currency, months in _months_without_a_rate(tables).items():
            told = ", ".join(map(str, months)) if len(months) <= SHOWN else f"{len(months)} months from {months[0]} on"
            refused = (
                f"{currency} has no rate to {tables.config.currency} for {told}, when they ran: `kizuna report` stops"
            )
            yield "subscriptions", refused, _in_currency_within(spans, currency, months), "subscription_id"
    if "usage" in tables:
        latest = tables.latest()
        outside = outside_any_span(latest["usage"], latest["subscriptions"])
        yield "usage", "outside any subscription of their customer; they count as usage", outside, "customer_id"


def _months_without_a_rate(tables: Tables) -> dict[str, np.ndarray]:
    """Of each currency that has rates, the months (datetime64[M]) of a report that have none."""
    end = np.datetime64(tables.watermark("subscriptions"), "M")
    wanted = np.arange(end - tables.config.report.months, end)
    gaps = {
        currency: np.array([month for month in wanted if month not in rates], "datetime64[M]")
        for currency, rates in rates_of(tables.config).items()
    }
    return {currency: months for currency, months in gaps.items() if len(months)}


def _in_currency_within(spans: Expression, currency: str, months: np.ndarray) -> ir.Table:
    """The spans in a currency that ran in any of some months."""
    ran = ibis.literal(False)
    for month in months:
        first, after = (midnight((month + later).astype("datetime64[D]").item()) for later in (0, 1))
        ran |= (spans.started_at < after) & (spans.ended_at.isnull() | (spans.ended_at > first))
    return spans.filter((spans.currency.upper() == currency) & ran)


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
