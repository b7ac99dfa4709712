"""Checks whether a data set is fit for training: what was read, what was excluded, and what cannot be used.

Rows that are each valid may contradict each other. They are counted, with what Kizuna does about them: of overlapping
subscriptions the newest counts; an amount without an exchange rate is missing (`tables.currencies`). Usage outside any
subscription still counts as usage, because a trial or a return is usage too.

The history must be long enough to train and test the churn definition:

    first row      training cutoff        test cutoff          watermark
    |--------------|[---- label days ----)|[---- label days ----)|
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir

from core.config.data_set import Config
from features.families.catalogue import MissingTable, missing_tables
from features.labels.labelling import LABELS, describe_short_history, label_watermark
from tables.cleaning.conform import map_columns
from tables.contract import CONTRACT
from tables.currencies import purchases_without_rate, subscriptions_without_rate
from tables.identities import newest_links, resolve_chains
from tables.known_at import ChannelCoverage, columns_without_date
from tables.load_report import LoadReport
from tables.personal_columns import PersonalColumn, find_personal_columns
from tables.subscription_spans import find_overlaps
from tables.tables import Tables


@dataclass(frozen=True)
class HistoryCheck:
    """Whether the history is long enough for the data set's churn definition."""

    definition: str
    problems: tuple[str, ...]
    "Why it is not; empty where it is."
    notes: tuple[str, ...] = ()
    "The cutoffs it allows, and their limits."

    @property
    def is_sufficient(self) -> bool:
        """Whether churn models can be trained and tested."""
        return not self.problems


def check_history(tables: Tables) -> HistoryCheck:
    """Check that the labels of training and test cutoffs fit between the first row and the watermark."""
    config = tables.config
    name = LABELS[config.churn.definition].table
    if name not in tables:
        return HistoryCheck(config.churn.definition, (f"it needs the table {name}, which [tables] does not name",))
    first, watermark = tables.load_report(name).first, tables.watermark(name)
    begin = first.date() if first else watermark
    mature_until = label_watermark(tables)
    test = config.cutoffs.test or mature_until - config.label_duration
    train = config.cutoffs.train or (test - config.label_duration,)
    problems = [
        *_problems_of_test(config, test, mature_until=mature_until),
        *_problems_of_train(config, train, test=test, begin=begin),
    ]
    origin = "from [cutoffs]" if config.cutoffs.test is not None else "the last mature one"
    range_note = f"{name} from {begin} to before {watermark}; test cutoff {test} ({origin})"
    return HistoryCheck(
        config.churn.definition, tuple(problems), (range_note, *_short_lookbacks(config, train, begin=begin))
    )


def _problems_of_test(config: Config, test: date, *, mature_until: date) -> list[str]:
    end = test + config.label_duration
    if end <= mature_until:
        return []
    return [
        f"the label of the test cutoff {test} ends {end}, but labels are certain only until {mature_until}; "
        f"set a test cutoff of {mature_until - config.label_duration} or earlier"
    ]


def _problems_of_train(config: Config, train: tuple[date, ...], *, test: date, begin: date) -> list[str]:
    if not config.cutoffs.train:
        is_short = train[0] - timedelta(days=config.active_days) < begin
        return [describe_short_history(config, first=begin, test=test)] if is_short else []
    crossing = [str(cutoff) for cutoff in train if cutoff + config.label_duration > test]
    early = [str(cutoff) for cutoff in train if cutoff <= begin]
    problems = []
    if crossing:
        problems.append(f"labels of the training cutoffs {', '.join(crossing)} cross the test cutoff {test}")
    if early:
        needed = begin + 2 * config.label_duration + timedelta(days=1)
        problems.append(
            f"nothing was recorded before the training cutoffs {', '.join(early)}; two labels of "
            f"{config.label_duration.days} days after one day of history need records from {begin} to {needed}"
        )
    return problems


def _short_lookbacks(config: Config, train: tuple[date, ...], *, begin: date) -> list[str]:
    short = [str(cutoff) for cutoff in train if cutoff - timedelta(days=config.active_days) < begin]
    if not short:
        return []
    return [f"active_days {config.active_days} reaches back before the first row at {', '.join(short)}"]


@dataclass(frozen=True, kw_only=True)
class TableCheck:
    """What was read of one table, what was excluded, and how far its record goes."""

    load_report: LoadReport
    missing: tuple[str, ...]
    "Columns of the contract that the source does not have; none of them is required."
    duplicate_rows: int
    "Rows that repeat another one cell by cell, without a line_id that would make them distinct."
    channels: tuple[ChannelCoverage, ...]
    watermark: date | None
    personal: tuple[PersonalColumn, ...]
    "Columns that are not used as features because they look personal."
    columns_without_date: tuple[str, ...]
    "Columns that features cannot use, because nothing says when they were recorded."


@dataclass(frozen=True, kw_only=True)
class DataCheck:
    """Everything that `kizuna check` prints."""

    data_set: str
    time_zone: str
    n_customers: int
    "Distinct customers with a purchase, usage or a subscription, aliases resolved."
    n_items: int
    "Distinct items that were bought."
    n_circular_aliases: int
    "Aliases whose chain of identities is a circle; they stay customers of their own."
    tables: tuple[TableCheck, ...]
    cross_row_issues: tuple[CrossRowIssue, ...]
    absent: tuple[str, ...]
    "Tables of the contract that the data set does not have."
    missing_tables: tuple[MissingTable, ...]
    "Those of them that cost features."
    history: HistoryCheck


