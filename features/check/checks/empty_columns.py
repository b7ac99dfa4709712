"""Columns without a single value, and required knowledge that is often missing."""

from __future__ import annotations

from collections.abc import Iterator

from features.check.data import CheckedTable
from features.check.finding import Check, Mark, Severity

VALUES = {"usage": ("value",), "purchases": ("quantity",), "preferences": ("value",)}
"Columns that say how much or what: a row without one counts less than it seems."
SERIOUS_SHARE = 0.5


def mark_rows(table: CheckedTable) -> Iterator[Mark]:
    """Rows without a value, by column."""
    for column in table.columns:
        if table.is_cross_section or column not in table.rows.columns:
            continue
        has_values = column in VALUES.get(table.name, ())
        yield Mark(
            kind="empty_cells" if has_values else "empty_column",
            column=column,
            rows=table.rows[column].isnull(),
            severity=_judge_values if has_values else _judge_column,
        )


def _judge_column(count: int, of: int) -> Severity | None:
    return Severity.NOTE if count == of else None


def _judge_values(count: int, of: int) -> Severity | None:
    return Severity.WARNING if count >= SERIOUS_SHARE * of else Severity.NOTE if count else None


CHECK = Check(mark_rows=mark_rows)
