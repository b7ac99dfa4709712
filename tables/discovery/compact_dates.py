"""Days written as digits alone, in a column whose name is that of a time; 20240131 is read everywhere.

930105      %y%m%d      310193      %d%m%y      31011993    %d%m%Y
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from tables.discovery.dates import ENOUGH, DateGuess, range_of

PATTERNS: Mapping[int, tuple[str, ...]] = {6: ("%y%m%d", "%d%m%y", "%m%d%y"), 8: ("%d%m%Y", "%m%d%Y")}
"By the number of digits."
EARLIEST = 1900


def guess_compact(cells: Sequence[tuple[str, int]]) -> DateGuess | None:
    """How cells of six or eight digits, each with its number of rows, are read as days; None if they are none.

    Where several patterns fit, the years are the digits with the fewest different values.
    """
    lengths = {len(text) for text, _ in cells}
    length = lengths.pop() if len(lengths) == 1 else 0
    n_rows = sum(rows for _, rows in cells)
    guesses: list[tuple[int, DateGuess]] = []
    for pattern in PATTERNS.get(length, ()):
        days = [(text, day, rows) for text, rows in cells if (day := _parse(text, pattern))]
        n_days = sum(rows for _, _, rows in days)
        if days and n_days >= ENOUGH * n_rows:
            text, day, _ = days[0]
            evidence = f"{n_days:,} of {n_rows:,} values are days of {length} digits: '{text}' is {day.date()}"
            facts = range_of([day.date() for _, day, _ in days])
            guesses.append(
                (len({day.year for _, day, _ in days}), DateGuess(n_days / n_rows, pattern, evidence, **facts))
            )
    return min(guesses, key=lambda one: one[0])[1] if guesses else None


def _parse(text: str, pattern: str) -> datetime | None:
    if not (text.isascii() and text.isdigit()):
        return None
    try:
        moment = datetime.strptime(text, pattern)
    except ValueError:
        return None
    return moment if moment.year >= EARLIEST else None
