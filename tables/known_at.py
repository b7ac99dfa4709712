"""What was known before midnight of a cutoff: rows, cells, versions of lines, dated rows.

    recorded 03-01: line 7, 20 EUR     recorded 03-09: line 7, 0 EUR
    |-------------- cutoff 03-05 sees 20 --|-- cutoff 03-10 sees 0 --

Without a cutoff, everything recorded is known.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from functools import reduce
from operator import and_

import ibis.expr.types as ir

from tables.cleaning.conform import dated_by
from tables.contract import TableContract
from tables.engines.expressions import Expression, ibis


def known_rows(table: ir.Table, contract: TableContract, cutoff: date | None) -> ir.Table:
    """The rows that had happened and were recorded."""
    if cutoff is None:
        return table
    happened = [contract.happens_at] if contract.happens_at else []
    dated = dated_by(contract, table.columns)
    happened += [dated] if dated else []
    known = [_before(table[name], cutoff) for name in happened]
    if "recorded_time" in table.columns and dated != "recorded_time":
        known.append(table.recorded_time.isnull() | _before(table.recorded_time, cutoff))
    return table.filter(reduce(and_, known)) if known else table


def known_cells(table: ir.Table, contract: TableContract, cutoff: date | None) -> ir.Table:
    """The table with the cells emptied that became known later than their row, and at or after the cutoff."""
    if cutoff is None:
        return table
    late = {
        column.name: ibis.ifelse(
            _before(table[column.known_at], cutoff), table[column.name], ibis.null(table[column.name].type())
        )
        for column in contract.columns
        if column.name in table.columns and column.known_at in table.columns
    }
    return table.mutate(**late) if late else table


def undated(contract: TableContract, columns: Collection[str]) -> tuple[str, ...]:
    """The columns of which nobody can say when they became known: written today, perhaps.

    All but the key of a table of things without dated rows, and cells whose known-at column is not there.
    """
    things_today = contract.key is not None and dated_by(contract, tuple(columns)) is None
    return tuple(
        name for name in columns if name != contract.key and _is_undated(contract, columns, name, things_today)
    )


def _is_undated(contract: TableContract, columns: Collection[str], name: str, things_today: bool) -> bool:
    known_at = contract[name].known_at if name in contract else None
    return known_at not in columns if known_at is not None else things_today


def newest_versions(table: ir.Table) -> ir.Table:
    """One row a line_id: the newest recorded; lines without an id are all kept."""
    recorded = table.recorded_time if "recorded_time" in table.columns else table.event_time
    order = [ibis.desc(ibis.coalesce(recorded, table.event_time)), *(ibis.desc(n) for n in ("event_time", "amount"))]
    numbered = table.mutate(version_rank=ibis.row_number().over(group_by="line_id", order_by=order))
    newest = numbered.filter(numbered.line_id.isnull() | (numbered.version_rank == 0))
    return newest.drop("version_rank")


def last_rows(table: ir.Table, contract: TableContract) -> ir.Table:
    """One row a thing: the last of its dated rows. Tables of events stay as they are."""
    if contract.key is None:
        return table
    dated = dated_by(contract, table.columns)
    others = sorted(name for name in table.columns if name not in (contract.key, dated))
    order = [ibis.desc(name) for name in ([dated] if dated else []) + others]
    numbered = table.mutate(row_rank=ibis.row_number().over(group_by=str(contract.key), order_by=order))
    return numbered.filter(numbered.row_rank == 0).drop("row_rank")


def _before(time: Expression, cutoff: date) -> Expression:
    if time.type().is_date():
        return time < ibis.literal(cutoff, "date")
    return time < ibis.literal(datetime(cutoff.year, cutoff.month, cutoff.day), "timestamp")
