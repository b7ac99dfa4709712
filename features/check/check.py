"""Is this data fit? What `kizuna check` says of a data set."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import ibis.expr.types as ir

from core.config.data_set import Config
from features.families.catalogue import MissingTable, missing_tables
from features.labels.labelling import LABELS
from tables.cleaning.conform import columns_of, dated_by
from tables.contract import CONTRACT
from tables.cross_row_checks import Oddity, oddities_of
from tables.engines.expressions import Expression, ibis
from tables.identities import followed, newest_links
from tables.known_at import undated
from tables.load_report import LoadReport
from tables.personal_columns import Suspicion, suspicions_of
from tables.tables import Tables
from tables.watermark import Recording


@dataclass(frozen=True)
class TableCheck:
    """One table: what was read, what was set aside, how far it goes."""

    intake: LoadReport
    missing: tuple[str, ...]
    "Columns of the contract that the source does not have; none of them is required."
    duplicate_rows: int
    "Rows that repeat another one cell by cell, and have no line_id to tell whether that is meant."
    recordings: tuple[Recording, ...]
    watermark: date | None
    personal: tuple[Suspicion, ...]
    "Columns refused as features."
    undated: tuple[str, ...]
    "Columns that features cannot use, because nothing says when they were written."


@dataclass(frozen=True)
class HistoryCheck:
    """Whether the history suffices for the churn definition asked for."""

    definition: str
    problems: tuple[str, ...]
    "Why it does not suffice; empty where it does."
    notes: tuple[str, ...] = ()
    "What it suffices for, and what to know about it."

    @property
    def sufficient(self) -> bool:
        """Whether churn models can be trained and tested."""
        return not self.problems


@dataclass(frozen=True)
class DataCheck:
    """What `kizuna check` prints."""

    data_set: str
    time_zone: str
    customers: int
    "Different ones with a purchase, usage or a subscription, aliases resolved."
    items: int
    "Different ones bought."
    circles: int
    "Aliases whose chain of identities never ends; they stay customers of their own."
    tables: tuple[TableCheck, ...]
    oddities: tuple[Oddity, ...]
    absent: tuple[str, ...]
    "Tables of the contract that the data set does not have."
    missing_tables: tuple[MissingTable, ...]
    "The features that are left out for want of a table."
    history: HistoryCheck


def check(tables: Tables) -> DataCheck:
    """Look at everything once. Reads all rows several times: for people, not for the hot path."""
    latest = tables.latest()
    purchases = [latest["purchases"]] if "purchases" in tables else []
    active = [latest[name] for name in ("purchases", "usage", "subscriptions") if name in tables]
    return DataCheck(
        data_set=tables.config.name,
        time_zone=tables.config.time_zone,
        customers=_different(active, "customer_id"),
        items=_different(purchases, "item_id"),
        circles=_circles(tables),
        tables=tuple(_check_table(tables, name) for name in tables.names),
        oddities=oddities_of(tables),
        absent=tuple(name for name in CONTRACT if name not in tables),
        missing_tables=missing_tables(tables),
        history=check_history(tables),
    )


def _different(tables: Iterable[ir.Table], column: str) -> int:
    having = [table.select(column) for table in tables if column in table.columns]
    if not having:
        return 0
    values: Expression = ibis.union(*having) if len(having) > 1 else having[0]
    return int(values[column].nunique().to_pyarrow().as_py())


def _circles(tables: Tables) -> int:
    if "identities" not in tables:
        return 0
    chains: Expression = followed(newest_links(tables["identities"]))
    return int(chains.filter(chains.open_ended).count().to_pyarrow().as_py())


def _check_table(tables: Tables, name: str) -> TableCheck:
    contract, intake, recordings = CONTRACT[name], tables.intake(name), tables.recordings(name)
    return TableCheck(
        intake=intake,
        missing=tuple(column for column in contract.names if column not in intake.columns),
        duplicate_rows=_identical(tables[name]) if name == "purchases" else 0,
        recordings=recordings,
        watermark=tables.watermark(name) if recordings else None,
        personal=tables.refused(name) + _unused_personal(tables, name),
        undated=tuple(
            column
            for column in undated(contract, intake.columns)
            if f"{name}.{column}" not in tables.config.as_of_today and column != dated_by(contract, intake.columns)
        ),
    )


def _unused_personal(tables: Tables, name: str) -> tuple[Suspicion, ...]:
    """Personal columns of the source that nothing asked for: they are not even read."""
    raw, config = tables.sources[name], tables.config
    mapped = columns_of(raw, CONTRACT[name], config, config.tables.get(name)).values()
    used = {source for column in mapped for source in (column.column, *(column.product or ()))}
    return suspicions_of(name, raw, [column for column in raw.columns if column not in used])


def _identical(purchases: Expression) -> int:
    lines = purchases.filter(purchases.line_id.isnull()) if "line_id" in purchases.columns else purchases
    return int((lines.count().to_pyarrow().as_py()) - lines.distinct().count().to_pyarrow().as_py())


def check_history(tables: Tables) -> HistoryCheck:
    """Whether labels can mature and be purged between the first row and the watermark."""
    config = tables.config
    name = LABELS[config.churn.definition].table
    if name not in tables:
        return HistoryCheck(config.churn.definition, (f"it needs the table {name}, which [tables] does not name",))
    first, watermark = tables.intake(name).first, tables.watermark(name)
    begin = first.date() if first else watermark
    stated = config.cutoffs.test is not None
    test = config.cutoffs.test or watermark - config.label_days()
    train = config.cutoffs.train or (test - config.label_days(),)
    problems = [*_test_problems(config, test, watermark), *_train_problems(config, train, test, begin)]
    whose = "stated" if stated else "the last mature one"
    spans = f"{name} from {begin} to before {watermark}; test cutoff {test} ({whose})"
    return HistoryCheck(config.churn.definition, tuple(problems), (spans, *_short_lookbacks(config, train, begin)))


def _test_problems(config: Config, test: date, watermark: date) -> list[str]:
    end = test + config.label_days()
    if end <= watermark:
        return []
    return [f"the label of the test cutoff {test} ends {end}, after the watermark {watermark}; test earlier"]


def _train_problems(config: Config, train: tuple[date, ...], test: date, begin: date) -> list[str]:
    crossing = [str(cutoff) for cutoff in train if cutoff + config.label_days() > test]
    early = [str(cutoff) for cutoff in train if cutoff <= begin]
    problems = []
    if crossing:
        problems.append(f"labels of the training cutoffs {', '.join(crossing)} cross the test cutoff {test}")
    if early:
        needed = begin + 2 * config.label_days() + timedelta(days=1)
        problems.append(
            f"nothing was recorded before the training cutoffs {', '.join(early)}; two labels of "
            f"{config.label_days().days} days after one day of history need records from {begin} to {needed}"
        )
    return problems


def _short_lookbacks(config: Config, train: tuple[date, ...], begin: date) -> list[str]:
    short = [str(cutoff) for cutoff in train if cutoff - timedelta(days=config.active_days) < begin]
    if not short:
        return []
    return [f"active_days {config.active_days} reaches back before the first record at {', '.join(short)}"]
