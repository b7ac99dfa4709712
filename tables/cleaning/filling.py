"""Fills cells that only the first line of each order has, as exports write them for people:

order  status  item                 order  status  item
A1     paid    tea                  A1     paid    tea
A1             mug          ->      A1     paid    mug
               cup                  A1     paid    cup     (an empty order: only if it is filled as well)
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from core.config.profiles import read_profile
from core.config.rows import FillWithin
from core.config.sources import TableSource
from core.errors import DataError
from core.i18n.message import Message
from tables.cleaning.source_columns import ROW_NUMBER, has_column, source_column

BLOCK = "kizuna_block"


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
