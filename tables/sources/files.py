"""Parquet and CSV files on this machine."""

from __future__ import annotations

from glob import glob
from pathlib import Path

import duckdb
import ibis
import ibis.expr.types as ir
from ibis.backends.duckdb import Backend as DuckDB

from core.config.sources import TableSource
from core.errors import ConfigError, DataError, SourceUnavailable

PARQUET_ENDINGS = (".parquet", ".pq")
CSV_ENDINGS = (".csv", ".tsv", ".txt")


def files_of(name: str, source: TableSource) -> list[Path]:
    """The files that a path or glob means, in order. Raises SourceUnavailable where there is none."""
    stated = str(source.path)
    found = sorted(Path(path) for path in glob(stated, recursive=True))  # noqa: PTH207 - Path.glob takes no absolute pattern
    if not found:
        raise SourceUnavailable(f"{name}: no file at {stated}; check path under [tables.{name}]")
    folders = [path for path in found if path.is_dir()]
    if folders:
        raise SourceUnavailable(f"{name}: {folders[0]} is a folder; name its files, e.g. {folders[0]}/*.parquet")
    return found


def is_parquet(name: str, files: list[Path]) -> bool:
    """Whether these are Parquet files instead of CSV, told by their endings."""
    endings = {path.suffix.lower() for path in files}
    if endings <= set(PARQUET_ENDINGS):
        return True
    if endings <= set(CSV_ENDINGS):
        return False
    known = ", ".join(PARQUET_ENDINGS + CSV_ENDINGS)
    raise ConfigError(f"{name}: cannot read files ending in {', '.join(sorted(endings))}; known are {known}, unmixed")


def read_parquet(engine: DuckDB, name: str, files: list[Path]) -> ir.Table:
    """A lazy view of Parquet files. Raises DataError where they are damaged or do not fit each other."""
    try:
        return engine.read_parquet([str(path) for path in files], table_name=ibis.util.gen_name(name))
    except duckdb.Error as fault:
        raise DataError(f"{name}: {files[0]} cannot be read as Parquet: {str(fault).splitlines()[0]}") from fault
