"""Times of day among the values of a column, and the offsets from UTC behind them: 18:30, 6:30 PM, 10:15+09:00."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

import ibis.expr.types as ir

from tables.cleaning.clocks import OFFSET

CLOCK_ALONE = re.compile(
    r"^(?:\d{1,2}[:時]\d{1,2}(?:[:分]\d{1,2}(?:[.,]\d+)?)?[分秒]?(?: ?[AaPp]\.?[Mm]\.?)?"
    r"|\d{1,2}[hH]\d{2}|(?:\d{4}(?:\d{2})?|\d{1,2}[.]\d{2})(?=Z|[+-])"
    r"|(?:[Kk]l[.o]? *)?\d{1,2}[:.]\d{2}(?::\d{2})? *[Uu]hr"
    r"|[Kk]l[.o]? *\d{1,2}[:.]\d{2})"
    r"(?: ?(Z|UTC|GMT|[+-](?:0\d|1[0-4])(?::?\d{2})?))?$"
)
"A time of day without a day, and its offset."
MAX_OFFSETS = 10


def offsets_of_clocks(cells: Iterable[tuple[str, int]]) -> tuple[str, ...]:
    """The offsets behind times of day, the most frequent first."""
    matches = [(match, rows) for value, rows in cells if (match := CLOCK_ALONE.match(value))]
    offsets = Counter[str]()
    for match, rows in matches:
        offsets[match[1] or ""] += rows
    return tuple(offset for offset, _ in offsets.most_common(MAX_OFFSETS) if offset)


def offsets_in(clock: ir.Value) -> tuple[str, ...]:
    """The offsets of a column whose type is that of times of day with an offset."""
    offset = clock.cast("string").re_extract(f"({OFFSET.removesuffix('$')})$", 1).nullif("")
    texts: list[str] | None = offset.collect(distinct=True).to_pyarrow().as_py()
    return tuple(sorted(texts or ()))[:MAX_OFFSETS]
