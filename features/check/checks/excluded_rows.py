"""Rows that cannot be used, by cause."""

from __future__ import annotations

from collections.abc import Iterator

from features.check.data import CheckedData
from features.check.finding import Check, Finding, Severity
from tables.load_report import RowExclusion

SERIOUS_SHARE = 0.01
"Share of a table's rows from which their absence shows in figures."
MISSING, SCORES = ": missing", "score: no"
"How causes end that are normal in small numbers, and how those begin that `survey_scores` finds."


def find(data: CheckedData) -> Iterator[Finding]:
    """One finding for each table and cause."""
    if data.tables is None:
        return
    for name in data.checked:
        report = data.tables.load_report(name)
        for rows in report.exclusions:
            cause, n_rows = rows.reason, rows.n_rows
            if cause.startswith(SCORES):
                continue
            is_serious = n_rows >= SERIOUS_SHARE * report.n_rows and not cause.endswith(MISSING)
            yield Finding(
                kind="excluded_rows",
                severity=Severity.WARNING if is_serious else Severity.NOTE,
                table=name,
                column=rows.column,
                count=n_rows,
                of=report.n_rows,
                example=_example_of(rows),
                row=rows.row,
                values={"cause": cause},
            )


def _example_of(rows: RowExclusion) -> str | None:
    """The value, with an id to look the row up by where rows have no number."""
    if rows.value is None or rows.row is not None or rows.row_id in (None, rows.value):
        return rows.row_id if rows.value is None else rows.value
    return f"{rows.value} ({rows.row_id})"


CHECK = Check(find=find)
