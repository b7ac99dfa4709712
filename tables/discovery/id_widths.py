"""Ids that lost their leading zeros: `id_width` fills them in again.

customers   00017  00423        every id has five digits, and some begin with a zero
purchases   17     423          0 of 2 meet; with id_width = 5, 2 of 2 do

A single column may be written in both ways. Whether 00017 and 17 are then one customer is a question.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tables.discovery.guesses import TableGuess
from tables.discovery.keys import Overlap, compare_ids, ids_of
from tables.discovery.proposal import Ask, Question

GAIN = 2
"How many times as many ids have to meet."
MIN_PAIRS, MIN_SHARE = 10, 0.5
"Ids of one column that occur with and without their zeros: fewer, or a smaller share of those without, may be chance."
ONE, TWO = "one", "two"


def merge_widths(guesses: Sequence[TableGuess], ask: Ask) -> list[TableGuess]:
    """The tables, with a width of ids where one column has the same ids with and without leading zeros."""
    merged = list(guesses)
    for column, thing in (("customer_id", "customer"), ("item_id", "item")):
        merged = [_merge(guess, ask, column=column, thing=thing) for guess in merged]
    return merged


def _merge(guess: TableGuess, ask: Ask, *, column: str, thing: str) -> TableGuess:
    facts = guess.facts(column)
    if facts is None or not facts.n_leading_zeros:
        return guess
    ids = [one for one in ids_of(guess.examined, facts.name) if one.isdigit()]
    full = {one for one in ids if one[:-1].startswith("0")}
    width = max(map(len, ids), default=0)
    short = {one.zfill(width) for one in ids if len(one) < width}
    n_pairs = len(short & full)
    if {len(one) for one in full} != {width} or n_pairs < max(MIN_PAIRS, MIN_SHARE * len(short)):
        return guess
    overlap = f"{n_pairs:,} of {len(short):,} ids with fewer than {width} digits occur with leading zeros as well"
    example = min(short & full)
    question = Question(
        f"{guess.examined.source.label}, {facts.name}: are {example} and {example.lstrip('0')} one {thing} or two?",
        (ONE, TWO),
        ONE,
        overlap,
    )
    if ask(question) == TWO:
        return guess
    evidence = "; ".join(filter(None, (guess.columns[column].evidence, overlap)))
    return replace(
        guess, columns={**guess.columns, column: replace(guess.columns[column], id_width=width, evidence=evidence)}
    )


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
    other_width = other.columns[column].id_width
    if other_width is not None:
        other_ids = frozenset(one.zfill(other_width) if one.isdigit() else one for one in other_ids)
    width = _width_of(other_ids)
    if width is None or any(one.isdigit() and (one[:-1].startswith("0") or len(one) > width) for one in ids):
        return guess
    before = compare_ids(ids, other_ids)
    after = compare_ids({one.zfill(width) if one.isdigit() else one for one in ids}, other_ids)
    if after.n_shared <= GAIN * before.n_shared:
        return guess
    evidence = "; ".join(
        filter(None, (guess.columns[column].evidence, _describe(before, after, of=other, width=width)))
    )
    columns = {**guess.columns, column: replace(guess.columns[column], id_width=width, evidence=evidence)}
    return replace(guess, columns=columns)


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
