"""Queries DuckDB in memory and databases by URL: PostgreSQL, DuckDB files, and whatever else Ibis has a driver for."""

from __future__ import annotations

import gc
import re
import sqlite3
import sys
import tempfile
import warnings
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from pathlib import Path
from typing import Any

import duckdb
import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
import psycopg
import pyarrow as pa
from ibis.backends.duckdb import Backend as DuckDB
from ibis.backends.sql import SQLBackend
from ibis.common.exceptions import IbisError, TableNotFound

from core.config.sources import TableSource
from core.errors import ConfigError, DataError, SourceUnavailable, did_you_mean
from core.ids import digest_of
from core.redaction import redact
from tables.engines.postgres_casts import add_casts

BATCH_ROWS = 500_000
PREFIX = "duckdb://"
SQLITE = "sqlite://"
SYSTEM_SCHEMAS = ("information_schema", "pg_")
"How schemas begin that have no tables of the company: catalogues, and temporary tables of other sessions."
RECURSION_LIMIT = 5_000
"sqlglot visits a query node by node: one of nested steps and conversions takes hundreds of Python's 1,000 frames."
sys.setrecursionlimit(max(RECURSION_LIMIT, sys.getrecursionlimit()))
# Engines merge the steps of a query in no time; Ibis takes a sixth of the CPU of features for it.
ibis.options.sql.fuse_selects = False
OBJECTS_BETWEEN_COLLECTIONS = 50_000
"A query takes Ibis as many objects, few of them garbage. Python's 700 cost an eighth of the CPU of most commands."
gc.set_threshold(max(OBJECTS_BETWEEN_COLLECTIONS, gc.get_threshold()[0]))


def connect_in_memory() -> DuckDB:
    """A new DuckDB in memory; what does not fit goes to the system's folder for temporary files."""
    return ibis.duckdb.connect(temp_directory=tempfile.gettempdir())


def is_duckdb(url: str) -> bool:
    """Whether an address is that of a DuckDB file."""
    return url.startswith(PREFIX)


def computes(url: str) -> bool:
    """Whether the database at an address can compute features; the tables of one that cannot are copied."""
    return not url.startswith(SQLITE)


def file_of(url: str) -> str:
    """The path in the address of a DuckDB file."""
    return url.removeprefix(PREFIX).partition("?")[0]


@ibis.udf.scalar.builtin
def convert_to(text: str, encoding: str) -> bytes:  # pyright: ignore[reportReturnType] - PostgreSQL has the body
    """The bytes of a text."""


def comparable_text(column: ir.Value) -> ir.Value:
    """The column as a value that every engine sorts alike: PostgreSQL sorts text by the rules of a language."""
    if column.type().is_string() and column.get_backend().name == "postgres":
        return convert_to(column, "UTF8")
    return column


def create_view(backend: SQLBackend, table: ir.Table) -> ir.Table:
    """The table as a view of DuckDB, so that later queries do not translate its whole expression again.

    Other engines may belong to the company: nothing is created there, and the table is returned unchanged.
    """
    if not isinstance(backend, DuckDB):
        return table
    name = ibis.util.gen_name("view")
    backend.raw_sql(f'CREATE TEMP VIEW "{name}" AS {ibis.to_sql(table, dialect="duckdb")}')
    return backend.table(name, database="temp.main")


def compute_table(engine: DuckDB, name: str, *, table: ir.Table) -> ir.Table:
    """The table's rows as a temporary table of DuckDB, so that no later query computes them again.

    Ibis would copy the translated query twice on its way, which takes longer than to run it on a few rows.
    """
    computed = ibis.util.gen_name(name)
    if table.op().find(ops.InMemoryTable):
        return engine.create_table(computed, table, temp=True)
    engine.create_table(computed, schema=table.schema(), temp=True)
    engine.raw_sql(f'INSERT INTO temp.main."{computed}" {engine.compile(table)}')
    return engine.table(computed, database="temp.main")


NANOSECONDS = "TIMESTAMPTZ_NS"
"DuckDB's type of moments to the nanosecond with a zone, as pandas writes them to Parquet; Ibis does not know it."


def cut_nanoseconds(table: ir.Table) -> ir.Table:
    """The table with such moments to the microsecond."""
    names = [name for name, kind in table.schema().items() if kind.is_unknown() and NANOSECONDS in str(kind)]
    return table.mutate(**{name: table[name].cast("timestamp('UTC')") for name in names}) if names else table


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
    with warnings.catch_warnings():
        # Ibis reads SQLite with an option of pandas that pandas has deprecated.
        warnings.simplefilter("ignore", DeprecationWarning)
        for batch in table.to_pyarrow_batches(chunk_size=BATCH_ROWS):
            engine.insert(copy, pa.Table.from_batches([batch]))
    return engine.table(copy)


POSTGRES = ("postgres", "postgresql")
CONNECT_SECONDS = 10
"A server that accepts connections and says nothing would be waited for without end."
FAULTS: tuple[type[Exception], ...] = (psycopg.Error, duckdb.Error, sqlite3.Error, IbisError, OSError)
"What drivers and Ibis raise."
FAULTS_OF_FILES = {
    "database does not exist": "there is no such file",
    "unable to open database file": "there is no such file, or it may not be read",
    "Cannot launch in-memory database": "it names no DuckDB file, such as duckdb://shop.duckdb",
    "not a valid DuckDB database file": "it is no DuckDB file",
    "file is not a database": "it is no SQLite file",
    "Could not set lock": "another program has it open for writing; end that program",
    "Permission denied": "permission is denied; change the rights of the file",
    "Is a directory": "it is a folder; name a file",
}
"What DuckDB and SQLite say of a file, in words that say what to mend."
LOST = {"OperationalError", "InterfaceError", "InsufficientPrivilege"}
"Class names of a lost connection (PEP 249), and of PostgreSQL's refusal to read a table."
FETCHING = ("to_pyarrow", "execute", "create_table", "drop_table")
"The methods through which Ibis sends every query to a database."


