"""Fills cells that only the first line of each order has, as exports write them for people:

order  status  item                 order  status  item
A1     paid    tea                  A1     paid    tea
A1             mug          ->      A1     paid    mug
               cup                  A1     paid    cup     (an empty order: only if it is filled as well)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
from ibis import _

from core.config.profiles import read_profile
from core.config.rows import FillWithin
from core.config.sources import TableSource
from core.errors import DataError
from core.i18n.message import Message
from tables.cleaning.source_columns import ROW_NUMBER, has_column, source_column

BLOCK = "kizuna_block"
NEARLY_ALL = 0.95
"Share of orders with several lines that have a value in their first line alone, if it is one of the order."
MIN_ORDERS = 3
"Fewer orders with several lines show nothing."


@dataclass(frozen=True, kw_only=True)
class FirstLineCounts:
    """In how many orders with several lines only the first one has a value, by column."""

    n_orders: int
    "Orders with several lines."
    n_filled: Mapping[str, int]
    "Those that have a value at all."
    n_first: Mapping[str, int]
    "Those that have it in their first line alone."

    @property
    def in_first_lines(self) -> tuple[str, ...]:
        """The columns that nearly every order has in its first line alone, if it has them."""
        counts = [(name, n_first, self.n_filled[name]) for name, n_first in self.n_first.items()]
        return tuple(name for name, n_first, n_filled in counts if n_first and n_first >= NEARLY_ALL * n_filled)

    def is_usual(self, n_orders: int) -> bool:
        """Whether a number of orders is that of nearly all orders with several lines."""
        return n_orders >= max(MIN_ORDERS, NEARLY_ALL * self.n_orders)


def count_first_lines(rows: ir.Table, names: Sequence[str], *, order: str) -> FirstLineCounts:
    """Count the orders that have these columns in their first line alone; `order` is the column with their number."""
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
    counts = orders.aggregate(n_orders=orders.count(), **sums).to_pyarrow().to_pylist()[0]
    return FirstLineCounts(
        n_orders=int(counts["n_orders"]),
        n_filled={name: int(counts[f"any_{place}"] or 0) for place, name in enumerate(names)},
        n_first={name: int(counts[f"first_{place}"] or 0) for place, name in enumerate(names)},
    )


def has_keyless_lines(rows: ir.Table, *, order: str, of_lines: Sequence[str], of_orders: Sequence[str]) -> bool:
    """Whether lines without the number of an order have values of a line, and none of an order.

    They belong to the order above them. Rows of a database have no order, so that nothing is above.
    """
    if ROW_NUMBER not in rows.columns or not of_lines or not of_orders:
        return False
    are_lines = ibis.and_(*(blank_as_null(rows[name]).notnull() for name in of_lines))
    keyless = rows.filter(blank_as_null(rows[order]).isnull() & are_lines)
    others = [blank_as_null(rows[name]).isnull() for name in of_orders]
    counts = keyless.aggregate(n=keyless.count(), n_bare=ibis.and_(*others).sum()).to_pyarrow().to_pylist()[0]
    return counts["n"] >= MIN_ORDERS and (counts["n_bare"] or 0) >= NEARLY_ALL * counts["n"]


def fill_first_lines(raw: ir.Table, source: TableSource, *, table: str) -> ir.Table:
    """The source with the cells of `fill_within` filled.

    Columns of a profile that the export lacks are passed over. Raises DataError for others, and where the rows of a
    database, which have no order, have empty keys to fill.
    """
    fill = source.fill_within
    if fill is not None and source.profile is not None:
        fill = _fit_export(raw, fill, profile=source.profile)
    if fill is None:
        return raw
    if fill.by in fill.columns:
        raw = fill_keys(raw, fill.by, table=table)
    cells = {name: blank_as_null(source_column(raw, name, table=table)) for name in fill.columns if name != fill.by}
    key = blank_as_null(source_column(raw, fill.by, table=table))
    filled = {
        name: ibis.ifelse(key.isnull(), cell, cell.coalesce(_first(raw, cell, key=key))) for name, cell in cells.items()
    }
    return raw.mutate(**filled)


def _fit_export(raw: ir.Table, fill: FillWithin, *, profile: str) -> FillWithin | None:
    """What a profile fills, in an export that may lack some of its columns or call them differently."""
    others = read_profile(profile).other_names
    names = {
        name: next((one for one in (name, *others.get(name, ())) if has_column(raw, one)), None)
        for name in (fill.by, *fill.columns)
    }
    by, columns = names[fill.by], tuple(own for name in fill.columns if (own := names[name]))
    return FillWithin(by, columns) if by and columns else None


def blank_as_null(cell: ir.Value) -> ir.Value:
    """The cell, NULL where it is text of blanks alone."""
    return ibis.ifelse(cell.strip() == "", ibis.null("string"), cell) if cell.type().is_string() else cell


def _first(raw: ir.Table, cell: ir.Value, *, key: ir.Value) -> ir.Value:
    """The value of a key in the first row that has one; the smallest where rows have no order."""
    place = raw[ROW_NUMBER] if ROW_NUMBER in raw.columns else cell
    return cell.first(include_null=True).over(ibis.window(group_by=key, order_by=[cell.isnull(), place]))


def fill_keys(raw: ir.Table, by: str, *, table: str) -> ir.Table:
    """The source, each empty key replaced by that of the row above."""
    if ROW_NUMBER not in raw.columns:
        text = "{section} fill_within: rows of a database have no order, so that no row is above an empty '{column}'"
        raise DataError(Message(text, {"section": f"[tables.{table}]", "column": by}))
    key = blank_as_null(source_column(raw, by, table=table))
    so_far = ibis.cumulative_window(order_by=raw[ROW_NUMBER])
    blocks = raw.mutate(**{by: key, BLOCK: key.notnull().cast("int64").sum().over(so_far)})
    return blocks.mutate(**{by: blocks[by].max().over(ibis.window(group_by=blocks[BLOCK]))}).drop(BLOCK)
