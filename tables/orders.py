"""What an order and a return are. Features, labels, segments and the report follow this one definition.

    line        amount
    2024-03-01    60     order A
    2024-03-01    40     order A        one order of 100, made on 03-01
    2024-03-09   -60     order A        a return of 60, made on 03-09: no order, and no part of one

A line with a negative amount is a return; one that costs nothing is bought like any other. An order is the bought lines
of one order id, or of one moment where there is none, and it is made on the day of its last line. Revenue is the sum of
all lines: a return is taken off on the day on which it is made, in whatever month the purchase was.
"""

from __future__ import annotations

import ibis.expr.types as ir
from ibis import _

BOUGHT, IS_RETURNED = "amount >= 0", "amount < 0"
"Whether a line is bought, and whether it is a return, in the rule language."
IS_PURCHASE = _.amount >= 0
"`BOUGHT` as an expression."


def add_occasion(lines: ir.Table) -> ir.Table:
    """The lines with `occasion`: equal for the lines of one customer that belong together."""
    moment = lines.event_time
    occasion = lines.order_id.coalesce(moment.cast("string")) if "order_id" in lines.columns else moment
    return lines.mutate(occasion=occasion)
