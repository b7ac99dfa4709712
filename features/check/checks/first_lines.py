"""Orders whose customer, day or status only the first line has, as exports write them, where nothing fills the others.

order  customer  day         item
A1     ada       2026-03-01  tea
A1                           mug      no customer and no day: not a purchase of ada
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ibis
import ibis.expr.types as ir

from core.config.sources import TableSource
from features.check.data import CheckedData, CheckedTable
from features.check.finding import Check, Finding, Severity, list_texts
from features.check.marks import fetch_one
from tables.cleaning.filling import blank_as_null, count_first_lines, fill_keys, has_keyless_lines
from tables.cleaning.source_columns import ROW_NUMBER, columns_of
from tables.discovery.vocabulary import load_vocabulary

PURCHASES, ORDER = "purchases", "order_id"
OF_ORDERS = ("customer_id", "event_time", "currency", "channel", "store_id", "campaign_id")
"What an order has once."
OF_LINES = ("item_id", "amount")


def find(data: CheckedData) -> Iterator[Finding]:
    """Columns of orders that nearly all orders with several lines have in their first line alone."""
    settings = data.config.tables.get(PURCHASES)
    if PURCHASES not in data or data.tables is None or (settings is not None and settings.fill_within is not None):
        return
    table, raw = data[PURCHASES], data.tables.sources[PURCHASES]
    order, columns = _find_order(table, raw), _columns_of_orders(table, raw, settings=settings)
    names = _with_blanks(raw, list(columns))
    if order is None or not names:
        return
    of_lines = [name for column in OF_LINES for name in table.source_names(column) if name in raw.columns][:1]
    is_keyless = has_keyless_lines(raw, order=order, of_lines=of_lines, of_orders=names)
    rows = fill_keys(raw, order, table=PURCHASES) if is_keyless else raw
    counts = count_first_lines(rows, names, order=order)
    missing = [name for name in counts.in_first_lines if counts.is_usual(counts.n_first[name])]
    if not missing:
        return
    filled = [order, *missing] if is_keyless else missing
    row = _first_blank(rows, missing[0], order=order)
    yield Finding(
        kind="only_first_lines",
        severity=Severity.WARNING,
        table=PURCHASES,
        column=columns[missing[0]],
        count=int(row["n"]),
        of=int(row["of"]),
        example=row["key"],
        row=row["row"],
        setting=f'fill_within = {{ by = "{order}", columns = {list_texts(filled)} }}',
        values={"columns": tuple(missing), "n_orders": counts.n_first[missing[0]], "of_orders": counts.n_orders},
    )


def _find_order(table: CheckedTable, raw: ir.Table) -> str | None:
    """The column with the number of the order: the one that is read, or the one whose name says so."""
    for name in table.source_names(ORDER):
        return name if name in raw.columns else None
    ranks = [(load_vocabulary().rank_of(name, table=PURCHASES, column=ORDER), name) for name in columns_of(raw)]
    return min(((rank, name) for rank, name in ranks if rank is not None and name in raw.columns), default=(0, None))[1]


def _columns_of_orders(table: CheckedTable, raw: ir.Table, *, settings: TableSource | None) -> dict[str, str]:
    """Columns of the source that an order has once, with what they are called: those read, and those of filters."""
    columns = {name: column for column in OF_ORDERS for name in table.source_names(column)}
    if settings is not None:
        filters = [*settings.where, *([settings.returns] if settings.returns is not None else [])]
        columns = {**{one.column: one.column for one in filters}, **columns}
    order = table.source_names(ORDER)
    in_order = sorted(columns.items(), key=lambda item: item[1] not in OF_ORDERS)
    return {name: column for name, column in in_order if name in raw.columns and name not in order}


def _with_blanks(raw: ir.Table, names: list[str]) -> list[str]:
    """Those of the columns that are blank in some rows and filled in others."""
    if not names:
        return []
    counts = {f"n_{place}": blank_as_null(raw[name]).count() for place, name in enumerate(names)}
    row = fetch_one(raw.aggregate(of=raw.count(), **counts))
    return [name for place, name in enumerate(names) if 0 < row[f"n_{place}"] < row["of"]]


def _first_blank(rows: ir.Table, name: str, *, order: str) -> dict[str, Any]:
    """How many lines lack a value that their order has, and the order and number of the first of them."""
    key, cell = blank_as_null(rows[order]), blank_as_null(rows[name])
    of_order = ibis.window(group_by=key)
    number = rows[ROW_NUMBER] if ROW_NUMBER in rows.columns else ibis.null("int64")
    has_value = cell.count().over(of_order) > 0
    lines = rows.select(key=key.cast("string"), row=number, is_blank=key.notnull() & cell.isnull() & has_value)
    blank = lines.filter(lines.is_blank)
    first = blank.order_by("row", "key").limit(1).to_pyarrow().to_pylist()[0]
    return {**first, "n": blank.count().to_pyarrow().as_py(), "of": lines.count().to_pyarrow().as_py()}


CHECK = Check(find=find)
