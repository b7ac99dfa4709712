"""Adds the items that only the service knows to the items table: what `PATCH /v1/items` has said of them.

    items of the source    jam    tea
    stored changes         tea 3.00      oolong, brand uji      oolong 4.00
    items                  jam    tea    oolong, brand uji, 4.00

A row of the source wins: with it, changes count until the next release alone. An added item has the listed attributes
that the source has as well, and its first change says since when it can be bought. Where the rows of the source are
dated, each change is a row, so that no cutoff sees a later one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from tables.added_rows import place_rows, replace_rows, select_columns
from tables.contract import CONTRACT
from tables.tables import Tables

ITEMS = "items"
ADDED_COLUMNS = {"title": "string", "price": "float64", "available": "boolean"}
"""Columns that the table gets for the added items if the source lacks them.

No feature reads them, as it does the category: models would have to be trained again."""


def add_items(tables: Tables, rows: pa.Table) -> Tables:
    """The tables with the items that the source lacks; `rows` are those of `serving.build.events`, oldest first."""
    own, contract = tables.usable[ITEMS], CONTRACT[ITEMS]
    if contract.dating_column(own.columns) is None:
        rows = rows.take(
            pa.array({item_id: place for place, item_id in enumerate(rows["item_id"].to_pylist())}.values())
        )
    types: dict[str, ir.DataType] = dict(own.schema().items())
    for name in ADDED_COLUMNS:
        if name not in types and rows[name].null_count < len(rows):
            types[name] = ibis.dtype(ADDED_COLUMNS[name])
    added = [_row_of(row, types) for row in rows.to_pylist()]
    schema = ibis.schema(types).to_pyarrow()
    new = place_rows(tables.backend, ITEMS, rows=pa.Table.from_pylist(added, schema))
    new = new.anti_join(own.select("item_id").distinct(), "item_id")
    return replace_rows(tables, ITEMS, rows=select_columns(own, types).union(select_columns(new, types)))


def _row_of(change: Mapping[str, Any], types: Mapping[str, ir.DataType]) -> dict[str, Any]:
    """An item as a row with these columns."""
    attributes = dict(change["attributes"])
    values = {name: _read_word(attributes[name], types[name]) for name in types if name in attributes}
    values |= {name: change[name] for name in ("item_id", "title", "category", "price", "available") if name in types}
    times = {"available_from": "first_time", "valid_from": "event_time", "recorded_time": "event_time"}
    return values | {name: change[time] for name, time in times.items() if name in types}


def _read_word(word: str, kind: ir.DataType) -> str | float | None:
    """A word as a listed attribute, which is a number or text; None where it is no number."""
    if not kind.is_numeric():
        return word
    try:
        return float(word)
    except ValueError:
        return None
