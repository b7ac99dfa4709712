"""Parquet files: read lazily, in place."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import ibis
import ibis.expr.types as ir
from ibis.backends.duckdb import Backend as DuckDB

from core.errors import DataError
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
            return engine.read_parquet(paths, table_name=ibis.util.gen_name(location.name))
        except duckdb.Error as fault:
            raise DataError(
                f"{location.name}: {paths[0]} cannot be read as Parquet: {str(fault).splitlines()[0]}"
            ) from fault


SOURCE = ParquetFiles()
