"""Exports that name customer, day and status of an order once, in its first line, and leave its other lines empty.

Order  Customer  Status  Total  Item  Price
A1     ada       paid    12.00  tea    4.00
A1                              mug    8.00
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from core.config.rows import FillWithin
from tables.cleaning.filling import blank_as_null, fill_keys
from tables.cleaning.source_columns import ROW_NUMBER
from tables.discovery.columns import ColumnFacts
from tables.discovery.order_lines import OF_LINES, REFUNDED, UNIT_PRICE
from tables.discovery.vocabulary import load_vocabulary

PURCHASES = "purchases"
NEARLY_ALL = 0.95
"Share of orders with several lines that have to say it in their first line alone."
MIN_ORDERS = 3
"Orders with several lines that have to do so in at least one column."


@dataclass(frozen=True, kw_only=True)
class FirstLines:
    """Columns that only the first line of each order has."""

    fill: FillWithin
    once_per_order: frozenset[str]
    "Amounts among them, which are not filled."
    evidence: str


def find_first_lines(raw: ir.Table, columns: Mapping[str, ColumnFacts]) -> FirstLines | None:
    """The columns of a source that only the first line of each order has; None if there are none."""
    order = _find_column(columns, "order_id")
    if order is None or order not in raw.columns:
        return None
    plain = [name for name in columns if name in raw.columns and name != order]
    of_orders = [name for name in plain if _is_of_order(name) or columns[name].is_clock]
    amounts = [name for name in plain if _rank(name, "amount", REFUNDED) is not None]
    names = [*of_orders, *amounts]
    is_keyless = _has_keyless_lines(raw, columns, order=order)
    if not names or not (is_keyless or columns[order].n_distinct < columns[order].n_filled):
        return None
    rows = fill_keys(raw, order, table=PURCHASES) if is_keyless else raw
    counts = _count(rows, names, order=order)
    n_orders = counts["n_orders"]
    in_first_lines = [
        name
        for place, name in enumerate(names)
        if counts[f"first_{place}"] and counts[f"first_{place}"] >= NEARLY_ALL * counts[f"any_{place}"]
    ]
    filled = [name for name in in_first_lines if name in of_orders]
    n_whole = max((counts[f"first_{names.index(name)}"] for name in filled), default=0)
    if n_whole < max(MIN_ORDERS, NEARLY_ALL * n_orders):
        return None
    return FirstLines(
        fill=FillWithin(order, (*((order,) if is_keyless else ()), *filled)),
        once_per_order=frozenset(name for name in in_first_lines if name in amounts),
        evidence=f"only the first line has them in {n_whole:,} of {n_orders:,} orders with several lines",
    )


def _find_column(columns: Mapping[str, ColumnFacts], column: str) -> str | None:
    ranked = [(rank, name) for name in columns if (rank := _rank(name, column)) is not None]
    return min(ranked)[1] if ranked else None


def _rank(name: str, *columns: str) -> int | None:
    """The best place of a name among those of some columns of purchases."""
    ranks = [load_vocabulary().rank_of(name, table=PURCHASES, column=column) for column in columns]
    return min((rank for rank in ranks if rank is not None), default=None)


def _is_of_order(name: str) -> bool:
    """Whether a name says that a column is about the order or its customer rather than about a line."""
    vocabulary = load_vocabulary()
    if any(_rank(name, column) is not None for column in OF_LINES):
        return False
    columns = [column for column in vocabulary.columns[PURCHASES] if column not in (*OF_LINES, UNIT_PRICE, "order_id")]
    is_attribute = vocabulary.is_attribute(name, "customers")
    return is_attribute or vocabulary.has_name(name, "status.names") or _rank(name, *columns) is not None


def _has_keyless_lines(raw: ir.Table, columns: Mapping[str, ColumnFacts], *, order: str) -> bool:
    """Whether lines without an order name an item, and no customer and no day: they belong to the order above."""
    item, customer = _find_column(columns, "item_id"), _find_column(columns, "customer_id")
    time = _find_column(columns, "event_time")
    facts = columns[order]
    if ROW_NUMBER not in raw.columns or item is None or time is None or facts.n_distinct < facts.n_filled:
        return False
    others = [blank_as_null(raw[name]).isnull() for name in (customer, time) if name is not None]
    keyless = raw.filter(blank_as_null(raw[order]).isnull() & blank_as_null(raw[item]).notnull())
    counts = keyless.aggregate(n=keyless.count(), n_bare=ibis.and_(*others).sum()).to_pyarrow().to_pylist()[0]
    return counts["n"] >= MIN_ORDERS and (counts["n_bare"] or 0) >= NEARLY_ALL * counts["n"]


def _count(rows: ir.Table, names: Sequence[str], *, order: str) -> dict[str, Any]:
    """Orders with several lines; and for each column those that have it at all, and those in their first line alone."""
    cells = {f"cell_{place}": blank_as_null(rows[name]).notnull() for place, name in enumerate(names)}
    number = rows[ROW_NUMBER] if ROW_NUMBER in rows.columns else ibis.literal(0)
    lines = rows.select(key=blank_as_null(rows[order]), number=number, **cells).filter(_.key.notnull())
    orders = lines.group_by("key").aggregate(
        n=_.count(),
        **{f"n_{name}": lines[name].sum() for name in cells},
        **{f"at_{name}": lines.number.min(where=lines[name]) == lines.number.min() for name in cells},
    )
    orders = orders.filter(orders.n > 1)
    sums = {
        key: value
        for place, name in enumerate(cells)
        for key, value in (
            (f"any_{place}", (orders[f"n_{name}"] > 0).sum()),
            (f"first_{place}", ((orders[f"n_{name}"] == 1) & orders[f"at_{name}"]).sum()),
        )
    }
    return orders.aggregate(n_orders=orders.count(), **sums).to_pyarrow().to_pylist()[0]
