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
from tables.cleaning.source_columns import ROW_NUMBER


def find_marked(table: ir.Table, marks: Sequence[tuple[str, Mark]], *, name: str) -> Iterator[Finding]:
    """The findings of marks on a table, each with the name of its check."""
    if not marks:
        return
    counts = _count(table, [mark for _, mark in marks])
    serious: list[tuple[str, Mark, Severity, tuple[int, int]]] = []
    for (check, mark), (count, of) in zip(marks, counts, strict=True):
        severity = mark.severity(count, of) if count else None
        if severity is not None:
            serious.append((check, mark, severity, (count, of)))
    examples = _find_examples(table, [mark for _, mark, *_ in serious])
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


def _find_examples(table: ir.Table, marks: Sequence[Mark]) -> list[tuple[str | None, int | None]]:
    """The value and the number of the first marked row of each mark; where rows have no number, the smallest value."""
    if not marks:
        return []
    has_numbers, firsts = ROW_NUMBER in table.columns, list[ir.Value]()
    for place, mark in enumerate(marks):
        if has_numbers:
            firsts.append(ibis.ifelse(mark.rows, table[ROW_NUMBER], ibis.null("int64")).min().name(f"row_{place}"))
        if mark.example is not None:
            text = mark.example.cast("string")
            smallest = ibis.ifelse(mark.rows, text, ibis.null("string")).min()
            value = text.argmin(table[ROW_NUMBER], where=mark.rows) if has_numbers else smallest
            firsts.append(value.name(f"example_{place}"))
    first = fetch_one(table.aggregate(firsts)) if firsts else {}
    return [(first.get(f"example_{place}"), first.get(f"row_{place}")) for place in range(len(marks))]


def fetch_one(table: ir.Table) -> dict[str, Any]:
    """The only row of a table."""
    return table.to_pyarrow().to_pylist()[0]
