"""Describes sources that are no table of the contract."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tables.discovery.cross_section import find_unkeyed_label
from tables.discovery.guesses import ExaminedSource, TableGuess
from tables.discovery.months import describe_wide

SIDE = re.compile(r"^[^A-Za-z]*\d[\d.,' ]*(CR|DR|Cr|Dr|cr|dr|H|S)[.]?$")
"An amount with its side of the account: credit and debit, in German Haben and Soll."
ENOUGH = 0.9
"Share of the cells that have to be such amounts."


def describe_unused(source: ExaminedSource, guesses: list[TableGuess]) -> str:
    """Why a source is no table of the data set."""
    label = source.source.label
    if guesses:
        return f"{label}: not used, because another file fits the table {guesses[0].table} better"
    return f"{label}: not used; its columns ({', '.join(list(source.columns)[:6])}) are no table that Kizuna knows"


def describe_nothing_found(sources: Sequence[ExaminedSource]) -> str:
    """Why no source is a table that says who was a customer when."""
    label = find_unkeyed_label(sources)
    if label is not None:
        return f"{label} says who churned, but no column has a value of its own in every row; add the customer's id"
    for one in sources:
        if sides := _describe_sides(one):
            return sides
        if is_wide := describe_wide(list(one.columns)):
            return f"{one.source.label} {is_wide}"
    source = max(sources, key=lambda one: one.n_rows)
    names = ", ".join(list(source.columns)[:8])
    has_dates = any(facts.is_date for facts in source.columns.values())
    missing = (
        "a customer and an amount or an event"
        if has_dates
        else "dates, nor ids of customers and items, which suffice for recommendations,"
    )
    return (
        f"no purchases, usage or subscriptions in {', '.join(one.source.label for one in sources)}: "
        f"found no columns with {missing} among {names}; write the TOML by hand, see docs/reference/configuration.md"
    )


def _describe_sides(source: ExaminedSource) -> str | None:
    """Amounts with CR or DR behind them, which are no numbers: only the company knows which side is what was bought."""
    for facts in source.columns.values():
        cells = [(match[1], value) for value in facts.values if (match := SIDE.match(value))]
        if cells and len(cells) >= ENOUGH * len(facts.values):
            sides = " and ".join(sorted({side.upper() for side, _ in cells}))
            return (
                f"{source.source.label}, {facts.name}: amounts such as '{cells[0][1]}' name their side of the account "
                f"({sides}); export debit and credit as two columns, or what was paid back with a minus sign"
            )
    return None
