"""Everything that `kizuna check` reports: the tables, the ids that meet, churn, and the findings of every check."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

import ibis
import ibis.expr.types as ir
import numpy as np

from features.check.data import CheckedData, CheckedTable
from features.check.finding import CHECKS, SEVERITIES, Check, Finding
from features.check.history import ChurnCheck, HistoryCheck, find_churn, find_history
from features.check.links import Link, find_links
from features.check.marks import fetch_one, find_marked
from features.check.places import name_files
from features.check.recommendations import RecommendationCheck, check_recommendations
from features.families.catalogue import MissingTable, missing_tables
from tables.cleaning.evidence import ReadingNote
from tables.contract import CONTRACT
from tables.cross_section import CrossSection
from tables.known_at import ChannelCoverage
from tables.load_report import LoadReport
from tables.tables import Tables


@dataclass(frozen=True, kw_only=True)
class TableOverview:
    """What was read of one table, and how far its record goes."""

    table: str
    n_rows: int
    "Rows of the source."
    excluded: Mapping[str, int]
    "Rows that cannot be used, by cause."
    n_line_versions: int
    "Rows that are a further version of a line."
    columns: Mapping[str, int]
    "Columns that were found, and how many usable rows have no value in them."
    absent: tuple[str, ...]
    "Columns of the contract that the source does not have; none of them is required."
    first: date | None
    "Day of the first usable row; None for tables of things."
    last: date | None
    watermark: date | None
    "First day that is not completely recorded; None for tables of things."
    notes: tuple[ReadingNote, ...]
    "How columns were read where their values decided it."
    channels: tuple[ChannelCoverage, ...]
    "The channels of the table, the largest first; empty without a column for them."


@dataclass(frozen=True, kw_only=True)
class DataCheck:
    """Everything that `kizuna check` reports, on every data set."""

    data_set: str
    time_zone: str
    currency: str
    is_cross_section: bool
    n_customers: int
    "Different customers with a purchase, usage or a subscription, aliases resolved."
    n_items: int
    "Different items that were bought."
    default_cutoff: date | None
    "The cutoff where none is given; None for a cross-section, and without any time."
    cutoff_tables: tuple[str, ...]
    "The tables whose watermarks decide it."
    tables: tuple[TableOverview, ...]
    absent_tables: tuple[str, ...]
    "Tables of the contract that the data set does not have."
    missing_tables: tuple[MissingTable, ...]
    "Those of them that cost features."
    links: tuple[Link, ...]
    history: HistoryCheck | None
    "None for a cross-section."
    churn: ChurnCheck
    recommendations: RecommendationCheck
    findings: tuple[Finding, ...]
    "The worst first."


def check_tables(tables: Tables) -> DataCheck:
    """Check the tables of a data set. This reads all rows several times."""
    data = CheckedData.of_tables(tables)
    latest = tables.latest()
    purchases = [latest.as_far_as_recorded("purchases")] if "purchases" in tables else []
    active = [latest.as_far_as_recorded(name) for name in ("purchases", "usage", "subscriptions") if name in tables]
    return DataCheck(
        data_set=tables.config.name,
        time_zone=tables.config.time_zone,
        currency=tables.config.currency,
        is_cross_section=False,
        n_customers=_count_distinct(active, "customer_id"),
        n_items=_count_distinct(purchases, "item_id"),
        default_cutoff=tables.default_cutoff() if all(map(tables.channels, tables.cutoff_tables)) else None,
        cutoff_tables=tables.cutoff_tables,
        tables=tuple(_describe_table(tables, data[name]) for name in tables.names),
        absent_tables=tuple(name for name in CONTRACT if name not in tables),
        missing_tables=missing_tables(tables),
        links=data.once(find_links),
        history=data.once(find_history),
        churn=data.once(find_churn),
        recommendations=data.once(check_recommendations),
        findings=find_all(data),
    )


def check_cross_section(cross_section: CrossSection) -> DataCheck:
    """Check the files of a cross-section."""
    data = CheckedData.of_cross_section(cross_section)
    features = cross_section.features
    n_missing = {name: int(np.isnan(features.column(name)).sum()) for name in features.names}
    return DataCheck(
        data_set=cross_section.config.name,
        time_zone=cross_section.config.time_zone,
        currency=cross_section.config.currency,
        is_cross_section=True,
        n_customers=len(cross_section.outcomes.churned),
        n_items=0,
        default_cutoff=None,
        cutoff_tables=(),
        tables=tuple(
            TableOverview(
                table=name,
                n_rows=cross_section.n_rows[name],
                excluded=cross_section.count_excluded(name),
                n_line_versions=0,
                columns={column: n_missing[column] for column in data[name].columns if column in n_missing},
                absent=(),
                first=None,
                last=None,
                watermark=None,
                notes=(),
                channels=(),
            )
            for name in data.checked
        ),
        absent_tables=(),
        missing_tables=(),
        links=data.once(find_links),
        history=None,
        churn=data.once(find_churn),
        recommendations=data.once(check_recommendations),
        findings=find_all(data),
    )


def find_all(data: CheckedData, checks: Mapping[str, Check] = CHECKS) -> tuple[Finding, ...]:
    """The findings of these checks, the worst first."""
    return tuple(sorted(name_files(_run_checks(data, list(checks.items())), data), key=_badness))


def _run_checks(data: CheckedData, checks: Collection[tuple[str, Check]]) -> Iterator[Finding]:
    for name, table in data.checked.items():
        source = [(key, mark) for key, check in checks if check.mark_source for mark in check.mark_source(table)]
        rows = [(key, mark) for key, check in checks if check.mark_rows for mark in check.mark_rows(table)]
        yield from find_marked(table.source, source, name=name)
        yield from find_marked(table.rows, rows, name=name)
    for key, check in checks:
        if check.find is not None:
            yield from (replace(finding, check=key) for finding in check.find(data))


def _badness(finding: Finding) -> tuple[int, float, str, str]:
    """Severity, then the share of rows that it concerns, then names, so that the order is always the same."""
    share = finding.count / finding.of if finding.of else 0.0
    return SEVERITIES.index(finding.severity), -share, finding.kind, f"{finding.table}.{finding.column}"


def _count_distinct(tables: Iterable[ir.Table], column: str) -> int:
    columns = [table.select(column) for table in tables if column in table.columns]
    if not columns:
        return 0
    values: ir.Table = ibis.union(*columns) if len(columns) > 1 else columns[0]
    return int(values[column].nunique().to_pyarrow().as_py())


def _describe_table(tables: Tables, table: CheckedTable) -> TableOverview:
    name = table.name
    contract, report, channels = CONTRACT[name], tables.load_report(name), tables.channels(name)
    return TableOverview(
        table=name,
        n_rows=report.n_rows,
        excluded=report.excluded,
        n_line_versions=report.n_line_versions,
        columns=_count_empty(table.rows, report),
        absent=tuple(column for column in contract.names if column not in report.columns),
        first=report.first.date() if report.first else None,
        last=report.last.date() if report.last else None,
        watermark=tables.watermark(name) if channels else None,
        notes=report.notes,
        channels=tuple(channel for channel in channels if channel.channel is not None),
    )


def _count_empty(rows: ir.Table, report: LoadReport) -> dict[str, int]:
    columns = [column for column in report.columns if column in rows.columns]
    counts = fetch_one(rows.aggregate([rows[column].isnull().sum().name(column) for column in columns]))
    return {column: int(counts[column] or 0) for column in columns}
