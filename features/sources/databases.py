"""Tables of a database, through an Ibis connection URL."""

from __future__ import annotations

import re

import duckdb
import ibis
import ibis.expr.types as ir
import psycopg
from ibis.backends.duckdb import Backend as DuckDB
from ibis.backends.sql import SQLBackend
from ibis.common.exceptions import IbisError

from core.config import TableSource
from core.config_file import redacted
from core.errors import ConfigError, DataError, SourceUnavailable, nearest

FAULTS = (psycopg.Error, duckdb.Error, IbisError, OSError)


def connect(url: str) -> SQLBackend:
    """The engine at an address; a DuckDB file is opened for reading only.

    Raises SourceUnavailable, without the password, where it does not answer.
    """
    address = url
    if url.startswith("duckdb://") and "read_only" not in url:
        address += ("&" if "?" in url else "?") + "read_only=True"
    try:
        backend = ibis.connect(address)
    except FAULTS as fault:
        raise SourceUnavailable(f"the database {redacted(url)} does not answer: {_first_line(fault, url)}") from fault
    except (ValueError, AttributeError) as fault:
        raise ConfigError(f"'{redacted(url)}' is no address of a database such as postgres://user@host/name") from fault
    if not isinstance(backend, SQLBackend):
        raise ConfigError(f"'{redacted(url)}' names no SQL database")
    return backend


def _first_line(fault: Exception, url: str) -> str:
    said = str(fault).strip().splitlines()
    password = re.search(r"://[^:/@\s]*:([^@\s]*)@", url)
    line = said[0] if said else type(fault).__name__
    return line.replace(password[1], "***") if password and password[1] else line


def table_of(backend: SQLBackend, name: str, source: TableSource) -> ir.Table:
    """A table of the database, where it lies. Raises DataError naming the nearest where there is none."""
    *schema, table = str(source.table).split(".")
    database = ".".join(schema) or None
    try:
        known = backend.list_tables(database=database)
        if table not in known:
            raise DataError(f"{name}: the database has no table '{source.table}'{nearest(table, known)}")
        return backend.table(table, database=database)
    except FAULTS as fault:
        raise SourceUnavailable(f"{name}: {source.table} cannot be read: {_first_line(fault, '')}") from fault


def copied(engine: DuckDB, name: str, source: TableSource) -> ir.Table:
    """The table copied into DuckDB, batch by batch."""
    table = table_of(connect(str(source.database)), name, source)
    return engine.create_table(ibis.util.gen_name(name), table.to_pyarrow_batches(), temp=True)
