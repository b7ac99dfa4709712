"""What was read from a table and which rows were excluded, counted by the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import add
from typing import Any

import ibis
import ibis.expr.types as ir

from tables.bad_lines import NO_BAD_LINES, BadLines
from tables.cleaning.conform import BOOKKEEPING, EXCLUDED_BECAUSE, EXCLUDED_VALUE, Conformed
from tables.cleaning.evidence import ReadingNote
from tables.cleaning.source_columns import ROW_NUMBER
from tables.contract_types import TableContract
from tables.known_at import line_key

MODULUS = 1_000_003
ROW_IDS = ("line_id", "subscription_id", "ticket_id", "order_id")
"Columns that identify a single row, the most specific first."


@dataclass(frozen=True, kw_only=True)
class RowExclusion:
    """The rows of a table that cannot be used for one reason, and one of them."""

    reason: str
    "As 'column: reason'."
    n_rows: int
    value: str | None
    "The value of the first such row, as the source has it; None where it is missing."
    row: int | None
    "Its number in the files, counted from 1 without the header; None in a database."
    row_id: str | None
    "An id by which someone can look it up."

    @property
    def column(self) -> str:
        """The column of the reason."""
        return self.reason.partition(":")[0]

    @property
    def example(self) -> str:
        """The value, and where it is; '' if neither is known."""
        place = f"row {self.row:,}" if self.row is not None else self.row_id
        if self.value is None:
            return place or ""
        return f"'{self.value}'" + (f" ({place})" if place else "")


@dataclass(frozen=True, kw_only=True)
class LoadReport:
    """The counts of one table."""

    table: str
    columns: tuple[str, ...]
    "Columns of the contract and listed attributes that the source has."
    n_usable: int
    "Rows that can be used."
    excluded: Mapping[str, int]
    "Number of rows that cannot be used, by 'column: reason'."
    exclusions: tuple[RowExclusion, ...]
    "The same with an example of each."
    notes: tuple[ReadingNote, ...]
    "How columns were read where their values decided it."
    first: datetime | None
    "When the first usable row happened; None for tables of things."
    last: datetime | None
    n_line_versions: int
    "Rows that are a further version of a line."
    n_repeated_keys: int
    "Undated rows of a thing that already has one."
    bad_lines: BadLines = NO_BAD_LINES
    "Lines of its files that cannot be read; they are no rows."

    @property
    def n_rows(self) -> int:
        """Rows of the source."""
        return self.n_usable + sum(self.excluded.values())

    @property
    def examples(self) -> Mapping[str, str]:
        """The id of one excluded row by reason; a reason whose rows have no id is absent."""
        return {rows.reason: rows.row_id for rows in self.exclusions if rows.row_id is not None}


def build_load_report(conformed: Conformed, contract: TableContract) -> LoadReport:
    """Count the rows of a conformed table; a second pass finds examples where rows are excluded."""
    table = conformed.rows
    names = tuple(name for name in table.columns if name not in (*BOOKKEEPING, *conformed.assumed))
    counts = table.group_by(EXCLUDED_BECAUSE).aggregate(list(_count_columns(table, contract, names=names)))
    by_reason = {row[EXCLUDED_BECAUSE]: row for row in counts.order_by(EXCLUDED_BECAUSE).to_pyarrow().to_pylist()}
    usable = by_reason.pop(None, {})
    examples = _find_examples(table, contract, names=names) if by_reason else {}
    return LoadReport(
        table=contract.name,
        columns=names,
        n_usable=usable.get("n_rows", 0),
        excluded={reason: row["n_rows"] for reason, row in by_reason.items()},
        exclusions=tuple(
            RowExclusion(reason=reason, n_rows=row["n_rows"], **examples[reason]) for reason, row in by_reason.items()
        ),
        notes=conformed.notes,
        first=usable.get("first"),
        last=usable.get("last"),
        n_line_versions=usable.get("n_line_versions", 0),
        n_repeated_keys=usable.get("n_repeated_keys", 0),
        bad_lines=conformed.bad_lines,
    )


def _find_examples(table: ir.Table, contract: TableContract, *, names: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """The first excluded row of each reason; in a database, the one with the smallest value."""
    excluded = table.filter(table[EXCLUDED_BECAUSE].notnull())
    row = excluded[ROW_NUMBER] if ROW_NUMBER in excluded.columns else ibis.null("int64")
    rows = excluded.select(
        reason=EXCLUDED_BECAUSE, value=EXCLUDED_VALUE, row=row, row_id=_row_id(excluded, contract, names=names)
    )
    rank = ibis.row_number().over(group_by="reason", order_by=["row", "value", "row_id"])
    firsts = rows.mutate(place=rank).filter(ibis._.place == 0).drop("place")
    return {first.pop("reason"): first for first in firsts.to_pyarrow().to_pylist()}


def _count_columns(table: ir.Table, contract: TableContract, *, names: tuple[str, ...]) -> tuple[ir.Value, ...]:
    no_time = ibis.null("timestamp")
    time = table[contract.happens_at].cast("timestamp") if contract.happens_at in names else None
    undated_key = contract.key if contract.dating_column(names) is None else None
    return (
        table.count().name("n_rows"),
        (no_time if time is None else time.max()).name("last"),
        (no_time if time is None else time.min()).name("first"),
        (_count_line_versions(table) if "line_id" in names else ibis.literal(0)).name("n_line_versions"),
        _count_repeats(table, undated_key).name("n_repeated_keys"),
    )


def _row_id(table: ir.Table, contract: TableContract, *, names: tuple[str, ...]) -> ir.Value:
    """The first id by which someone can look the row up: its own, otherwise its customer's."""
    columns = [name for name in (*ROW_IDS, *contract.names) if name in contract and name in names]
    ids = [table[name] for name in columns if contract[name].kind == "id"]
    return ibis.coalesce(*ids) if ids else ibis.null("string")


def _count_line_versions(table: ir.Table) -> ir.Value:
    """How many rows repeat an earlier line."""
    parts = [table[name].fill_null("") for name in line_key(table)]
    whole = reduce(lambda left, right: left + "\x1f" + right, parts)
    return table.line_id.count() - ibis.ifelse(table.line_id.isnull(), ibis.null("string"), whole).nunique()


def _count_repeats(table: ir.Table, column: str | None) -> ir.Value:
    """How many rows repeat an earlier value of the column."""
    return ibis.literal(0) if column is None else table[column].count() - table[column].nunique()


def fingerprint_of(usable: ir.Table) -> int:
    """A checksum of a table's content that ignores the order of rows: the sum over rows of a squared row hash.

    Each cell is weighted by the position of its column, so swapping two cells of a row changes it.
    """
    cells = [_small_number(usable[name]) * (place + 1) for place, name in enumerate(usable.columns)]
    row = reduce(add, cells) % MODULUS
    return int(usable.aggregate((row * row).sum().name("sum")).to_pyarrow().to_pylist()[0]["sum"] or 0)


def _small_number(cell: ir.Value) -> ir.Value:
    if cell.type().is_string():
        number = cell.hash() % MODULUS
    elif cell.type().is_floating():
        number = ((cell - (cell / MODULUS).floor() * MODULUS) * 1000).round().cast("int64")
    elif cell.type().is_timestamp() or cell.type().is_date():
        number = cell.cast("timestamp").truncate("s").epoch_seconds() % MODULUS
    else:
        number = cell.cast("int64") % MODULUS
    return ibis.coalesce(number.cast("int64"), 0)
