"""In which file a row of a table is, and which row of that file: rows are counted through all files of a table."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

from core.config.sources import TableSource
from tables.engines.databases import connect_in_memory
from tables.sources.protocol import Location, find_source

FileEnds = Sequence[tuple[Path, int]]
"The files of a table, each with the number of its last row in all of them."


def ends_of_files(table: str, settings: TableSource | None) -> FileEnds:
    """Where the files of a table end; empty for one file or a database."""
    location = None if settings is None or not settings.path else Location(table, settings)
    if location is None or len(location.files) < 2:
        return []
    counts = (_count_rows(location.only(path)) for path in location.files)
    return list(zip(location.files, accumulate(counts), strict=True))


def _count_rows(location: Location) -> int:
    rows = find_source(location).read(connect_in_memory(), location).rows
    return int(rows.count().to_pyarrow().as_py())


def find_place(row: int, ends: FileEnds) -> tuple[Path | None, int]:
    """The file of a row and its number there; None and the row itself without several files."""
    place = bisect_left([end for _, end in ends], row)
    if place == len(ends):
        return None, row
    return ends[place][0], row - (ends[place - 1][1] if place else 0)
