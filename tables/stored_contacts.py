"""Adds contacts that Kizuna itself has decided to the table `contacts`: the company need not export and map them.

contacts of the source        decision_id d1    from a mailing tool    -
stored decisions              d1                -                      d2
contacts                      d1, as stored     from a mailing tool    d2
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis.backends.duckdb import Backend as DuckDB
from ibis.backends.sql import SQLBackend

from tables.cleaning.conform import conform
from tables.contract import CONTRACT
from tables.engines.databases import connect_in_memory, create_view, store_frame
from tables.tables import Tables, usable_rows

CONTACTS = "contacts"
RESPONSES = ("opened_at", "clicked_at", "converted_at", "unsubscribed_at")
SAME_MOMENT = ("customer_id", "event_time")
"A contact of a source without `decision_id` is known by these."


def add_contacts(tables: Tables, rows: pa.Table) -> Tables:
    """The tables with further contacts in the form of the contract; one that the source has already counts once.

    Responses of which there is none are not recorded, as far as is known: a rate of them would be zero and wrong.
    """
    if not len(rows):
        return tables
    rows = rows.drop_columns([name for name in RESPONSES if rows[name].null_count == len(rows)])
    backend, scratch = tables.backend, connect_in_memory()
    raw = store_frame(scratch, CONTACTS, frame=rows)
    added = conform(raw, CONTRACT[CONTACTS], config=tables.config, source=None)
    placed = _place(backend, added.rows.to_pyarrow())
    added = replace(added, rows=placed)
    stored = usable_rows(added)
    if CONTACTS not in tables:
        return replace(
            tables,
            sources={**tables.sources, CONTACTS: placed},
            conformed={**tables.conformed, CONTACTS: added},
            usable={**tables.usable, CONTACTS: create_view(backend, stored)},
        )
    own = tables.usable[CONTACTS]
    keys = ("decision_id",) if "decision_id" in own.columns else SAME_MOMENT
    others = own.anti_join(stored.select(*keys), list(keys))
    types = {name: table[name].type() for table in (stored, own) for name in table.columns}
    merged = _select(others, types).union(_select(stored, types))
    return replace(tables, usable={**tables.usable, CONTACTS: create_view(backend, merged)})


def _place(backend: SQLBackend, rows: pa.Table) -> ir.Table:
    """The rows as a table of the engine.

    Other engines than DuckDB may belong to the company: the rows are sent with each query, and nothing is created.
    """
    return store_frame(backend, CONTACTS, frame=rows) if isinstance(backend, DuckDB) else ibis.memtable(rows)


def _select(table: ir.Table, types: Mapping[str, ir.DataType]) -> ir.Table:
    """These columns of a table; one that it lacks is empty."""
    return table.select(
        **{name: table[name].cast(kind) if name in table.columns else ibis.null(kind) for name, kind in types.items()}
    )
