"""Says in which file the row of a finding is, where a table has several."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from features.check.data import CheckedData
from features.check.finding import Finding
from tables.sources.places import FileEnds, ends_of_files, find_place


def name_files(findings: Iterable[Finding], data: CheckedData) -> Iterator[Finding]:
    """The findings, with the file of their row and its number there. Files are counted only for tables that need it."""
    ends: dict[str, FileEnds] = {}
    for finding in findings:
        table = data.checked.get(finding.table or "")
        if finding.row is None or table is None:
            yield finding
            continue
        if table.name not in ends:
            ends[table.name] = ends_of_files(table.name, table.config.tables.get(table.name))
        file, row = find_place(finding.row, ends[table.name])
        yield replace(finding, row=row, file=file.name) if file else finding
