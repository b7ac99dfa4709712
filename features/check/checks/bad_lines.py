"""Lines of files that cannot be read and are left out, because `bad_lines` says so."""

from __future__ import annotations

from collections.abc import Iterator

from features.check.data import CheckedData
from features.check.finding import Check, Finding, Severity
from tables.bad_lines import BadLines

SERIOUS_SHARE = 0.01
"Share of a table's lines from which their absence shows in figures."


def find(data: CheckedData) -> Iterator[Finding]:
    """One finding for each table; tables of the same file share it."""
    seen: set[str] = set()
    for name, bad in _bad_lines(data):
        if bad.n and bad.first[0].place not in seen:
            seen.add(bad.first[0].place)
            yield _describe(name, bad)


def _bad_lines(data: CheckedData) -> Iterator[tuple[str, BadLines]]:
    if data.tables is not None:
        yield from ((name, data.tables.load_report(name).bad_lines) for name in data.tables.names)
    if data.cross_section is not None:
        yield from data.cross_section.bad_lines.items()


def _describe(table: str, bad: BadLines) -> Finding:
    line = bad.first[0]
    return Finding(
        kind="bad_lines",
        severity=Severity.WARNING if bad.n >= SERIOUS_SHARE * bad.n_lines else Severity.NOTE,
        table=table,
        count=bad.n,
        of=bad.n_lines,
        values={
            "file": line.file.name,
            "line": str(line.line),
            "fault": line.fault,
            "text": line.text,
            "places": tuple(f"{one.file.name}:{one.line}" for one in bad.first),
        },
    )


CHECK = Check(find=find)
