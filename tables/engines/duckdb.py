"""DuckDB, the engine that runs embedded in this process."""

from __future__ import annotations

import tempfile
from contextlib import suppress

import duckdb
import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis.backends.duckdb import Backend as DuckDB
from ibis.backends.sql import SQLBackend

from core.digest import digest_of

BATCH_ROWS = 500_000
PREFIX = "duckdb://"


def connect_in_memory() -> DuckDB:
    """A new DuckDB in memory; what does not fit goes to the system's folder for temporary files."""
    return ibis.duckdb.connect(temp_directory=tempfile.gettempdir())


def is_duckdb(url: str) -> bool:
    """Whether an address is that of a DuckDB file."""
    return url.startswith(PREFIX)


def file_of(url: str) -> str:
    """The path in the address of a DuckDB file."""
    return url.removeprefix(PREFIX).partition("?")[0]


def create_view(backend: SQLBackend, table: ir.Table) -> ir.Table:
    """The table as a view of DuckDB, so that later queries do not translate its whole expression again.

    Other engines may belong to the company: nothing is created there, and the table is returned unchanged.
    """
    if not isinstance(backend, DuckDB):
        return table
    name = ibis.util.gen_name("view")
    backend.raw_sql(f'CREATE TEMP VIEW "{name}" AS {ibis.to_sql(table, dialect="duckdb")}')
    return backend.table(name, database="temp.main")


def attach_file(engine: DuckDB, url: str) -> str:
    """Attach a DuckDB file for reading, once; returns the name of its catalogue. Raises duckdb.Error."""
    path = file_of(url)
    catalogue = f"file_{digest_of(path)}"
    with suppress(duckdb.BinderException):  # raised where the file is already attached, for another of its tables
        engine.attach(path, name=catalogue, read_only=True)
    return catalogue


def copy_table(engine: DuckDB, name: str, *, table: ir.Table) -> ir.Table:
    """A table of another database as a temporary table of DuckDB, copied batch by batch."""
    copy = ibis.util.gen_name(name)
    engine.create_table(copy, schema=table.schema(), temp=True)
    for batch in table.to_pyarrow_batches(chunk_size=BATCH_ROWS):
        engine.insert(copy, pa.Table.from_batches([batch]))
    return engine.table(copy)
