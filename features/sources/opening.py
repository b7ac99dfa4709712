"""Opens a data set's tables where they live: files through DuckDB, databases in place.

Where every table lives in one database, that database computes and no row
leaves it. Otherwise DuckDB computes: Parquet files are read lazily, everything
else is copied into it in batches.
"""

from __future__ import annotations

import tempfile

import ibis
import ibis.expr.types as ir
from ibis.backends.duckdb import Backend as DuckDB

from core.config import Config, TableSource
from core.errors import ConfigError, DataError
from features.conforming.conform import conform, contract_of
from features.sources.databases import connect, copied, table_of
from features.sources.files import files_of, read_parquet
from features.tables import Tables, tables_of


def open_tables(config: Config) -> Tables:
    """The tables of a configuration, checked row by row as they are read.

    Raises ConfigError for tables and columns that no contract knows, SourceUnavailable for what is not there or does
    not answer, DataError for content that cannot serve.
    """
    for name in config.tables:
        contract_of(name)
    if "purchases" not in config.tables and "usage" not in config.tables:
        raise ConfigError("the TOML names neither [tables.purchases] nor [tables.usage]; at least one is needed")
    addresses = {source.database for source in config.tables.values()}
    if len(addresses) == 1 and None not in addresses:
        backend = connect(str(addresses.pop()))
        raw = {name: table_of(backend, name, source) for name, source in config.tables.items()}
    else:
        backend = ibis.duckdb.connect(temp_directory=tempfile.gettempdir())
        raw = {name: _loaded(backend, name, source) for name, source in config.tables.items()}
    conformed = {name: conform(raw[name], contract_of(name), config, config.tables[name]) for name in raw}
    tables = tables_of(config, backend, conformed)
    _refuse_empty(tables)
    return tables


def _loaded(engine: DuckDB, name: str, source: TableSource) -> ir.Table:
    if source.database is not None:
        return copied(engine, name, source)
    return read_parquet(engine, name, files_of(name, source))


def _refuse_empty(tables: Tables) -> None:
    for name, intake in tables.report.items():
        if not intake.rows:
            raise DataError(f"{name} is empty: its source has no row; check the path or table in [tables.{name}]")
        if not intake.kept:
            causes = ", ".join(f"{cause} ({rows})" for cause, rows in intake.set_aside.items())
            raise DataError(f"no row of {name} can be used: {causes}; check [tables.{name}.columns]")
