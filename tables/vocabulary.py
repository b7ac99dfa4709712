"""Words that are learnt from the data (channels, events, attribute values): which count, and how they are written."""

from __future__ import annotations

import re
from collections.abc import Sequence

import ibis.expr.types as ir
from ibis import _

MAX_KINDS = 8
"How many channels or events get features of their own: the most frequent."

MAX_WORDS = 200
"How many values a categorical column tells apart; rarer ones are missing."


def frequent_words(table: ir.Table, column: str, at_most: int) -> tuple[str, ...]:
    """The most frequent words of a text column, sorted; equally frequent ones in their order."""
    counted = table.filter(table[column].notnull()).group_by(column).aggregate(rows=_.count()).to_pyarrow()
    ranked = sorted(zip(counted[column].to_pylist(), counted["rows"].to_pylist(), strict=True), key=_rank)
    return tuple(sorted(word for word, _rows in ranked[:at_most]))


def _rank(counted: tuple[str, int]) -> tuple[int, str]:
    word, rows = counted
    return -rows, word


def quoted(word: str) -> str:
    """The word as a text in a rule."""
    return "'" + word.replace("'", "''") + "'"


def names_of(words: Sequence[str]) -> tuple[str, ...]:
    """A part of a column name for each word, no two alike: 'Web Shop' is web_shop."""
    names: list[str] = []
    for word in words:
        name = re.sub(r"\W+", "_", word.lower()).strip("_") or "other"
        names.append(name if name not in names else f"{name}_{len(names)}")
    return tuple(names)
