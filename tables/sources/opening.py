"""Opens a data set's tables where they live: files through DuckDB, databases in place.

Where every table lives in one database, that database computes and no row
leaves it. Otherwise DuckDB computes: Parquet files are read lazily, everything
else is copied into it in batches.
"""

from __future__ import annotations

import tempfile

import duckdb
import ibis.expr.types as ir
from ibis.backends.duckdb import Backend as DuckDB
from ibis.backends.sql import SQLBackend

from core.config.data_set import Config, require_dated_tables
from core.config.sources import TableSource
from core.errors import ConfigError, DataError
from tables.cleaning.conform import conform, contract_of
from tables.cleaning.readings import UNREADABLE
from tables.contract import CONTRACT
from tables.engines.expressions import ibis
from tables.load_report import LoadReport
from tables.sources.csv_files import read_csv
from tables.sources.databases import brought, connect, table_of
from tables.sources.files import files_of, is_parquet, read_parquet
from tables.tables import Tables, tables_of

MOST_UNREADABLE = 0.05
"Share of rows that may be set aside as unreadable; above it, the column holds something else."


def open_tables(config: Config) -> Tables:
    """The tables of a configuration, checked row by row as they are read.

    Raises ConfigError for tables and columns that no contract knows, SourceUnavailable for what is not there or does
    not answer, DataError for content that cannot serve.
    """
    require_dated_tables(config)
    for name in config.tables:
        contract_of(name)
    if "purchases" not in config.tables and "usage" not in config.tables:
        raise ConfigError("the TOML names neither [tables.purchases] nor [tables.usage]; at least one is needed")
    backend, sources = _in_one_database(config) or _in_duckdb(config)
    conformed = {name: _conformed(backend, config, name, raw) for name, raw in sources.items()}
    tables = tables_of(config, backend, sources, conformed)
    try:
        for name in tables.names:
            refuse_unusable(tables.intake(name))
    except duckdb.Error as fault:
        raise DataError(f"the tables cannot be read: {str(fault).splitlines()[0]}") from fault
    return tables


def _in_one_database(config: Config) -> tuple[SQLBackend, dict[str, ir.Table]] | None:
    """The tables where they lie, if one database holds them all."""
    addresses = {source.database for source in config.tables.values()}
    if len(addresses) != 1 or None in addresses:
        return None
    backend = connect(str(addresses.pop()))
    return backend, {name: table_of(backend, name, source) for name, source in config.tables.items()}


def _in_duckdb(config: Config) -> tuple[SQLBackend, dict[str, ir.Table]]:
    """The tables brought together: Parquet and DuckDB files as lazy views, everything else copied."""
    engine = ibis.duckdb.connect(temp_directory=tempfile.gettempdir())
    return engine, {name: _brought(engine, name, source) for name, source in config.tables.items()}


def _brought(engine: DuckDB, name: str, source: TableSource) -> ir.Table:
    if source.database is not None:
        return brought(engine, name, source)
    files = files_of(name, source)
    return read_parquet(engine, name, files) if is_parquet(name, files) else read_csv(engine, name, files, source)


def _conformed(backend: SQLBackend, config: Config, name: str, raw: ir.Table) -> ir.Table:
    source = config.tables[name]
    table = conform(raw, contract_of(name), config, source)
    if source.path is None or is_parquet(name, files_of(name, source)):
        return table
    # The text of a CSV is read once here, instead of in every query to come.
    return backend.create_table(ibis.util.gen_name(name), table, temp=True)


def refuse_unusable(intake: LoadReport) -> None:
    """Raise DataError where a table is empty, has mixed types, or names one thing twice."""
    name, where = intake.name, f"[tables.{intake.name}]"
    if not intake.rows:
        raise DataError(f"{name} is empty: its source has no row; check its path or table under {where}")
    for cause, rows in intake.set_aside.items():
        if UNREADABLE in cause and rows > MOST_UNREADABLE * intake.rows:
            raise DataError(
                f"mixed types: {rows} of {intake.rows} rows of {name} have {cause.replace(':', ' as')}; name another "
                f"column under {where}, or the values that stand for missing (null_values)"
            )
    if not intake.kept:
        causes = ", ".join(f"{cause} ({rows} rows)" for cause, rows in intake.set_aside.items())
        raise DataError(f"no row of {name} can be used: {causes}; check the columns under {where}")
    if intake.repeated_keys:
        raise DataError(
            f"{intake.repeated_keys} rows of {name} repeat a {CONTRACT[name].key}; keep one each, or say since when "
            f"each row holds with valid_from under {where}"
        )