def check_tables(tables: Tables) -> DataCheck:
    """Check everything once. This reads all rows several times."""
    latest = tables.latest()
    purchases = [latest["purchases"]] if "purchases" in tables else []
    active = [latest[name] for name in ("purchases", "usage", "subscriptions") if name in tables]
    return DataCheck(
        data_set=tables.config.name,
        time_zone=tables.config.time_zone,
        n_customers=_count_distinct(active, "customer_id"),
        n_items=_count_distinct(purchases, "item_id"),
        n_circular_aliases=_count_circular_aliases(tables),
        tables=tuple(_check_table(tables, name) for name in tables.names),
        cross_row_issues=find_cross_row_issues(tables),
        absent=tuple(name for name in CONTRACT if name not in tables),
        missing_tables=missing_tables(tables),
        history=check_history(tables),
    )


def _count_distinct(tables: Iterable[ir.Table], column: str) -> int:
    columns = [table.select(column) for table in tables if column in table.columns]
    if not columns:
        return 0
    values: ir.Table = ibis.union(*columns) if len(columns) > 1 else columns[0]
    return int(values[column].nunique().to_pyarrow().as_py())


def _count_circular_aliases(tables: Tables) -> int:
    if "identities" not in tables:
        return 0
    chains: ir.Table = resolve_chains(newest_links(tables["identities"]))
    return int(chains.filter(chains.open_ended).count().to_pyarrow().as_py())


def _check_table(tables: Tables, name: str) -> TableCheck:
    contract, report, channels = CONTRACT[name], tables.load_report(name), tables.channels(name)
    return TableCheck(
        load_report=report,
        missing=tuple(column for column in contract.names if column not in report.columns),
        duplicate_rows=_count_duplicates(tables[name]) if name == "purchases" else 0,
        channels=channels,
        watermark=tables.watermark(name) if channels else None,
        personal=tables.personal_columns(name) + _unread_personal_columns(tables, name),
        columns_without_date=tuple(
            column
            for column in columns_without_date(contract, report.columns)
            if f"{name}.{column}" not in tables.config.as_of_today and column != contract.dating_column(report.columns)
        ),
    )


def _unread_personal_columns(tables: Tables, name: str) -> tuple[PersonalColumn, ...]:
    """Personal columns of the source that no setting names, so they are not even read."""
    source, config = tables.sources[name], tables.config
    mappings = map_columns(source, CONTRACT[name], config=config, source=config.tables.get(name)).values()
    read = {column for mapping in mappings for column in (mapping.column, *(mapping.product or ()))}
    return find_personal_columns(name, source, columns=[column for column in source.columns if column not in read])


def _count_duplicates(purchases: ir.Table) -> int:
    lines = purchases.filter(purchases.line_id.isnull()) if "line_id" in purchases.columns else purchases
    return int((lines.count().to_pyarrow().as_py()) - lines.distinct().count().to_pyarrow().as_py())


OVERLAP = "they begin while an earlier span of their subscription runs; of those that run together the newest counts"
OUTSIDE = "outside any subscription of their customer; they count as usage"


@dataclass(frozen=True, kw_only=True)
class CrossRowIssue:
    """Rows of one table that contradict other rows for one reason."""

    table: str
    reason: str
    "Includes what Kizuna does about it."
    rows: int
    example: str
    "The id of one of the rows."


def find_cross_row_issues(tables: Tables) -> tuple[CrossRowIssue, ...]:
    """The issues with at least one row, counted by the engine."""
    issues = (
        _count_issue(table, rows, reason=reason, id_column=column) for table, reason, rows, column in _checks(tables)
    )
    return tuple(issue for issue in issues if issue.rows)


def _checks(tables: Tables) -> Iterator[tuple[str, str, ir.Table, str]]:
    """Table, reason, rows, and the column of the example."""
    if "purchases" in tables:
        for reason, rows in purchases_without_rate(tables):
            yield "purchases", reason, rows, "customer_id"
    if "subscriptions" not in tables:
        return
    yield "subscriptions", OVERLAP, find_overlaps(tables["subscriptions"]), "subscription_id"
    for reason, rows in subscriptions_without_rate(tables):
        yield "subscriptions", reason, rows, "subscription_id"
    if "usage" in tables:
        latest = tables.latest()
        outside = usage_outside_subscriptions(latest["usage"], latest["subscriptions"])
        yield "usage", OUTSIDE, outside, "customer_id"


def usage_outside_subscriptions(usage: ir.Table, subscriptions: ir.Table) -> ir.Table:
    """The usage at a moment when the customer had no running subscription."""
    has_no_end = subscriptions.ended_at.isnull()
    return usage.anti_join(
        subscriptions,
        [
            usage.customer_id == subscriptions.customer_id,
            subscriptions.started_at <= usage.event_time,
            has_no_end | (usage.event_time < subscriptions.ended_at),
        ],
    )


def _count_issue(table: str, rows: ir.Table, *, reason: str, id_column: str) -> CrossRowIssue:
    row = rows.aggregate(rows=rows.count(), example=rows[id_column].min()).to_pyarrow().to_pylist()[0]
    return CrossRowIssue(table=table, reason=reason, rows=row["rows"], example=row["example"] or "")
