"""Rows that repeat another one cell by cell: an export that was loaded twice, or files that overlap."""

from __future__ import annotations

from collections.abc import Iterator

import ibis.expr.types as ir

from features.check.data import CheckedData
from features.check.finding import Check, Finding, Severity
from features.check.marks import fetch_one
from tables.contract import CONTRACT

SERIOUS_SHARE = 0.05
"Share of repeated rows from which a file was probably loaded twice."
CHANCE_SHARE = 0.01
"Share of repeated rows in tables without amounts that is chance: two clicks in one second."
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
        row = fetch_one(rows.aggregate(n=rows.count()))
        n_repeated = int(row["n"]) - int(rows.distinct().count().to_pyarrow().as_py())
        if n_repeated > (0 if name == "purchases" else CHANCE_SHARE * row["n"]):
            is_serious = n_repeated >= SERIOUS_SHARE * row["n"]
            yield Finding(
                kind="identical_rows",
                severity=Severity.WARNING if is_serious else Severity.NOTE,
                table=name,
                count=n_repeated,
                of=int(row["n"]),
                setting='duplicate_rows = "drop"' if name == "purchases" else None,
            )


def _sample(rows: ir.Table, n_rows: int) -> ir.Table:
    """Rows that could repeat each other; those with a line_id are versions of a line instead."""
    if "line_id" in rows.columns:
        rows = rows.filter(rows.line_id.isnull())
    if n_rows <= MAX_ROWS or "customer_id" not in rows.columns:
        return rows
    n_parts = -(-n_rows // MAX_ROWS)
    return rows.filter((rows.customer_id.hash().abs() % n_parts) == 0)


CHECK = Check(find=find)
