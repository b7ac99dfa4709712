"""How rows are written to the tables of decisions, in SQLite and in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table

ROWS_AT_ONCE = 5_000
"That are written with one call, and ids that one query names."
COUNTED = {"preserve_rowcount": True}
"SQLAlchemy forgets how many rows an INSERT has written, unless it is asked to remember."


def lock_customer(connection: Connection, name: str) -> None:
    """Wait until no other transaction that has called this for the customer is open; in SQLite, no other writer."""
    from sqlalchemy import func, select

    if connection.dialect.name == "sqlite":
        # sqlite3 begins no transaction before the first change by itself.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


def insert_new(connection: Connection, table: Table, *, rows: Sequence[dict[str, Any]]) -> int:
    """Insert the rows whose id is new. One statement decides it, so that two processes insert a row once."""
    insert_block = _insert_into_sqlite if connection.dialect.name == "sqlite" else _insert_into_postgresql
    blocks = (rows[start : start + ROWS_AT_ONCE] for start in range(0, len(rows), ROWS_AT_ONCE))
    return sum(insert_block(connection, table, rows=block) for block in blocks)


def _insert_into_sqlite(connection: Connection, table: Table, *, rows: Sequence[dict[str, Any]]) -> int:
    from sqlalchemy.dialects.sqlite import insert

    return connection.execute(insert(table).on_conflict_do_nothing(), rows, execution_options=COUNTED).rowcount


def _insert_into_postgresql(connection: Connection, table: Table, *, rows: Sequence[dict[str, Any]]) -> int:
    """One parameter holds all rows as JSON: twenty times as fast as a parameter for each cell."""
    from sqlalchemy import Text, bindparam, cast, column, func, select
    from sqlalchemy.dialects.postgresql import JSON, insert

    names = list(rows[0])
    document = cast(bindparam("rows", msgspec.json.encode(rows).decode(), Text), JSON)
    values = func.json_to_recordset(document).table_valued(*(column(name, table.c[name].type) for name in names))
    query = select(*values.render_derived(with_types=True).c)
    statement = insert(table).from_select(names, query).on_conflict_do_nothing()
    return connection.execute(statement, execution_options=COUNTED).rowcount
