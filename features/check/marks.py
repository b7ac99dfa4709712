"""Counts the rows that checks mark: one scan for all marks of a table, and a second one for examples.

scan 1    marked, of           for every mark
scan 2    first row, example   for marks with a finding, where rows have an order
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import ibis
import ibis.expr.types as ir

from features.check.finding import Finding, Mark, Severity

ROW = "checked_row"


def find_marked(
    table: ir.Table, marks: Sequence[tuple[str, Mark]], *, name: str, numbers_rows: bool
) -> Iterator[Finding]:
    """The findings of marks on a table, each with the name of its check."""
    if not marks:
        return
    counts = _count(table, [mark for _, mark in marks])
    serious: list[tuple[str, Mark, Severity, tuple[int, int]]] = []
    for (check, mark), (count, of) in zip(marks, counts, strict=True):
        severity = mark.severity(count, of) if count else None
        if severity is not None:
            serious.append((check, mark, severity, (count, of)))
    examples = _find_examples(table, [mark for _, mark, *_ in serious], numbers_rows=numbers_rows)
    for (check, mark, severity, (count, of)), (example, row) in zip(serious, examples, strict=True):
        yield Finding(
            kind=mark.kind,
            severity=severity,
            table=name,
            column=mark.column,
            count=count,
            of=of,
            example=example,
            row=row,
            setting=mark.setting,
            values=mark.values,
            check=check,
        )


def _count(table: ir.Table, marks: Sequence[Mark]) -> list[tuple[int, int]]:
    """For each mark: how many rows are marked, and how many could be."""
    sums: list[ir.Value] = []
    for place, mark in enumerate(marks):
        of = table.count() if mark.of is None else _sum_of(mark.of)
        sums += [_sum_of(mark.rows).name(f"count_{place}"), of.name(f"of_{place}")]
    row = fetch_one(table.aggregate(sums))
    return [(int(row[f"count_{place}"] or 0), int(row[f"of_{place}"] or 0)) for place in range(len(marks))]


def _sum_of(condition: ir.Value) -> ir.Value:
    return ibis.ifelse(condition, 1, 0).sum()


def _find_examples(
    table: ir.Table, marks: Sequence[Mark], *, numbers_rows: bool
) -> list[tuple[str | None, int | None]]:
    """The value and the row of the first marked row of each mark; where rows have no order, the smallest value."""
    if not marks:
        return []
    cells: dict[str, ir.Value] = {ROW: ibis.row_number() if numbers_rows else ibis.literal(0)}
    for place, mark in enumerate(marks):
        example = ibis.null("string") if mark.example is None else mark.example.cast("string")
        cells |= {f"mark_{place}": mark.rows, f"example_{place}": example}
    numbered = table.select(**cells)
    firsts: list[ir.Value] = []
    for place in range(len(marks)):
        marked, example = numbered[f"mark_{place}"], numbered[f"example_{place}"]
        first = ibis.ifelse(marked, numbered[ROW], ibis.null("int64")).min()
        if numbers_rows:
            value = example.argmin(numbered[ROW], where=marked)
        else:
            value = ibis.ifelse(marked, example, ibis.null("string")).min()
        firsts += [value.name(f"example_{place}"), first.name(f"row_{place}")]
    row = fetch_one(numbered.aggregate(firsts))
    return [
        (row[f"example_{place}"], row[f"row_{place}"] + 1 if numbers_rows and row[f"row_{place}"] is not None else None)
        for place in range(len(marks))
    ]


def fetch_one(table: ir.Table) -> dict[str, Any]:
    """The only row of a table."""
    return table.to_pyarrow().to_pylist()[0]
