"""Rows that cannot be used, by cause: those that cannot be read, and those that lie ahead of today."""

from __future__ import annotations

import re
from collections.abc import Iterator

from features.check.data import CheckedData, CheckedTable
from features.check.finding import Check, Finding, Severity
from tables.cleaning.far_future import AHEAD_OF_OTHERS, AHEAD_OF_TODAY, BUDDHIST_YEAR
from tables.cleaning.identifiers import LOST_DIGITS, ROUNDED
from tables.cleaning.readings import UNREADABLE
from tables.cleaning.suggestions import suggest_setting
from tables.cross_section import CrossSection
from tables.load_report import RowExclusion

SERIOUS_SHARE = 0.01
"Share of a table's rows from which their absence shows in figures."
MISSING = "missing"
"A cause that is normal in small numbers."
OTHER_CHECKS = ("score: no", f"{LOST_DIGITS}$", f"{ROUNDED}$")
"Causes that `survey_scores` and `lost_digits` find."
SETTING = re.compile(r"set (\w+ = .+)$")

CALENDAR = 'calendar = "buddhist"'
"The setting that reads 2567 as 2024."


def find(data: CheckedData) -> Iterator[Finding]:
    """One finding for each table and cause."""
    if data.cross_section is not None:
        yield from _check_cross_section(data.cross_section)
    if data.tables is None:
        return
    for name, table in data.checked.items():
        report = data.tables.load_report(name)
        for rows in report.exclusions:
            if not any(re.search(cause, rows.reason) for cause in OTHER_CHECKS):
                yield _describe(table, rows, of=report.n_rows)


def _check_cross_section(data: CrossSection) -> Iterator[Finding]:
    for name, n_rows in data.n_rows.items():
        for cause, count in data.count_excluded(name).items():
            yield Finding(
                kind="excluded_rows",
                severity=Severity.NOTE,
                table=name,
                column=cause.removesuffix(f": {MISSING}"),
                count=count,
                of=n_rows,
                values={"cause": cause},
            )


def _describe(table: CheckedTable, rows: RowExclusion, *, of: int) -> Finding:
    cause = rows.reason.removeprefix(f"{rows.column}: ")
    is_ahead = cause in (AHEAD_OF_TODAY, AHEAD_OF_OTHERS)
    is_buddhist = is_ahead and rows.value is not None and BUDDHIST_YEAR.search(rows.value) is not None
    is_serious = is_ahead or (rows.n_rows >= SERIOUS_SHARE * of and cause != MISSING)
    return Finding(
        kind="rows_ahead" if is_ahead else "excluded_rows",
        severity=Severity.WARNING if is_serious else Severity.NOTE,
        table=table.name,
        column=rows.column,
        count=rows.n_rows,
        of=of,
        example=_example_of(rows),
        row=rows.row,
        setting=_setting_of(table, rows) if cause.startswith(UNREADABLE) else CALENDAR if is_buddhist else None,
        values={"cause": rows.reason},
    )


def _setting_of(table: CheckedTable, rows: RowExclusion) -> str | None:
    """The setting that would read the values, if there is one."""
    setting = SETTING.search(suggest_setting(rows.value, table.kind(rows.column), section=table.section))
    return setting[1] if setting else None


def _example_of(rows: RowExclusion) -> str | None:
    """The value, with an id to look the row up by where rows have no number."""
    if rows.value is None or rows.row is not None or rows.row_id in (None, rows.value):
        return rows.row_id if rows.value is None else rows.value
    return f"{rows.value} ({rows.row_id})"


CHECK = Check(find=find)