def connect(url: str) -> SQLBackend:
    """The database at an address; a DuckDB file is opened for reading only.

    Raises SourceUnavailable, without the password, if it does not answer, now or in any later query.
    """
    _refuse_missing_file(url)
    try:
        backend = ibis.connect(_with_options(url))
    except FAULTS as fault:
        raise SourceUnavailable(f"the database {redact(url)} does not answer: {first_line(fault, url)}") from fault
    except ImportError as fault:
        raise ConfigError(
            f"'{redact(url)}' needs a driver that is not installed: install ibis-framework[{url.partition(':')[0]}], "
            "or name a database of postgres, duckdb or sqlite"
        ) from fault
    except (ValueError, AttributeError) as fault:
        raise ConfigError(
            f"'{redact(url)}' is not the address of a database, e.g. postgres://user@host/name"
        ) from fault
    if not isinstance(backend, SQLBackend):
        raise ConfigError(f"'{redact(url)}' is not an SQL database")
    return _report_lost_connections(add_casts(backend), url)


def _refuse_missing_file(url: str) -> None:
    """Refuse the address of an SQLite file that does not exist: connecting would make an empty one."""
    path = Path(url.removeprefix(SQLITE).partition("?")[0])
    if url.startswith(SQLITE) and not path.is_file():
        raise SourceUnavailable(f"the database {url} does not answer: there is no file {path}")


def _with_options(url: str) -> str:
    """The address with what it leaves open: a DuckDB file is read only, and PostgreSQL answers within some seconds."""
    kind = url.partition(":")[0]
    if is_duckdb(url) and "read_only" not in url:
        option = "read_only=True"
    elif kind in POSTGRES and "connect_timeout" not in url:
        option = f"connect_timeout={CONNECT_SECONDS}"
    else:
        return url
    return url + ("&" if "?" in url else "?") + option


def _report_lost_connections(backend: SQLBackend, url: str) -> SQLBackend:
    """The same backend, with every query raising SourceUnavailable when the connection is lost."""
    # Ibis has no hook for this, and a query may run anywhere; so its fetching methods are wrapped.
    for name in FETCHING:
        setattr(backend, name, _report_loss(getattr(backend, name), url))
    return backend


def _report_loss(fetch: Callable[..., Any], url: str) -> Callable[..., Any]:
    @wraps(fetch)
    def fetch_or_report(*arguments: Any, **options: Any) -> Any:
        try:
            return fetch(*arguments, **options)
        # Each driver has its own class for a lost connection, and none is imported here; all others pass on.
        except Exception as fault:
            if not LOST & {kind.__name__ for kind in type(fault).__mro__}:
                raise
            reason = first_line(fault, url)
            raise SourceUnavailable(f"the database {redact(url)} no longer answers: {reason}") from fault

    return fetch_or_report


def first_line(fault: Exception, url: str) -> str:
    """What is wrong with a file in plain words; else the first line of a driver's message, without the password."""
    lines = str(fault).strip().splitlines()
    if isinstance(fault, duckdb.Error | sqlite3.Error):
        lines = [words for text, words in FAULTS_OF_FILES.items() if text in str(fault)] or lines
    password = re.search(r"://[^:/@\s]*:([^@\s]*)@", url)
    line = lines[0] if lines else type(fault).__name__
    return line.replace(password[1], "***") if password and password[1] else line


def find_table(backend: SQLBackend, source: TableSource, *, name: str, catalogue: str | None = None) -> ir.Table:
    """A table of the database, without reading it. Raises DataError with the most similar name if there is none."""
    *schema, table = str(source.table).split(".")
    database = ".".join(schema) or None
    try:
        return cut_nanoseconds(
            backend.table(table, database=(catalogue, database or "main") if catalogue else database)
        )
    except TableNotFound as fault:
        raise DataError(
            f"{name}: the database has no table '{source.table}'{_suggest_table(backend, source)}"
        ) from fault
    except FAULTS as fault:
        raise unreadable(source, fault, name=name) from fault


def _suggest_table(backend: SQLBackend, source: TableSource) -> str:
    """The most similar name of a table, with its schema where that is not the usual one."""
    if backend.name == "sqlite":
        return did_you_mean(str(source.table), backend.list_tables())
    listed = backend.table("tables", database="information_schema").select("table_schema", "table_name")
    rows = [(row["table_schema"], row["table_name"]) for row in listed.to_pyarrow().to_pylist()]
    rows = [row for row in rows if not row[0].startswith(SYSTEM_SCHEMAS)]
    names = [name if schema in ("main", "public") else f"{schema}.{name}" for schema, name in rows]
    bare = str(source.table).rpartition(".")[2]
    same = next((full for full, (_, name) in zip(names, rows, strict=True) if name == bare), None)
    return f"; did you mean '{same}'?" if same else did_you_mean(str(source.table), names)


def unreadable(source: TableSource, fault: Exception, *, name: str) -> SourceUnavailable:
    """The error for a table that the database does not let us read."""
    reason = first_line(fault, str(source.database))
    return SourceUnavailable(f"{name}: {source.table} of {redact(source.database)} cannot be read: {reason}")


def store_frame(engine: SQLBackend, name: str, *, frame: pa.Table) -> ir.Table:
    """The frame in the engine; a column without any value has no type, so it becomes empty text."""
    fields = [field.with_type(pa.string()) if pa.types.is_null(field.type) else field for field in frame.schema]
    return engine.create_table(ibis.util.gen_name(name), frame.cast(pa.schema(fields)), temp=True)
