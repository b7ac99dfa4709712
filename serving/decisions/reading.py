"""How rows are read from the tables of decisions, from SQLite and from PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

if TYPE_CHECKING:
    from sqlalchemy import Connection, Select

NUMBERS_OF_A_CELL = 10_000
"Rows with these numbers make one cell: PostgreSQL refuses one of 1 GB."

Row = TypeVar("Row", bound=msgspec.Struct)


def read_rows(
    connection: Connection,
    query: Select[*tuple[Any, ...]],
    *,
    row_type: type[Row],
    values: dict[str, Any] | None = None,
) -> list[Row]:
    """The rows of a query over the column `number`, in its order; further columns than those of the type are ignored.

    `values` are the parameters of the query.
    """
    read = _read_from_sqlite if connection.dialect.name == "sqlite" else _read_from_postgresql
    return read(connection, query, row_type=row_type, values=values or {})


def _read_from_sqlite(
    connection: Connection, query: Select[*tuple[Any, ...]], *, row_type: type[Row], values: dict[str, Any]
) -> list[Row]:
    names = row_type.__struct_fields__
    rows = connection.execute(query.order_by("number"), values).mappings()
    return [msgspec.convert({name: row[name] for name in names}, row_type) for row in rows]


def _read_from_postgresql(
    connection: Connection, query: Select[*tuple[Any, ...]], *, row_type: type[Row], values: dict[str, Any]
) -> list[Row]:
    """Thousands of rows arrive as one JSON text: the driver takes as long for each cell of each row."""
    from sqlalchemy import Text, cast, func, literal_column, select
    from sqlalchemy.dialects.postgresql import aggregate_order_by

    selected = query.subquery("selected")
    in_order = aggregate_order_by(literal_column("selected"), selected.c.number)
    block = selected.c.number // NUMBERS_OF_A_CELL
    documents = select(cast(func.json_agg(in_order), Text)).select_from(selected).group_by(block).order_by(block)
    decode = msgspec.json.Decoder(list[row_type]).decode
    return [row for (document,) in connection.execute(documents, values) for row in decode(document)]
