"""Recognises monthly snapshots of subscriptions: account, month, MRR; a row for each month in which one runs."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tables.discovery.columns import ColumnFacts
from tables.discovery.dates import MONTHS, count_months
from tables.discovery.guesses import ColumnGuess, ExaminedSource, TableGuess
from tables.discovery.vocabulary import normalise

DAYS = re.compile(r"snapshot|as of|stichtag|基準日|時点")
"In the names of columns with a day of each month, beside those of months."
MIN_MONTHS = 3
ONE_EACH = 0.98
"Share of the rows that have to be alone in their month, by subscription and plan."
REPEATED = 2
"Rows for each subscription, on average, from which on a table has one for each month."
SNAPSHOTS = "a month, with one row for each"
"Evidence of the column with the month."


def add_months(examined: ExaminedSource, columns: Mapping[str, ColumnGuess]) -> dict[str, ColumnGuess]:
    """The columns of subscriptions, with the month as the start where each row is a snapshot of its month."""
    owner = columns.get("subscription_id") or columns.get("customer_id")
    if owner is None or owner.column is None or "mrr" not in columns or not {"started_at", "ended_at"} - set(columns):
        return dict(columns)
    used = {source for name, guess in columns.items() if name != "started_at" for source in guess.sources}
    for facts in examined.columns.values():
        if facts.name not in used and _has_months(facts) and _is_alone(examined, facts, owner=owner, columns=columns):
            month = ColumnGuess(column=facts.name, evidence=f"{SNAPSHOTS} {owner.column}")
            others = {name: guess for name, guess in columns.items() if name not in ("started_at", "ended_at")}
            return {**others, "started_at": month}
    return dict(columns)


def are_snapshots(guess: TableGuess) -> bool:
    """Whether the rows of a table are monthly snapshots of subscriptions."""
    column = guess.columns.get("started_at")
    return guess.table == "subscriptions" and column is not None and column.evidence.startswith(SNAPSHOTS)


def _has_months(facts: ColumnFacts) -> bool:
    """Whether a column is named like months and has them, or one day of each."""
    name = normalise(facts.name)
    is_named = MONTHS.search(name) is not None or DAYS.search(name) is not None
    dates = facts.dates
    if not is_named or dates is None or dates.has_clock or dates.first is None or dates.last is None:
        return False
    return MIN_MONTHS <= facts.n_distinct <= count_months(dates.first, dates.last)


def _is_alone(
    examined: ExaminedSource, month: ColumnFacts, *, owner: ColumnGuess, columns: Mapping[str, ColumnGuess]
) -> bool:
    """Whether nearly every row is the only one of its subscription, plan and month, and most have several months."""
    n_owners = examined.columns[str(owner.column)].n_distinct
    plan = columns["plan"].column if "plan" in columns else None
    keys = dict.fromkeys(str(name) for name in (owner.column, plan, month.name) if name)
    n_keys = int(examined.rows.select(*keys).distinct().count().to_pyarrow().as_py())
    return n_keys >= ONE_EACH * examined.n_rows and examined.n_rows >= REPEATED * max(n_owners, 1)
