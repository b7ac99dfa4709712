"""Words taken from the data (channels, events, attribute values): which ones count, and their codes and names."""

from __future__ import annotations

import re
from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

MAX_KINDS = 8
"Number of channels or events that get features of their own: the most frequent."

MAX_WORDS = 200
"Number of values that a categorical column distinguishes; rarer ones are missing."


def frequent_words(table: ir.Table, column: str, *, max_words: int) -> tuple[str, ...]:
    """The most frequent words of a text column, sorted; equally frequent ones are taken in alphabetical order."""
    counts = table.filter(table[column].notnull()).group_by(column).aggregate(rows=ibis._.count()).to_pyarrow()
    ranked = sorted(zip(counts[column].to_pylist(), counts["rows"].to_pylist(), strict=True), key=_rank)
    return tuple(sorted(word for word, _rows in ranked[:max_words]))


def _rank(count: tuple[str, int]) -> tuple[int, str]:
    word, rows = count
    return -rows, word


def encode_words(column: pa.ChunkedArray, words: Sequence[str]) -> NDArray[np.float64]:
    """(n,) the position of each cell in `words`; NaN for a missing cell or another word."""
    code_of = {word: float(code) for code, word in enumerate(words)}
    encoded = column.combine_chunks().dictionary_encode()
    codes = np.array([*(code_of.get(word, np.nan) for word in encoded.dictionary.to_pylist()), np.nan])
    return codes[encoded.indices.fill_null(len(codes) - 1).to_numpy()]


def quote_text(word: str) -> str:
    """The word as a text literal of the rule language."""
    return "'" + word.replace("'", "''") + "'"


def names_of(words: Sequence[str]) -> tuple[str, ...]:
    """A part of a column name for each word, all different: 'Web Shop' is web_shop."""
    names: list[str] = []
    for word in words:
        name = re.sub(r"\W+", "_", word.lower()).strip("_") or "other"
        names.append(name if name not in names else f"{name}_{len(names)}")
    return tuple(names)
