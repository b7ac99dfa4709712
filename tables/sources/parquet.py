"""Parquet files: read lazily, in place."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

import duckdb
import ibis
import ibis.expr.types as ir
from ibis.backends.duckdb import Backend as DuckDB

from core.errors import DataError
from tables.cleaning.source_columns import ROW_NUMBER
from tables.sources.protocol import Location


@dataclass(frozen=True)
class ParquetFiles:
    """One or more Parquet files of the same columns."""

    endings: tuple[str, ...] = (".parquet", ".pq")
    is_text: bool = False

    def accepts(self, location: Location) -> bool:
        """Whether every file ends as a Parquet file does."""
        return location.settings.path is not None and location.endings <= set(self.endings)

    def read(self, engine: DuckDB, location: Location) -> ir.Table:
        """A lazy view of the files. Raises DataError if they are damaged or do not fit each other."""
        paths = [str(path) for path in location.files]
        try:
            view = engine.read_parquet(
                paths, table_name=ibis.util.gen_name(location.name), file_row_number=True, filename=True
            )
            return _number_rows(view, paths)
        except duckdb.Error as fault:
            raise DataError(
                f"{location.name}: {paths[0]} cannot be read as Parquet: {str(fault).splitlines()[0]}"
            ) from fault


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
