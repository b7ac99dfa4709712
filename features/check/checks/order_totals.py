"""Amounts that are totals of orders, repeated in each of their lines: revenue counts them once for each line."""

from __future__ import annotations

from collections.abc import Iterator

from core.config.sources import ColumnSource
from features.check.data import CheckedData
from features.check.finding import Check, Finding, Severity
from tables.cleaning.order_totals import count_repeated_amounts

PURCHASES, ORDER, AMOUNT = "purchases", "order_id", "amount"


def find(data: CheckedData) -> Iterator[Finding]:
    """Orders of several items whose lines all have one amount, where nothing shares it."""
    if PURCHASES not in data:
        return
    table = data[PURCHASES]
    source, rows = table.columns.get(AMOUNT), table.rows
    if not {ORDER, "item_id", AMOUNT} <= set(rows.columns) or _is_of_lines(source):
        return
    counts = count_repeated_amounts(rows[ORDER], rows.item_id, amount=rows.amount, rows=rows)
    if counts.are_totals:
        amount, order = (next(iter(table.source_names(name)), name) for name in (AMOUNT, ORDER))
        yield Finding(
            kind="repeated_order_totals",
            severity=Severity.WARNING,
            table=PURCHASES,
            column=AMOUNT,
            count=counts.n_repeated,
            of=counts.n_orders,
            setting=f'amount = {{ column = "{amount}", shared_within = "{order}" }}',
        )


def _is_of_lines(source: ColumnSource | None) -> bool:
    """Whether an amount is that of a line by its settings."""
    return source is not None and (source.product is not None or source.shared_within is not None)


CHECK = Check(find=find)
