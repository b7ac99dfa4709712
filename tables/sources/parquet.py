"""Parquet files: read lazily, in place. Several files of one table may store a column in different types:

2024.parquet   customer_id int64     amount int64      both columns are read in a type that holds
2025.parquet   customer_id string    amount double     the values of every file: 00123 and 12.50 stay
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import duckdb
import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq
from ibis.backends.duckdb import Backend as DuckDB

from core.errors import DataError
from tables.cleaning.source_columns import ROW_NUMBER
from tables.engines.databases import cut_nanoseconds
from tables.sources.protocol import Location, SourceRows


@dataclass(frozen=True)
class ParquetFiles:
    """One or more Parquet files of the same columns."""

    endings: tuple[str, ...] = (".parquet", ".pq")
    is_text: bool = False

    def accepts(self, location: Location) -> bool:
        """Whether every file ends as a Parquet file does."""
        return location.settings.path is not None and location.endings <= set(self.endings)

    def read(self, engine: DuckDB, location: Location) -> SourceRows:
        """A lazy view of the files. Raises DataError if they are damaged or do not fit each other."""
        paths = [str(path) for path in location.files]
        try:
            _refuse_different_columns(location)
            # Without union_by_name, DuckDB casts every file to the types of the first one: 12.50 becomes 13.
            view = engine.read_parquet(
                paths,
                table_name=ibis.util.gen_name(location.name),
                file_row_number=True,
                filename=True,
                union_by_name=len(paths) > 1,
            )
            return SourceRows(_number_rows(cut_nanoseconds(view), paths))
        except duckdb.Error as fault:
            raise DataError(f"{location.name}: {_describe_fault(paths)}") from fault


def _refuse_different_columns(location: Location) -> None:
    """Raise DataError if a file lacks a column that is not optional, or if only some files give times a zone."""
    if len(location.files) == 1:
        return
    schemas = {str(path): types_of(path) for path in location.files}
    for column in dict.fromkeys(name for schema in schemas.values() for name in schema):
        types = {path: schema[column] for path, schema in schemas.items() if column in schema}
        missing = next((path for path in schemas if path not in types), None)
        if missing is not None and column not in location.settings.optional_columns:
            raise DataError(
                f"{location.name}: its files have different columns: {missing} lacks '{column}' of "
                f"{next(iter(types))}; set optional_columns"
            )
        zones = {"tz=" in kind: path for path, kind in types.items() if kind.startswith("timestamp")}
        if len(zones) > 1:
            raise DataError(
                f"{location.name}.{column}: the times of {zones[True]} have a time zone, those of {zones[False]} have "
                "none; write them alike"
            )


def types_of(path: Path) -> dict[str, str]:
    """The type of each column of a file, as pyarrow calls it; no column of a file that is damaged."""
    try:
        schema = pq.read_schema(path)
    except (pa.ArrowException, OSError):
        return {}
    return {field.name: str(field.type) for field in schema}


def find_damage(paths: Sequence[Path]) -> str:
    """The first Parquet file of these with a part that cannot be read, and which part; '' if all can be."""
    for path in paths:
        if not _has_both_marks(str(path)):
            continue
        n_rows = 0
        try:
            file = pq.ParquetFile(path)
            for group in range(file.num_row_groups):
                n_rows += len(file.read_row_group(group))
        except (pa.ArrowException, OSError):
            return f"{path} is damaged after row {n_rows:,}"
    return ""


def zones_of(paths: Sequence[Path]) -> dict[str, str]:
    """The time zone in the type of each column of moments in the files, such as Asia/Tokyo, UTC or +09:00.

    The engine keeps the moments, but not the zone. Files that are no Parquet have none.
    """
    types = [item for path in paths for item in types_of(path).items()]
    return {name: match[1] for name, kind in types if (match := ZONE.search(kind))}


def _describe_fault(paths: list[str]) -> str:
    """Which file is no Parquet, or that files have different columns."""
    for path in paths:
        if not _has_both_marks(path):
            return f"{path} is no complete Parquet file (it is cut off or of another format); export it again"
    return f"{paths[0]} cannot be read together with the others: a page is damaged, or their columns or types differ"


def _has_both_marks(path: str) -> bool:
    """Whether a file begins and ends with the four bytes of Parquet."""
    if Path(path).stat().st_size < 2 * len(MARK):
        return False
    with Path(path).open("rb") as file:
        begin = file.read(len(MARK))
        file.seek(-len(MARK), os.SEEK_END)
        return begin == MARK == file.read()


MARK = b"PAR1"
ZONE = re.compile(r"^timestamp\[\w+, tz=(.+)\]$")
MAX_NUMBERED_FILES = 100
"Rows of more files are not numbered: the number of each is a comparison with every file."


def _number_rows(view: ir.Table, paths: list[str]) -> ir.Table:
    """The files' own columns, and the number of each row over all files, computed only where it is used."""
    rows = view.drop("file_row_number", "filename")
    if len(paths) > MAX_NUMBERED_FILES:
        return rows
    number = view.file_row_number + 1
    if len(paths) > 1:
        counts = view.group_by("filename").aggregate(n=view.count()).to_pyarrow().to_pylist()
        sizes: dict[str, int] = {row["filename"]: row["n"] for row in counts}
        starts = accumulate([0, *(sizes.get(path, 0) for path in paths[:-1])])
        number += ibis.cases(*((view.filename == path, start) for path, start in zip(paths, starts, strict=True)))
    return view.mutate(**{ROW_NUMBER: number}).drop("file_row_number", "filename")


SOURCE = ParquetFiles()
