"""Exports that name customer, day and status of an order once, in its first line, and leave its other lines empty.

Order  Customer  Status  Total  Item  Price
A1     ada       paid    12.00  tea    4.00
A1                              mug    8.00
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import ibis.expr.types as ir

from core.config.rows import FillWithin
from tables.cleaning.filling import count_first_lines, fill_keys, has_keyless_lines
from tables.discovery.columns import ColumnFacts
from tables.discovery.order_lines import OF_LINES, REFUNDED, UNIT_PRICE
from tables.discovery.vocabulary import load_vocabulary

PURCHASES = "purchases"


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
    counts = count_first_lines(rows, names, order=order)
    filled = [name for name in counts.in_first_lines if name in of_orders]
    n_whole = max((counts.n_first[name] for name in filled), default=0)
    if not counts.is_usual(n_whole):
        return None
    return FirstLines(
        fill=FillWithin(order, (*((order,) if is_keyless else ()), *filled)),
        once_per_order=frozenset(name for name in counts.in_first_lines if name in amounts),
        evidence=f"only the first line has them in {n_whole:,} of {counts.n_orders:,} orders with several lines",
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
    if item is None or time is None or facts.n_distinct < facts.n_filled:
        return False
    of_orders = [name for name in (customer, time) if name is not None]
    return has_keyless_lines(raw, order=order, of_lines=[item], of_orders=of_orders)
