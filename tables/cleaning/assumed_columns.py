"""What it means that a source lacks a column: no subscription has ended, every contact was made, no amount is known.

Purchases without amounts count as bought, and as returned where their quantity is negative. Their amount is only a
sign: `Tables.has_amounts` is false, and nothing that shows money reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import ibis
import ibis.expr.types as ir

from tables.cleaning.conform import Conformed

BOUGHT, RETURNED = 1, -1


def assume_columns(conformed: Mapping[str, Conformed]) -> dict[str, Conformed]:
    """The tables with the columns that others rely on; `assumed` names those that the source does not have."""
    return {name: _assume(name, table) for name, table in conformed.items()}


def _assume(name: str, table: Conformed) -> Conformed:
    rows = table.rows
    if name == "subscriptions" and "ended_at" not in rows.columns:
        return replace(table, rows=rows.mutate(ended_at=ibis.null("timestamp")))
    if name == "contacts" and "treated" in rows.columns:
        return replace(table, rows=rows.mutate(treated=rows.treated.coalesce(True)))
    if name == "contacts":
        return replace(table, rows=rows.mutate(treated=ibis.literal(True)), assumed=("treated",))
    if name == "purchases" and "amount" not in rows.columns:
        return replace(table, rows=rows.mutate(amount=_sign(rows)), assumed=("amount",))
    return table


def _sign(rows: ir.Table) -> ir.Value:
    """1 for a line that was bought, -1 for one that was returned."""
    if "quantity" not in rows.columns:
        return ibis.literal(BOUGHT).cast("float64")
    return ibis.ifelse((rows.quantity < 0).fill_null(False), RETURNED, BOUGHT).cast("float64")
