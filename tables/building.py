"""Builds the tables of a data set from conformed sources, or from Arrow tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import ibis.expr.types as ir
import pyarrow as pa
from ibis.backends.duckdb import Backend as DuckDB
from ibis.backends.sql import SQLBackend

from core.config.data_set import Config
from tables.cleaning.assumed_columns import assume_columns
from tables.cleaning.conform import Conformed, conform
from tables.cleaning.far_future import exclude_far_future
from tables.cleaning.lookups import LookupMatch
from tables.contract import CONTRACT
from tables.engines.databases import compute_table, connect_in_memory, create_view, store_frame
from tables.repeated_rows import drop_repeated
from tables.subscription_snapshots import close_months
from tables.table_names import contract_of
from tables.tables import Tables, usable_rows


def build_tables(
    config: Config,
    backend: SQLBackend,
    *,
    sources: Mapping[str, ir.Table],
    conformed: Mapping[str, Conformed],
    lookups: Mapping[str, LookupMatch] | None = None,
    today: date | None = None,
) -> Tables:
    """Tables of conformed sources, without excluded rows and, where the TOML says so, without duplicate rows."""
    conformed = {
        name: exclude_far_future(replace(table, rows=create_view(backend, table.rows)), CONTRACT[name], today=today)
        for name, table in assume_columns(conformed).items()
    }
    for name in conformed:
        if (settings := config.tables.get(name)) and settings.monthly_snapshots:
            conformed[name] = close_months(name, conformed[name], backend=backend)
    # The number of a row decides between rows of one thing.
    usable = {
        name: usable_rows(table, with_numbers=CONTRACT[name].key is not None) for name, table in conformed.items()
    }
    if config.duplicate_rows == "drop" and "purchases" in usable:
        rows = usable_rows(conformed["purchases"], with_numbers=True)
        usable["purchases"] = drop_repeated(rows, sources["purchases"])
    usable = {name: create_view(backend, table) for name, table in usable.items()}
    return Tables(
        config, backend, sources=sources, conformed=conformed, usable=usable, lookups=lookups or {}, today=today
    )


def tables_from_frames(config: Config, frames: Mapping[str, pa.Table], *, backend: SQLBackend | None = None) -> Tables:
    """Tables of Arrow tables whose columns have the names of the contract, copied into the engine (default: DuckDB)."""
    engine = backend if backend is not None else connect_in_memory()
    sources = {name: store_frame(engine, name, frame=frame) for name, frame in frames.items()}
    conformed = {name: conform(raw, contract_of(name), config=config, source=None) for name, raw in sources.items()}
    # On a few rows DuckDB spends nearly all its time on the expressions that clean a table.
    if isinstance(engine, DuckDB):
        conformed = {name: copy_cleaned(engine, name, table=table) for name, table in conformed.items()}
    return build_tables(config, engine, sources=sources, conformed=conformed)


def copy_cleaned(engine: DuckDB, name: str, *, table: Conformed) -> Conformed:
    """The table with its cleaned rows copied into the engine, so that no later query cleans them again."""
    return replace(table, rows=compute_table(engine, name, table=table.rows))
