"""Counts since 1970 among numbers: 1767225600, 1767225600000 and, if it keeps the second, 1.767225600E+09."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

EPOCHS = {10: "epoch_seconds", 13: "epoch_milliseconds", 16: "epoch_microseconds"}
UNITS = {10: 1, 13: 1000, 16: 1_000_000}
"Counts per second, by number of digits."
FULL_DIGITS = {9: 10, 12: 13, 15: 16}
"Before September 2001, counts have one digit less."
FIRST_EPOCH, LAST_EPOCH = 631_152_000, 4_102_444_800
"1990 and 2100 in seconds."
EPOCH = re.compile(r"^(\d{9,10}|\d{12,13}|\d{15,16})(?:[.]\d+)?$")
SCIENTIFIC = re.compile(r"^\d(?:[.,](\d*))?[eE]\+?(?:0?9|12|15)$")


@dataclass
class EpochCounts:
    """Moments among the values of a column."""

    lengths: Counter[int] = field(default_factory=Counter[int])
    "Rows by the number of digits, that of today."
    n_short: int = 0
    "Rows with one digit less."
    days: list[date] = field(default_factory=list[date])
    n_scientific: int = 0
    n_lost: int = 0
    "Rows in scientific notation whose digits do not reach their second."
    lost_example: str = ""


def count_epochs(cells: Iterable[tuple[str, int]]) -> EpochCounts:
    """Count the moments in values, each with its number of rows."""
    counts = EpochCounts()
    for text, rows in cells:
        match, scientific = EPOCH.match(text), SCIENTIFIC.match(text)
        number = int(match[1]) if match else int(float(text.replace(",", "."))) if scientific else 0
        if not is_epoch(number):
            continue
        n_digits = digits_of(number)
        counts.lengths[n_digits] += rows
        counts.n_short += rows if len(str(number)) < n_digits else 0
        counts.days.append(day_of_epoch(number))
        if scientific:
            counts.n_scientific += rows
            if 10 ** (n_digits - 1 - len(scientific[1] or "")) > UNITS[n_digits]:
                counts.n_lost += rows
                counts.lost_example = counts.lost_example or text
    return counts


def digits_of(number: int) -> int:
    """The digits of a count since 1970 in the same unit today; those of the number itself if it is none."""
    n_digits = len(str(number))
    return FULL_DIGITS.get(n_digits, n_digits)


def is_epoch(number: int) -> bool:
    """Whether a number is a plausible count of seconds, milliseconds or microseconds since 1970."""
    unit = UNITS.get(digits_of(number))
    return unit is not None and FIRST_EPOCH <= number / unit <= LAST_EPOCH


def day_of_epoch(number: int) -> date:
    """The day of a count since 1970, in UTC."""
    return datetime.fromtimestamp(number / UNITS[digits_of(number)], UTC).date()
