"""Tables of a database, through an Ibis connection URL."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any

import duckdb
import ibis
import ibis.expr.types as ir
import psycopg
import pyarrow as pa
from ibis.backends.duckdb import Backend as DuckDB
from ibis.backends.sql import SQLBackend
from ibis.common.exceptions import IbisError, TableNotFound

from core.config.loading import redacted
from core.config.sources import TableSource
from core.digest import digest_of
from core.errors import ConfigError, DataError, SourceUnavailable, did_you_mean

BATCH_ROWS = 500_000
FAULTS = (psycopg.Error, duckdb.Error, IbisError, OSError)
LOST = {"OperationalError", "InterfaceError", "InsufficientPrivilege"}
"How drivers call a connection that broke (PEP 249), and PostgreSQL a table that may not be read."
FETCHING = ("to_pyarrow", "execute", "create_table", "drop_table")
"Through these Ibis asks a database, whatever is asked of a table."


def connect(url: str) -> SQLBackend:
    """The engine at an address; a DuckDB file is opened for reading only.

    Raises SourceUnavailable, without the password, where it does not answer, now or later on.
    """
    address = url
    if is_duckdb(url) and "read_only" not in url:
        address += ("&" if "?" in url else "?") + "read_only=True"
    try:
        backend = ibis.connect(address)
    except FAULTS as fault:
        raise SourceUnavailable(f"the database {redacted(url)} does not answer: {_first_line(fault, url)}") from fault
    except (ValueError, AttributeError) as fault:
        raise ConfigError(f"'{redacted(url)}' is no address of a database such as postgres://user@host/name") from fault
    if not isinstance(backend, SQLBackend):
        raise ConfigError(f"'{redacted(url)}' names no SQL database")
    return told(backend, url)


def told(backend: SQLBackend, url: str) -> SQLBackend:
    """The same engine; a database that breaks off while it computes is SourceUnavailable, wherever that shows."""
    for name in FETCHING:
        setattr(backend, name, _telling(getattr(backend, name), url))
    return backend


def _telling(fetch: Callable[..., Any], url: str) -> Callable[..., Any]:
    @wraps(fetch)
    def fetch_or_tell(*arguments: Any, **options: Any) -> Any:
        try:
            return fetch(*arguments, **options)
        except Exception as fault:
            if not LOST & {kind.__name__ for kind in type(fault).__mro__}:
                raise
            said = _first_line(fault, url)
            raise SourceUnavailable(f"the database {redacted(url)} answers no more: {said}") from fault

    return fetch_or_tell


def _first_line(fault: Exception, url: str) -> str:
    said = str(fault).strip().splitlines()
    password = re.search(r"://[^:/@\s]*:([^@\s]*)@", url)
    line = said[0] if said else type(fault).__name__
    return line.replace(password[1], "***") if password and password[1] else line


def table_of(backend: SQLBackend, name: str, source: TableSource, catalog: str | None = None) -> ir.Table:
    """A table of the database, where it lies. Raises DataError naming the nearest where there is none."""
    *schema, table = str(source.table).split(".")
    place = ".".join(schema) or None
    try:
        return backend.table(table, database=(catalog, place or "main") if catalog else place)
    except TableNotFound as fault:
        known = backend.table("tables", database="information_schema").table_name.to_pyarrow().to_pylist()
        raise DataError(f"{name}: the database has no table '{source.table}'{did_you_mean(table, known)}") from fault
    except FAULTS as fault:
        raise _unreadable(name, source, fault) from fault


def _unreadable(name: str, source: TableSource, fault: Exception) -> SourceUnavailable:
    said = _first_line(fault, str(source.database))
    return SourceUnavailable(f"{name}: {source.table} of {redacted(source.database)} cannot be read: {said}")


def brought(engine: DuckDB, name: str, source: TableSource) -> ir.Table:
    """A database's table within reach of DuckDB: a DuckDB file is attached, any other table copied."""
    return _attached(engine, name, source) if is_duckdb(str(source.database)) else _copied(engine, name, source)


def is_duckdb(url: str) -> bool:
    """Whether an address means a DuckDB file."""
    return url.startswith("duckdb://")


def _attached(engine: DuckDB, name: str, source: TableSource) -> ir.Table:
    path = str(source.database).removeprefix("duckdb://").partition("?")[0]
    catalog = f"file_{digest_of(path)}"
    try:
        engine.attach(path, name=catalog, read_only=True)
    except duckdb.BinderException:
        # The file is attached already, for another of its tables.
        pass
    except duckdb.Error as fault:
        raise _unreadable(name, source, fault) from fault
    return table_of(engine, name, source, catalog)


def _copied(engine: DuckDB, name: str, source: TableSource) -> ir.Table:
    """The table in DuckDB, copied batch by batch."""
    database, copy = connect(str(source.database)), ibis.util.gen_name(name)
    try:
        table = table_of(database, name, source)
        engine.create_table(copy, schema=table.schema(), temp=True)
        for batch in table.to_pyarrow_batches(chunk_size=BATCH_ROWS):
            engine.insert(copy, pa.Table.from_batches([batch]))
        return engine.table(copy)
    except FAULTS as fault:
        raise _unreadable(name, source, fault) from fault
    finally:
        database.disconnect()
