"""Puts the checks of a data set into lines for people."""

from __future__ import annotations

from datetime import date

import numpy as np

from features.check.checks import DataCheck, HistoryCheck, TableCheck
from tables.cross_section import CrossSection

MAX_CHANNELS = 8
"Channels that are listed one by one."

HEADINGS = ("table", "rows read", "excluded", "first", "last", "watermark")


def table_cells(table: TableCheck) -> tuple[str, ...]:
    """One row below `HEADINGS`."""
    report = table.load_report
    first, last = (_format_day(time.date() if time else None) for time in (report.first, report.last))
    counts = (f"{report.n_rows:,}", f"{report.n_rows - report.n_usable:,}")
    return (report.table, *counts, first, last, _format_day(table.watermark))


def table_notes(data: DataCheck, table: TableCheck) -> list[str]:
    """What to know about one table: its columns, excluded rows, contradictions, unused columns and channels."""
    report = table.load_report
    notes = [f"columns found: {', '.join(report.columns)}", f"columns missing: {', '.join(table.missing) or 'none'}"]
    notes += [
        f"excluded: {rows:,} rows, {reason}{_format_example(report.examples.get(reason))}"
        for reason, rows in report.excluded.items()
    ]
    if table.duplicate_rows:
        notes.append(f"duplicate rows: {table.duplicate_rows:,} (see duplicate_rows in the TOML)")
    if report.n_line_versions:
        notes.append(f"older versions of lines: {report.n_line_versions:,}")
    if table.columns_without_date:
        columns = ", ".join(table.columns_without_date)
        notes.append(f"not used because undated: {columns} (see valid_from and as_of_today)")
    notes += [f"not used because personal: {one.column} looks like {one.looks_like}" for one in table.personal]
    notes += _channel_notes(table)
    notes += [
        f"contradictory: {issue.rows:,} rows, {issue.reason}{_format_example(issue.example)}"
        for issue in data.cross_row_issues
        if issue.table == report.table
    ]
    return notes


def missing_notes(data: DataCheck) -> list[str]:
    """What the data set does not have. None of it is an error."""
    notes = [f"missing tables: {', '.join(data.absent) or 'none'}"]
    if data.n_circular_aliases:
        circular = f"{data.n_circular_aliases:,} aliases point to each other in a circle"
        notes.insert(0, f"identities: {circular} and stay customers of their own")
    return [*notes, *(f"{missing} (fine)" for missing in data.missing_tables)]


def history_verdict(history: HistoryCheck) -> str:
    """Whether churn models can be trained."""
    return "the history is long enough" if history.is_sufficient else "the history is too short"


def cross_section_notes(cross_section: CrossSection) -> list[str]:
    """What to know about a data set of one row per customer: its files, its churn rate and its features."""
    name, churned, features = cross_section.config.name, cross_section.outcomes.churned, cross_section.features
    notes = [
        f"{name} is a cross-section: one row per customer, without dates",
        f"{len(churned):,} customers, {churned.sum():,} churned ({churned.mean():.1%}): {cross_section.definition}",
        *(f"{file}: {rows:,} rows read" for file, rows in cross_section.n_rows.items()),
    ]
    for column in features.columns:
        kind = "number" if column.vocabulary is None else f"{len(column.vocabulary)} words"
        n_missing = np.isnan(features.column(column.name)).sum()
        notes.append(f"  {column.name}: {kind}" + (f", {n_missing:,} missing" if n_missing else ""))
    return [*notes, f"next: kizuna train churn, tested on held-out customers because {name} has no dates"]


def _channel_notes(table: TableCheck) -> list[str]:
    channels = [channel for channel in table.channels if channel.channel is not None]
    notes = [
        f"channel {r.channel}: {r.rows:,} rows, {r.first} to {r.last}, watermark {r.watermark}"
        for r in channels[:MAX_CHANNELS]
    ]
    more = len(channels) - MAX_CHANNELS
    return notes + ([f"and {more} more channels"] if more > 0 else [])


def _format_day(day: date | None) -> str:
    return day.isoformat() if day else "-"


def _format_example(example: str | None) -> str:
    return f", e.g. {example}" if example else ""
