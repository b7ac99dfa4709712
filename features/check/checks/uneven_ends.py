"""Purchases and usage that end days apart: the default cutoff is where the earlier one ends.

purchases  x x x x x x x x x            <- default cutoff
usage      x x x x x x x x x x x x x
"""

from __future__ import annotations

from collections.abc import Iterator

from features.check.data import CheckedData
from features.check.finding import Check, Finding, Severity

MIN_DAYS_APART = 3
"Weekends without a purchase are normal."


def find(data: CheckedData) -> Iterator[Finding]:
    """One finding where the tables that decide the default cutoff end apart."""
    tables = data.tables
    if tables is None or tables.config.watermark is not None:
        return
    ends = {name: tables.watermark(name) for name in tables.cutoff_tables if tables.channels(name)}
    if not ends:
        return
    first, last = min(ends, key=ends.__getitem__), max(ends, key=ends.__getitem__)
    n_days = (ends[last] - ends[first]).days
    if n_days >= MIN_DAYS_APART:
        yield Finding(
            kind="uneven_ends",
            severity=Severity.WARNING,
            table=first,
            count=n_days,
            of=n_days,
            setting=f"watermark = {ends[last]}",
            values={"first": first, "first_day": str(ends[first]), "last": last, "last_day": str(ends[last])},
        )


CHECK = Check(find=find)
