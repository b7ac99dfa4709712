"""Rows that repeat another one cell by cell: an export that was loaded twice, or files that overlap.

All columns of the source count, also those that nothing reads: two lines with their own receipt numbers are two.
"""

from __future__ import annotations

from collections.abc import Iterator

import ibis
import ibis.expr.types as ir
from ibis import _

from features.check.data import CheckedData, CheckedTable
from features.check.finding import Check, Finding, Severity
from tables.cleaning.source_columns import ROW_NUMBER, drop_row_numbers
from tables.contract import CONTRACT
from tables.sources.places import ends_of_files, find_place

SERIOUS_SHARE = 0.05
"Share of repeated rows from which a file was probably loaded twice."
CHANCE_SHARE = 0.01
"Share of repeated rows in tables without amounts that is chance: two clicks in one second."
MAX_LETTERS = 80
"Of an example."
MAX_ROWS = 2_000_000
"In larger tables, the rows of a sample of customers are compared."


def find(data: CheckedData) -> Iterator[Finding]:
    """One finding at most for each table of events."""
    if data.tables is None:
        return
    for name, table in data.checked.items():
        if CONTRACT[name].happens_at is None:
            continue
        rows = _sample(table.rows, data.tables.load_report(name).n_usable)
        n_rows = int(rows.count().to_pyarrow().as_py())
        n_allowed = 0 if name == "purchases" else CHANCE_SHARE * n_rows
        # Rows that are equal in the source are read alike, so most tables need no second look.
        n_alike = _count_repeats(rows)
        if n_alike <= n_allowed:
            continue
        lines = _lines_of(table, rows, n_rows=data.tables.load_report(name).n_usable)
        n_repeated = min(n_alike, _count_repeats(lines))
        if n_repeated and name == "purchases" and data.config.duplicate_rows == "drop":
            yield _describe_dropped(table, lines, n_repeated=n_repeated, n_rows=n_rows)
        elif n_repeated > n_allowed:
            yield _describe(table, lines, n_repeated=n_repeated, n_rows=n_rows)


def _describe(table: CheckedTable, rows: ir.Table, *, n_repeated: int, n_rows: int) -> Finding:
    files = _files_of_repeats(table, rows)
    return Finding(
        kind="overlapping_files" if files else "identical_rows",
        severity=Severity.WARNING if n_repeated >= SERIOUS_SHARE * n_rows else Severity.NOTE,
        table=table.name,
        count=n_repeated,
        of=n_rows,
        row=_first_repeat(rows)[1],
        setting='duplicate_rows = "drop"' if table.name == "purchases" else None,
        values={"files": files} if files else {},
    )


def _describe_dropped(table: CheckedTable, rows: ir.Table, *, n_repeated: int, n_rows: int) -> Finding:
    """How many rows `duplicate_rows = "drop"` drops, from which files, with the cells of the first one."""
    files = _count_by_file(table, rows)
    row = _first_repeat(rows)[1]
    return Finding(
        kind="dropped_overlap" if files else "dropped_rows",
        severity=Severity.NOTE,
        table=table.name,
        count=n_repeated,
        of=n_rows,
        example=_cells_of(rows, row),
        row=None if files else row,
        setting='duplicate_rows = "keep"',
        values={"files": files} if files else {},
    )


def _cells_of(rows: ir.Table, row: int | None) -> str | None:
    """The filled cells of a row, as many as fit on a line."""
    if row is None:
        return None
    (cells,) = drop_row_numbers(rows.filter(rows[ROW_NUMBER] == row)).to_pyarrow().to_pylist()
    text = ", ".join(str(cell) for cell in cells.values() if cell is not None)
    return text if len(text) <= MAX_LETTERS else f"{text[:MAX_LETTERS]}..."


def _count_by_file(table: CheckedTable, rows: ir.Table) -> tuple[str, ...]:
    """The files with rows that an earlier row has as well, each with their number; empty for one file."""
    files = ends_of_files(table.name, table.config.tables.get(table.name))
    if not files or ROW_NUMBER not in rows.columns:
        return ()
    cells = [column for column in rows.columns if column != ROW_NUMBER]
    groups = rows.group_by(cells).aggregate(first=_[ROW_NUMBER].min())
    later = rows.anti_join(groups, [rows[ROW_NUMBER] == groups["first"]])
    counts = later.aggregate(**{f"n{place}": (_[ROW_NUMBER] <= end).sum() for place, (_path, end) in enumerate(files)})
    totals = [int(total or 0) for total in counts.to_pyarrow().to_pylist()[0].values()]
    by_file = zip(files, totals, [0, *totals], strict=False)
    return tuple(f"{path.name} ({total - before:,})" for (path, _end), total, before in by_file if total > before)


def _sample(rows: ir.Table, n_rows: int) -> ir.Table:
    """Rows that could repeat each other; those with a line_id are versions of a line instead."""
    if "line_id" in rows.columns:
        rows = rows.filter(rows.line_id.isnull())
    return _sample_customers(rows, rows.customer_id, n_rows=n_rows) if "customer_id" in rows.columns else rows


def _sample_customers(rows: ir.Table, customer: ir.Value, *, n_rows: int) -> ir.Table:
    """All rows of some customers, about `MAX_ROWS` of `n_rows`."""
    n_parts = -(-n_rows // MAX_ROWS)
    return rows if n_parts <= 1 else rows.filter((customer.hash().abs() % n_parts) == 0)


def _lines_of(table: CheckedTable, rows: ir.Table, *, n_rows: int) -> ir.Table:
    """The same rows as they are in the source; of a database, whose rows have no numbers, also those not usable."""
    is_json = [name for name, kind in table.source.schema().items() if kind.is_json()]
    # PostgreSQL cannot compare json.
    lines = table.source.mutate(**{name: table.source[name].cast("string") for name in is_json})
    if ROW_NUMBER in rows.columns:
        return lines.semi_join(rows.select(ROW_NUMBER), ROW_NUMBER)
    cells = table.cells("customer_id")
    return _sample_customers(lines, cells[0].cast("string"), n_rows=n_rows) if len(cells) == 1 else lines


def _count_repeats(rows: ir.Table) -> int:
    cells = drop_row_numbers(rows)
    n_rows, n_different = (int(table.count().to_pyarrow().as_py()) for table in (cells, cells.distinct()))
    return n_rows - n_different


def _first_repeat(rows: ir.Table) -> tuple[int | None, int | None]:
    """The numbers of the first row that is repeated, and of the row that repeats it."""
    if ROW_NUMBER not in rows.columns:
        return None, None
    cells = [column for column in rows.columns if column != ROW_NUMBER]
    groups = rows.group_by(cells).aggregate(first=_[ROW_NUMBER].min(), last=_[ROW_NUMBER].max(), n=_.count())
    pairs = groups.filter(_.n > 1).order_by(ibis.asc("first"), ibis.desc("last")).select("first", "last").limit(1)
    pair = pairs.to_pyarrow().to_pylist()[0]
    return pair["first"], pair["last"]


def _files_of_repeats(table: CheckedTable, rows: ir.Table) -> tuple[str, ...]:
    """The names of the two files that the first repeated row is in; empty if it is in one file, or in a database."""
    ends = ends_of_files(table.name, table.config.tables.get(table.name))
    files = [file.name for row in _first_repeat(rows) if row and (file := find_place(row, ends)[0])]
    return tuple(files) if len(set(files)) > 1 else ()


CHECK = Check(find=find)
