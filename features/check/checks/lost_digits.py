"""Ids that a spreadsheet or a float has rounded: several customers have become one, and nothing brings them back.

1.78E+04              scientific notation: a spreadsheet keeps as many digits as its column is wide
1234567890123450000   a spreadsheet keeps 15 digits, and writes zeros for the others
1.2345678901234568e18 a float keeps whole numbers up to 2**53 only
"""

from __future__ import annotations

from collections.abc import Iterator

import ibis
import ibis.expr.types as ir
from ibis import _

from core.ids import SCIENTIFIC
from features.check.data import CheckedData, CheckedTable
from features.check.finding import Check, Finding, Mark, Severity, always
from features.check.marks import fetch_one

LONG_NUMBER, ZEROS_AFTER_15 = "^[1-9][0-9]{15,}$", "^[1-9][0-9]{14}0+$"
MAX_EXACT_FLOAT = 2.0**53
SAMPLE_ROWS = 200_000
"Rows that are looked at in ids that occur once, such as those of orders: whatever rounds ids rounds whole columns."
KEYS = ("customer_id", "alias_id", "account_id", "item_id", "offer_id")


def find(data: CheckedData) -> Iterator[Finding]:
    """One finding at most for each column of ids that is text in the source."""
    for name, table in data.checked.items():
        for column in table.id_columns:
            written = _count_written(data, table, column=column)
            if written is not None:
                yield from _judge(data, name, column=column, written=written)


def _count_written(data: CheckedData, table: CheckedTable, *, column: str) -> ir.Table | None:
    if column in KEYS:
        return data.ids_as_written(table.name, column)
    text = table.text(column)
    if text is None:
        return None
    sample = table.source.select(id=text).limit(SAMPLE_ROWS)
    return sample.filter(_.id.notnull()).group_by("id").aggregate(n=_.count())


def _judge(data: CheckedData, name: str, *, column: str, written: ir.Table) -> Iterator[Finding]:
    plain = written.id.strip()
    is_scientific = plain.re_search(SCIENTIFIC)
    is_long, has_zeros = plain.re_search(LONG_NUMBER), plain.re_search(ZEROS_AFTER_15)
    row = fetch_one(
        written.aggregate(
            ids=_.count(),
            rows=_.n.sum(),
            scientific=ibis.ifelse(is_scientific, _.n, 0).sum(),
            example=ibis.ifelse(is_scientific, _.id, ibis.null("string")).min(),
            long=ibis.ifelse(is_long, 1, 0).sum(),
            zeros=ibis.ifelse(is_long & has_zeros, 1, 0).sum(),
            long_example=ibis.ifelse(is_long & has_zeros, _.id, ibis.null("string")).min(),
        )
    )
    if row["scientific"]:
        yield _describe(
            data, name, column=column, kind="scientific_ids", count=row["scientific"], of=row["rows"],
            example=row["example"],
        )  # fmt: skip
    # A single long number may end in a zero by chance; that all do is no chance.
    if row["long"] and row["long"] > 1 and row["long"] == row["zeros"]:
        yield _describe(
            data, name, column=column, kind="rounded_ids", count=row["zeros"], of=row["ids"],
            example=row["long_example"],
        )  # fmt: skip


def _describe(data: CheckedData, name: str, *, column: str, kind: str, count: int, of: int, example: str) -> Finding:
    return Finding(
        kind=kind,
        severity=Severity.ERROR,
        table=name,
        column=column,
        count=int(count),
        of=int(of),
        example=example,
        row=data.row_of(example, table=name, column=column),
    )


def mark_source(table: CheckedTable) -> Iterator[Mark]:
    """Floats above 2**53, which skip whole numbers."""
    for column in table.id_columns:
        for cell in table.cells(column):
            if cell.type().is_floating():
                yield Mark(
                    kind="float_ids",
                    column=column,
                    rows=(cell.abs() >= MAX_EXACT_FLOAT).fill_null(False),
                    example=cell,
                    severity=always(Severity.ERROR),
                )


CHECK = Check(mark_source=mark_source, find=find)
