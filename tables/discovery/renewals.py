"""Renewal dates as of the day of an export, which give later churn away."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import ibis.expr.types as ir

from tables.cleaning.moments import moment_in
from tables.cleaning.workbench import Clock, Workbench
from tables.discovery.columns import ColumnFacts
from tables.discovery.guesses import TableGuess

DAYS_IN_MONTH = 30.4
MAX_TERMS = 6
"More different times from start to renewal are no terms of contracts."
MAX_ROWS = 20_000


def drop_renewals_of_export(guess: TableGuess) -> tuple[TableGuess, str]:
    """Subscriptions without `renews_at` if it is the next renewal on the day of the export, and a note about it.

    A row of a contract's term has a renewal that was known at its start, some months later. In a list of subscriptions
    with one row each, every running one has its next renewal, and an ended one its last: the date gives the end away.
    """
    started, renews = guess.facts("started_at"), guess.facts("renews_at")
    subscription = guess.facts("subscription_id")
    if guess.table != "subscriptions" or "recorded_time" in guess.columns or started is None or renews is None:
        return guess, ""
    if subscription is None or not subscription.is_unique or _count_terms(guess, started, renews=renews) <= MAX_TERMS:
        return guess, ""
    columns = {name: column for name, column in guess.columns.items() if name != "renews_at"}
    note = f"{renews.name} is not used: it is the renewal on the day of the export, when later churn was known"
    return replace(guess, columns=columns), f"{guess.examined.source.label}: {note}"


def _count_terms(guess: TableGuess, started: ColumnFacts, *, renews: ColumnFacts) -> int:
    """How many different numbers of months lie between start and renewal."""
    bench = Workbench(guess.examined.rows.limit(MAX_ROWS), Clock("UTC", "UTC"))
    first, last = (_time(bench, facts) for facts in (started, renews))
    rows = bench.select(first=first, last=last).to_pyarrow().to_pylist()
    pairs = [(row["first"], row["last"]) for row in rows if row["first"] is not None and row["last"] is not None]
    return len({round(_days(*pair) / DAYS_IN_MONTH) for pair in pairs})


def _time(bench: Workbench, facts: ColumnFacts) -> ir.Value:
    column = bench.source[facts.name]
    if not column.type().is_string():
        return column.cast("timestamp")
    return bench.step(moment_in(column, bench, date_format=facts.dates.date_format if facts.dates else None).shown)


def _days(first: datetime, last: datetime) -> float:
    return (last - first).total_seconds() / 86_400
