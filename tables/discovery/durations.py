"""How durations in a column are written: 1:20 is an hour and twenty minutes, or a minute and twenty seconds."""

from __future__ import annotations

import re

from tables.cleaning.durations import Layout, is_duration
from tables.discovery.columns import ColumnFacts
from tables.discovery.dates import ENOUGH
from tables.discovery.guesses import ColumnGuess
from tables.discovery.vocabulary import NO_LETTER

OF_MINUTES = re.compile(r"\bmin(ute)?s?\b|\bsec(ond)?s?\b|\bm ss\b|\bmm ss\b|分|秒")
"In names of columns whose two parts are minutes and seconds."
HOURS_OF_DAY = 24


def are_durations(facts: ColumnFacts) -> bool:
    """Whether nearly all values are durations, by their type or as text."""
    if not facts.is_text:
        return facts.is_clock
    n_rows = sum(rows for _, rows in facts.cells)
    n_durations = sum(rows for value, rows in facts.cells if is_duration(value))
    return not facts.clock_offsets and n_durations >= ENOUGH * max(1, n_rows)


def read_durations(facts: ColumnFacts) -> ColumnGuess:
    """A column of durations as minutes, and how two parts are read."""
    parts = [value.split(":") for value in facts.values if ":" in value]
    two = [one for one in parts if len(one) == 2 and one[0].strip().isdigit()]
    example = next(iter(facts.values), "1:20:00")
    layout: Layout = "h:mm"
    reason = ""
    if two and len(two) < len(parts):
        layout, reason = "m:ss", "other values have hours before the minutes"
    elif OF_MINUTES.search(NO_LETTER.sub(" ", facts.name).casefold()):
        layout, reason = "m:ss", "its name says minutes"
    elif any(int(one[0]) > HOURS_OF_DAY for one in two):
        layout, reason = "m:ss", "some would be longer than a day"
    elif two:
        reason = 'assumed; "m:ss" if they are minutes and seconds'
    evidence = f"durations such as '{example}', read as minutes" + (f"; {layout}: {reason}" if reason else "")
    return ColumnGuess(column=facts.name, duration=layout, evidence=evidence)
