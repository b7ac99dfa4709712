"""Rows in the form of the contract that come from Kizuna itself, beside those of a data set's source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis.backends.duckdb import Backend as DuckDB
from ibis.backends.sql import SQLBackend

from tables.cleaning.conform import Conformed, conform
from tables.contract import CONTRACT
from tables.engines.databases import connect_in_memory, create_view, store_frame
from tables.tables import Tables, usable_rows


def conform_rows(tables: Tables, name: str, *, rows: pa.Table) -> Conformed:
    """The rows under the contract of a table, in the engine of the data set."""
    raw = store_frame(connect_in_memory(), name, frame=rows)
    added = conform(raw, CONTRACT[name], config=tables.config, source=None)
    return replace(added, rows=place_rows(tables.backend, name, rows=added.rows.to_pyarrow()))


def add_table(tables: Tables, name: str, *, added: Conformed) -> Tables:
    """The tables with one that the data set does not have."""
    return replace(
        tables,
        sources={**tables.sources, name: added.rows},
        conformed={**tables.conformed, name: added},
        usable={**tables.usable, name: create_view(tables.backend, usable_rows(added))},
    )


def replace_rows(tables: Tables, name: str, *, rows: ir.Table) -> Tables:
    """The tables with other usable rows in one of them."""
    return replace(tables, usable={**tables.usable, name: create_view(tables.backend, rows)})


def select_columns(table: ir.Table, types: Mapping[str, ir.DataType]) -> ir.Table:
    """These columns of a table; one that it lacks is empty."""
    return table.select(
        **{name: table[name].cast(kind) if name in table.columns else ibis.null(kind) for name, kind in types.items()}
    )


def place_rows(backend: SQLBackend, name: str, *, rows: pa.Table) -> ir.Table:
    """The rows as a table of the engine.

    Other engines than DuckDB may belong to the company: the rows are sent with each query, and nothing is created.
    """
    return store_frame(backend, name, frame=rows) if isinstance(backend, DuckDB) else ibis.memtable(rows)
