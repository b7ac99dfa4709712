"""Purchases whose sign says something else than a purchase or a return."""

from __future__ import annotations

from collections.abc import Iterator

import ibis
from ibis import _

from features.check.data import CheckedData, CheckedTable
from features.check.finding import Check, Finding, Mark, Severity
from features.check.marks import fetch_one

MOST = 0.5
"Share of negative amounts from which sales are probably written as negatives."


def mark_rows(table: CheckedTable) -> Iterator[Mark]:
    """Lines with a negative amount where most are, and lines whose amount and quantity have different signs."""
    if table.name != "purchases":
        return
    rows = table.rows
    yield Mark(
        kind="mostly_negative",
        column="amount",
        rows=(rows.amount < 0).fill_null(False),
        example=rows.amount,
        severity=lambda count, of: Severity.ERROR if count > MOST * of else None,
    )
    if "quantity" in rows.columns:
        contradicts = ((rows.amount > 0) & (rows.quantity < 0)) | ((rows.amount < 0) & (rows.quantity > 0))
        yield Mark(
            kind="opposite_signs",
            column="quantity",
            rows=contradicts.fill_null(False),
            example=rows.quantity,
            severity=lambda count, of: Severity.NOTE if count else None,
        )


def find(data: CheckedData) -> Iterator[Finding]:
    """Invoices and customers whose lines add up to less than nothing."""
    if "purchases" not in data:
        return
    rows = data["purchases"].rows
    counts = fetch_one(rows.aggregate(n=_.count(), negative=ibis.ifelse(_.amount < 0, 1, 0).sum()))
    if not counts["negative"] or counts["negative"] > MOST * counts["n"]:
        return
    for kind, column in (("negative_invoices", "order_id"), ("negative_customers", "customer_id")):
        if column not in rows.columns:
            continue
        totals = rows.filter(rows[column].notnull()).group_by(column).aggregate(total=_.amount.sum())
        negative = ibis.ifelse(totals.total < 0, totals[column], ibis.null("string"))
        row = fetch_one(totals.aggregate(n=_.count(), negative=negative.count(), example=negative.min()))
        if row["negative"]:
            yield Finding(
                kind=kind,
                severity=Severity.NOTE,
                table="purchases",
                column=column,
                count=int(row["negative"]),
                of=int(row["n"]),
                example=row["example"],
            )


CHECK = Check(mark_rows=mark_rows, find=find)
