"""Turns columns with one consent each into rows, as the contract has them:

customer  email_opt_in  sms_opt_out          customer  purpose       granted
ada       yes           yes             ->   ada       contact:mail  yes
bo        no                                 ada       contact:sms   false    (negated)
                                             bo        contact:mail  no       (an empty cell is no answer)
"""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from core.config.rows import AnswerColumn
from tables.cleaning.filling import blank_as_null
from tables.cleaning.readings import boolean_in
from tables.cleaning.source_columns import source_column


def unpivot_answers(raw: ir.Table, answers: Sequence[AnswerColumn], *, table: str) -> ir.Table:
    """One row per answer, with its `purpose` and `granted`; the source as it is without such columns.

    Raises DataError where the source has no such column.
    """
    if not answers:
        return raw
    parts = list[ir.Table]()
    for answer in answers:
        cell = _as_text(source_column(raw, answer.column, table=table))
        if answer.negated:
            # A word that is neither yes nor no stays, so that `check` names it.
            cell = ibis.ifelse(boolean_in(cell), "false", ibis.ifelse(~boolean_in(cell), "true", cell))
        row = raw.mutate(purpose=ibis.literal(answer.purpose), granted=cell)
        parts.append(row.filter(row.granted.notnull()))
    return ibis.union(*parts) if len(parts) > 1 else parts[0]


def _as_text(cell: ir.Value) -> ir.Value:
    """An answer as text, NULL where blank; 1.0, as pandas writes 1 in columns with empty cells, is 1."""
    if cell.type().is_floating():
        cell = ibis.ifelse(cell.isnan(), ibis.null("float64"), cell).round().cast("int64")
    return blank_as_null(cell.cast("string"))
