"""Rows that repeat another one in every column of the source, also in those that nothing reads.

receipt   customer   amount
K1        ada        5
K2        ada        5         another receipt, so another purchase
K2        ada        5         repeats the one before
"""

from __future__ import annotations

import ibis.expr.types as ir

from tables.cleaning.source_columns import ROW_NUMBER, drop_row_numbers


def drop_repeated(rows: ir.Table, source: ir.Table) -> ir.Table:
    """The rows, each once; in a database, whose rows have no numbers, those that differ in a column that is read."""
    if ROW_NUMBER not in rows.columns or ROW_NUMBER not in source.columns:
        return drop_row_numbers(rows).distinct()
    cells = [column for column in source.columns if column != ROW_NUMBER]
    first = source.group_by(cells).aggregate(first_number=source[ROW_NUMBER].min()).select("first_number")
    return drop_row_numbers(rows.semi_join(first, rows[ROW_NUMBER] == first.first_number))
