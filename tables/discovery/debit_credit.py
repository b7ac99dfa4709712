"""Amounts in two columns, debit and credit, of which each line has one: 借方 and 貸方, Soll and Haben.

    debit   credit        credit - debit
            120.00        120.00     a sale
    20.00                 -20.00     a return

What was bought adds up to more than what came back. Where both sides are nearly equal and the debit is not the smaller
one, it is a ledger of customers: debits are invoices, and credits are payments, which are no returns.
"""

from __future__ import annotations

from dataclasses import replace

import ibis
import ibis.expr.types as ir

from core.config.sources import ValueFormat
from tables.cleaning.readings import read_column
from tables.cleaning.workbench import Clock, Workbench
from tables.discovery.columns import ColumnFacts
from tables.discovery.guesses import ColumnGuess, ExaminedSource

DEBIT, CREDIT = "debit", "credit"
"Of purchases: no columns of the contract; together they are the amount."
MAX_BOTH = 0.02
"Share of the lines that may have both sides."
SETTLED = 0.5
"Share of the greater side from which on the other one is no sum of returns."
ABOUT_EQUAL = 0.9
UTC = Clock("UTC", "UTC")


def join_sides(examined: ExaminedSource, columns: dict[str, ColumnGuess]) -> dict[str, ColumnGuess]:
    """The columns with the amount of both sides, unless another column has it."""
    debit, credit = columns.get(DEBIT), columns.get(CREDIT)
    columns = {name: guess for name, guess in columns.items() if name not in (DEBIT, CREDIT)}
    if debit is None or credit is None or debit.column is None or credit.column is None or "amount" in columns:
        return columns
    sums = _sum_sides(examined, debit=debit.column, credit=credit.column)
    if sums is None:
        return columns
    n_rows, of_debit, of_credit = sums
    described = f"{debit.column} adds up to {of_debit:,.2f}, {credit.column} to {of_credit:,.2f}"
    if of_debit >= ABOUT_EQUAL * of_credit and of_credit >= SETTLED * of_debit:
        evidence = f"{described}: invoices and their payments, so that lines without {debit.column} are no purchases"
        return columns | {"amount": replace(debit, is_of_own_rows=True, evidence=evidence)}
    bought, returned = (credit, debit) if of_credit >= of_debit else (debit, credit)
    evidence = f"{described}, and {n_rows:,} lines have one of them"
    return columns | {"amount": replace(bought, minus=returned.sources, evidence=evidence)}


def _sum_sides(examined: ExaminedSource, *, debit: str, credit: str) -> tuple[int, float, float] | None:
    """How many lines have an amount, and the sum of each side; None where many have both."""
    bench = Workbench(examined.rows, UTC)
    values = {
        side: read_numbers(bench, examined.columns[name]).abs().coalesce(0.0)
        for side, name in ((DEBIT, debit), (CREDIT, credit))
    }
    rows = bench.select(**values)
    has = {side: ibis.ifelse(rows[side] > 0, 1, 0) for side in values}
    counts = rows.aggregate(
        both=(has[DEBIT] * has[CREDIT]).sum(),
        any=(has[DEBIT] + has[CREDIT]).sum(),
        debit=rows[DEBIT].sum(),
        credit=rows[CREDIT].sum(),
    )
    (row,) = counts.to_pyarrow().to_pylist()
    if not row["any"] or row["both"] > MAX_BOTH * row["any"] or not row["debit"] or not row["credit"]:
        return None
    return row["any"] - row["both"], row["debit"], row["credit"]


def read_numbers(bench: Workbench, facts: ColumnFacts) -> ir.Value:
    """The numbers of a column, with the marks that its values show."""
    numbers = facts.numbers if facts.is_text else None
    written = ValueFormat(decimal=numbers.decimal, thousands=numbers.thousands) if numbers else ValueFormat()  # pyright: ignore[reportArgumentType] - marks are among those that it takes
    return read_column([bench.source[facts.name]], bench, written=written, kind="number").value


def zeros_of(facts: ColumnFacts) -> tuple[str, ...]:
    """How a column writes zero."""
    return tuple(value for value in facts.values if set(value) <= set("0.,-¥$€ ") and "0" in value)
