"""Recognises monthly snapshots of subscriptions: account, month, MRR; a row for each month in which one runs.

Account, month, amount may be that, or what each account bought in the month. The name of the amount can say it (MRR,
月額), or the rows do:

    rows without a gap from an account's first month to its last, mostly the amount of the month before    snapshots
    rows without a gap, and other amounts in every month                                                    ask
    months without a row within most accounts                                                               purchases
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import ibis

from core.config.sources import ValueFormat
from tables.cleaning.readings import read_column
from tables.cleaning.workbench import Clock, Workbench
from tables.discovery.columns import ColumnFacts
from tables.discovery.guesses import ColumnGuess, ExaminedSource, TableGuess
from tables.discovery.months import MONTHS, count_months
from tables.discovery.proposal import Question
from tables.discovery.vocabulary import load_vocabulary, normalise

DAYS = re.compile(r"snapshot|as of|stichtag|基準日|時点")
"In the names of columns with a day of each month, beside those of months."
MIN_MONTHS = 3
ONE_EACH = 0.98
"Share of the rows that have to be alone in their month, by subscription and plan."
REPEATED = 2
"Rows for each subscription, on average, from which on a table has one for each month."
SNAPSHOTS = "a month, with one row for each"
"Evidence of the column with the month."
DENSE = 0.9
"Share of the months from an account's first to its last that have a row, from which on a gap is an exception."
SPARSE = 0.6
"Below it, months without a row are usual: no subscription stops and starts so often."
MOSTLY = 0.5
"Share of the amounts that are those of the month before, from which on they are prices."
UTC = Clock("UTC", "UTC")


@dataclass(frozen=True)
class MonthlyAmounts:
    """What the rows of accounts and months are like."""

    density: float
    "Share of the months from each account's first to its last that have a row."
    repeats: float
    "Share of the amounts that are those of the account's month before."

    def describe(self, owner: str) -> str:
        """Both shares in words."""
        return (
            f"{self.density:.0%} of the months from the first to the last of each {owner} have a row, and "
            f"{self.repeats:.0%} of the amounts are those of the month before"
        )


def add_months(examined: ExaminedSource, columns: Mapping[str, ColumnGuess]) -> dict[str, ColumnGuess]:
    """The columns of subscriptions, with the month as the start where each row is a snapshot of its month."""
    owner = columns.get("subscription_id") or columns.get("customer_id")
    amount = columns.get("mrr") or _find_amount(examined)
    if owner is None or owner.column is None or amount is None or not {"started_at", "ended_at"} - set(columns):
        return dict(columns)
    used = {source for name, guess in columns.items() if name != "started_at" for source in guess.sources}
    free = [facts for facts in examined.columns.values() if facts.name not in used and facts.name != amount.column]
    for facts in sorted(filter(_has_months, free), key=lambda one: not _is_named(one)):
        if _is_alone(examined, facts, owner=owner, columns=columns):
            month = ColumnGuess(column=facts.name, evidence=f"{SNAPSHOTS} {owner.column}")
            others = {name: guess for name, guess in columns.items() if name not in ("started_at", "ended_at")}
            return {**others, "mrr": amount, "started_at": month}
    return dict(columns)


def _find_amount(examined: ExaminedSource) -> ColumnGuess | None:
    """The column whose name is that of amounts of purchases, which may be prices of the month."""
    rank_of = load_vocabulary().rank_of
    ranked = [
        (rank, facts.name)
        for facts in examined.columns.values()
        if facts.is_number and (rank := rank_of(facts.name, table="purchases", column="amount")) is not None
    ]
    return ColumnGuess(column=min(ranked)[1]) if ranked else None


def weigh_snapshots(guesses: Sequence[TableGuess]) -> list[TableGuess]:
    """The guesses, where one of them has monthly snapshots that may be purchases, in the order that the rows show."""
    snapshots = next((guess for guess in guesses if are_snapshots(guess)), None)
    purchases = next((guess for guess in guesses if guess.table == "purchases"), None)
    others = [guess for guess in guesses if guess not in (snapshots, purchases)]
    if snapshots is None or purchases is None or _says_price(snapshots):
        return list(guesses)
    owner, month = (str(snapshots.columns[name].column) for name in ("customer_id", "started_at"))
    rows = _measure(snapshots)
    shown = rows.describe(owner)
    is_named = _is_named(snapshots.examined.columns[month])
    if rows.density < SPARSE or (not is_named and rows.repeats < MOSTLY):
        return [purchases, *others]
    if rows.density >= DENSE and rows.repeats >= MOSTLY and is_named and not _is_of(snapshots, "purchases"):
        return [_with_evidence(snapshots, shown, score=purchases.score + 2), purchases, *others]
    is_default = rows.density >= DENSE and is_named and not _is_of(snapshots, "purchases")
    question = Question(
        f"{snapshots.examined.source.label} has a row for each {owner} and month: is {_amount_of(snapshots)} the price "
        "of a subscription in that month (subscriptions), or what was bought in it (purchases)?",
        ("subscriptions", "purchases"),
        "subscriptions" if is_default else "purchases",
        shown,
    )
    lead = 0.5 if is_default else -0.5
    snapshots = replace(
        _with_evidence(
            snapshots, f"{shown}; purchases of the month are the other reading", score=purchases.score + lead
        ),
        question=question,
    )
    purchases = _with_evidence(
        purchases, f"{shown}; monthly_snapshots of subscriptions are the other reading", score=purchases.score
    )
    purchases = replace(purchases, question=question)
    return [*((snapshots, purchases) if is_default else (purchases, snapshots)), *others]


def prefer_purchases(options: Mapping[str, list[TableGuess]]) -> dict[str, list[TableGuess]]:
    """The guesses of each source: beside a table of purchases, doubtful amounts by month are rather sums of it."""
    certain = [guesses[0] for guesses in options.values() if guesses and guesses[0].question is None]
    if not any(guess.table == "purchases" for guess in certain):
        return dict(options)
    return {
        label: [guess for guess in guesses if guess.question is None or guess.table == "purchases"]
        for label, guesses in options.items()
    }


def _with_evidence(guess: TableGuess, evidence: str, *, score: float) -> TableGuess:
    name = "started_at" if guess.table == "subscriptions" else "event_time"
    column = guess.columns[name]
    columns = guess.columns | {name: replace(column, evidence=f"{column.evidence}; {evidence}")}
    return replace(guess, columns=columns, score=score)


def _amount_of(guess: TableGuess) -> str:
    return str(guess.columns["mrr"].column)


def _says_price(guess: TableGuess) -> bool:
    """Whether the name of the file or of the amount is that of subscriptions, and of nothing else."""
    is_amount = load_vocabulary().rank_of(_amount_of(guess), table="purchases", column="amount") is not None
    has_plan = "plan" in guess.columns and guess.columns["plan"].column is not None
    return not is_amount or has_plan or _is_of(guess, "subscriptions")


def _is_of(guess: TableGuess, table: str) -> bool:
    """Whether the name of a file is that of a table."""
    return load_vocabulary().table_rank(guess.examined.source.label.rsplit(".", 1)[0], table) is not None


def _measure(guess: TableGuess) -> MonthlyAmounts:
    """How the rows of accounts follow each other from month to month."""
    rows, facts = guess.examined.rows, guess.facts("started_at")
    owner, amount = (str(guess.columns[name].column) for name in ("customer_id", "mrr"))
    date_format = facts.dates.date_format if facts and facts.dates else None
    bench = Workbench(rows, UTC)
    cell = rows[str(guess.columns["started_at"].column)]
    day = read_column([cell], bench, written=ValueFormat(date_format=date_format), kind="date").value
    text = bench.step(day.cast("string"))
    month = text.substr(0, 4).cast("int32") * 12 + text.substr(5, 2).cast("int32")
    table = bench.select(month=month, owner=rows[owner].cast("string"), amount=rows[amount].cast("string"))
    table = table.filter(table.month.notnull() & table.owner.notnull())
    window = ibis.window(group_by=table.owner, order_by=table.month)
    table = table.mutate(before=table.month.lag().over(window), price=table.amount.lag().over(window))
    owners = table.group_by("owner").aggregate(n=table.month.nunique(), span=table.month.max() - table.month.min() + 1)
    spans = owners.aggregate(n=owners.n.sum(), span=owners.span.sum()).to_pyarrow().to_pylist()[0]
    follows = table.filter(table.month == table.before + 1)
    same = follows.aggregate(n=follows.count(), same=(follows.amount == follows.price).sum())
    counts = same.to_pyarrow().to_pylist()[0]
    return MonthlyAmounts(spans["n"] / max(spans["span"] or 0, 1), (counts["same"] or 0) / max(counts["n"], 1))


def are_snapshots(guess: TableGuess) -> bool:
    """Whether the rows of a table are monthly snapshots of subscriptions."""
    column = guess.columns.get("started_at")
    return guess.table == "subscriptions" and column is not None and column.evidence.startswith(SNAPSHOTS)


def _is_named(facts: ColumnFacts) -> bool:
    """Whether a column is named like months or their snapshots."""
    name = normalise(facts.name)
    return MONTHS.search(name) is not None or DAYS.search(name) is not None


def _has_months(facts: ColumnFacts) -> bool:
    """Whether a column has months, or one day of each."""
    dates = facts.dates
    if not _may_be_month(facts) or dates is None or dates.has_clock or dates.first is None or dates.last is None:
        return False
    return MIN_MONTHS <= facts.n_distinct <= count_months(dates.first, dates.last)


def _may_be_month(facts: ColumnFacts) -> bool:
    """Whether a column is named like months, or like the day of a purchase."""
    return _is_named(facts) or load_vocabulary().rank_of(facts.name, table="purchases", column="event_time") is not None


def _is_alone(
    examined: ExaminedSource, month: ColumnFacts, *, owner: ColumnGuess, columns: Mapping[str, ColumnGuess]
) -> bool:
    """Whether nearly every row is the only one of its subscription, plan and month, and most have several months."""
    n_owners = examined.columns[str(owner.column)].n_distinct
    plan = columns["plan"].column if "plan" in columns else None
    keys = dict.fromkeys(str(name) for name in (owner.column, plan, month.name) if name)
    n_keys = int(examined.rows.select(*keys).distinct().count().to_pyarrow().as_py())
    return n_keys >= ONE_EACH * examined.n_rows and examined.n_rows >= REPEATED * max(n_owners, 1)
