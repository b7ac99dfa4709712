"""Ids of one table that lost the leading zeros that another table has: `id_width` fills them in again.

customers   00017  00423        every id has five digits, and some begin with a zero
purchases   17     423          0 of 2 meet; with id_width = 5, 2 of 2 do
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from tables.discovery.guesses import TableGuess
from tables.discovery.keys import Overlap, compare_ids, ids_of

GAIN = 2
"How many times as many ids have to meet."


def fill_leading_zeros(guesses: Sequence[TableGuess]) -> list[TableGuess]:
    """The tables, with the width of customer and item ids where that makes far more of them meet."""
    filled = list(guesses)
    for column, table in (("customer_id", "customers"), ("item_id", "items")):
        reference = next((guess for guess in guesses if guess.table == table and guess.facts(column)), None)
        others = [guess for guess in guesses if guess.examined is not (reference and reference.examined)]
        if reference is None:
            continue
        for guess in others:
            for one, other in ((guess, reference), (reference, guess)):
                place = next(place for place, old in enumerate(filled) if old.table == one.table)
                filled[place] = _fill(filled[place], other, column=column)
    return filled


def _fill(guess: TableGuess, other: TableGuess, *, column: str) -> TableGuess:
    """The table with the width of the other one's ids, if its own have lost their zeros."""
    facts, others = guess.facts(column), other.facts(column)
    if facts is None or others is None or guess.columns[column].id_width is not None:
        return guess
    ids, other_ids = ids_of(guess.examined, facts.name), ids_of(other.examined, others.name)
    width = _width_of(other_ids)
    if width is None or any(one.isdigit() and (one.startswith("0") or len(one) > width) for one in _bare(ids)):
        return guess
    before = compare_ids(ids, other_ids)
    after = compare_ids({one.zfill(width) if one.isdigit() else one for one in _bare(ids)}, other_ids)
    if after.n_shared <= GAIN * before.n_shared:
        return guess
    evidence = "; ".join(
        filter(None, (guess.columns[column].evidence, _describe(before, after, of=other, width=width)))
    )
    columns = {**guess.columns, column: replace(guess.columns[column], id_width=width, evidence=evidence)}
    return replace(guess, columns=columns)


def _bare(ids: frozenset[str]) -> Iterator[str]:
    return (one.removesuffix(".0") for one in ids)


def _width_of(ids: frozenset[str]) -> int | None:
    """The number of digits that all ids of digits have, some of them with leading zeros; None without one."""
    numbers = [one for one in ids if one.isdigit()]
    widths = {len(one) for one in numbers}
    return widths.pop() if len(widths) == 1 and any(one.startswith("0") for one in numbers) else None


def _describe(before: Overlap, after: Overlap, *, of: TableGuess, width: int) -> str:
    return (
        f"{before.n_shared:,} of {before.n_ids:,} ids occur in {of.table}; filled with zeros to {width} digits, "
        f"{after.n_shared:,} do"
    )
