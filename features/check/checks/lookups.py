"""Rows whose key is not in the second file that they look up, and keys there that no row has."""

from __future__ import annotations

from collections.abc import Iterator

from features.check.data import CheckedData
from features.check.finding import Check, Finding, Severity
from tables.cleaning.lookups import LookupMatch

SERIOUS_SHARE = 0.05
"Share of keys without a match from which one of the files is probably not complete."


def find(data: CheckedData) -> Iterator[Finding]:
    """Two findings at most for each lookup; tables with the same lookup, such as items of the lines, share them."""
    seen: set[LookupMatch] = set()
    for table, match in data.tables.lookups.items() if data.tables is not None else ():
        if match in seen:
            continue
        seen.add(match)
        values = {"other": match.other, "on": match.on}
        if match.n_unmatched:
            yield Finding(
                kind="lookup_unmatched",
                severity=_severity(match.n_unmatched, match.n_rows),
                table=table,
                count=match.n_unmatched,
                of=match.n_rows,
                example=match.example,
                values=values,
            )
        if match.n_unused:
            yield Finding(
                kind="lookup_unused",
                severity=_severity(match.n_unused, match.n_keys),
                table=table,
                count=match.n_unused,
                of=match.n_keys,
                example=match.unused_example,
                values=values,
            )


def _severity(count: int, of: int) -> Severity:
    return Severity.WARNING if count >= SERIOUS_SHARE * of else Severity.NOTE


CHECK = Check(find=find)
