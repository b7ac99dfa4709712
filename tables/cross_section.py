"""A cross-section data set: one row per customer as of one day, with a column that labels churned customers.

Its files have one row per customer each and are joined by customer id. Without times there is no past to train on and
no future to test on. Every column is an attribute as of that day and may have been written because the customer
churned. Models are evaluated on held-out customers, and leak detection checks every column.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from ibis.backends.duckdb import Backend as DuckDB
from numpy.typing import NDArray

from core.config.data_set import Config
from core.config.sources import ColumnSource, CrossSectionSource, CrossSectionTable, TableSource, format_of
from core.errors import DataError, did_you_mean
from core.feature_table import FeatureTable
from core.ids import digest_of
from core.labels import Labels
from tables.attributes import MAX_WORDS, Attribute, encode_attribute, frequent_words, kind_of
from tables.cleaning.readings import read_column
from tables.cleaning.undeclared import UndeclaredColumn, read_undeclared
from tables.cleaning.workbench import Clock, Workbench
from tables.engines.arrays import texts
from tables.engines.databases import connect_in_memory
from tables.load_report import fingerprint_of
from tables.sources.protocol import Location, find_source
from tables.tables import Tables

CUSTOMER, CHURNED, CAUSE = "customer_id", "churned", "churn_cause"


@dataclass(frozen=True)
class CrossSection:
    """Every customer in one table of the engine: the listed features, the churn label and the cause."""

    config: Config
    rows: ir.Table
    n_rows: dict[str, int]
    "Number of rows by file."
    sources: dict[str, ir.Table]
    "The files as they are, by table."
    backend: DuckDB

    @cached_property
    def arrow(self) -> pa.Table:
        """The rows in memory, sorted by customer id."""
        return self.rows.order_by(CUSTOMER).to_pyarrow()

    @property
    def customer_ids(self) -> NDArray[np.str_]:
        """(n,) text 'U', sorted."""
        return texts(self.arrow[CUSTOMER])

    @cached_property
    def features(self) -> FeatureTable:
        """The columns that the TOML lists: words as codes, numbers unchanged, dates as their age."""
        names = [name for name in self.rows.columns if name not in (CUSTOMER, CHURNED, CAUSE)]
        attributes = [self._attribute(name) for name in names]
        values = [encode_attribute(self.arrow[a.source], a, cutoff=self._cutoff) for a in attributes]
        return FeatureTable(
            self.customer_ids, self._cutoffs, np.column_stack(values), tuple(a.column for a in attributes)
        )

    @cached_property
    def outcomes(self) -> Labels:
        """The churn label as of the day of the files; the horizon is the one in the TOML."""
        churned = self.arrow[CHURNED].to_numpy(zero_copy_only=False).astype(bool)
        horizon_days = self.config.churn.horizon_days
        n = len(churned)
        return Labels(
            customer_ids=self.customer_ids,
            cutoffs=self._cutoffs,
            churned=churned,
            churned_at=np.full(n, np.datetime64("NaT", "D")),
            cause=np.where(churned, texts(self.arrow[CAUSE]), ""),
            amount_after=np.full(n, np.nan),
            observed_until=self._cutoffs + np.timedelta64(horizon_days, "D"),
            horizon_days=horizon_days,
            definition=self.definition,
        )

    @property
    def definition(self) -> str:
        """Which customers count as churned, in words."""
        label = self._source.label
        return f"{label.column} is '{label.equals}' in {label.table} as of {self._source.cutoff}"

    @property
    def cohort(self) -> str:
        """Which customers are in the cohort, in words."""
        return f"every row of {self._source.label.table} as of {self._source.cutoff}"

    @property
    def tables(self) -> Tables:
        """No tables: the model cards and reports of a cross-section expect an empty set."""
        return Tables(self.config, connect_in_memory(), sources={}, conformed={})

    @cached_property
    def digest(self) -> str:
        """A fingerprint of the content."""
        return digest_of(fingerprint_of(self.rows))

    def _attribute(self, name: str) -> Attribute:
        kind = kind_of(self.rows[name])
        words = frequent_words(self.rows, name, max_words=MAX_WORDS) if kind == "word" else None
        return Attribute("customers", name, kind=kind, words=words, as_of_today=True)

    @property
    def _source(self) -> CrossSectionSource:
        return cross_section_source(self.config)

    @property
    def _cutoff(self) -> date:
        """The cutoff: the label is a state, so its horizon ends on the day of the files."""
        return self._source.cutoff - timedelta(days=self.config.churn.horizon_days)

    @property
    def _cutoffs(self) -> NDArray[np.datetime64]:
        return np.full(len(self.arrow), np.datetime64(self._cutoff, "D"))


def cross_section_source(config: Config) -> CrossSectionSource:
    """The section [cross_section] of the TOML. Raises DataError if there is none."""
    if config.cross_section is None:
        raise DataError(f"{config.name} has no [cross_section]; its tables have times")
    return config.cross_section


def open_cross_section(config: Config) -> CrossSection:
    """Read and join the files of a cross-section data set.

    Raises SourceUnavailable, ConfigError or DataError if a file, a column or the label cannot be used.
    """
    source, engine = cross_section_source(config), connect_in_memory()
    raw = {name: _read_file(engine, name, table=table) for name, table in source.tables.items()}
    rows = _select_label(raw[source.label.table], source, config=config)
    for name, table in source.tables.items():
        features = _select_features(raw[name], name, table=table, config=config)
        _refuse_repeated_customers(features, name)
        rows = rows.left_join(features, CUSTOMER).drop(f"{CUSTOMER}_right")
    stored = engine.create_table("cross_section", rows, temp=True)
    n_rows = {name: int(table.count().to_pyarrow().as_py()) for name, table in raw.items()}
    data = CrossSection(config, stored, n_rows, raw, engine)
    churned = data.outcomes.churned
    if churned.all() or not churned.any():
        raise DataError(
            f"{config.name}: {churned.sum()} of {len(churned)} customers churned ({data.definition}); "
            "both classes are needed, see [cross_section.label]"
        )
    return data


def _read_file(engine: DuckDB, name: str, *, table: CrossSectionTable) -> ir.Table:
    settings = TableSource(
        path=table.path,
        encoding=table.encoding,
        delimiter=table.delimiter,
        header_line=table.header_line,
        footer_lines=table.footer_lines,
    )
    location = Location(name, settings)
    return find_source(location).read(engine, location)


def _column(raw: ir.Table, column: str, *, table: str) -> ir.Value:
    if column not in raw.columns:
        raise DataError(
            f"[cross_section.tables.{table}]: the file has no column '{column}'{did_you_mean(column, raw.columns)}"
        )
    return raw[column]


def _select_features(raw: ir.Table, name: str, *, table: CrossSectionTable, config: Config) -> ir.Table:
    """The customer's id and the features of one file."""
    bench = Workbench(raw, Clock(config.time_zone, config.time_zone))
    customer = _read_ids(bench, name, table=table)
    columns: dict[str, UndeclaredColumn] = {}
    for feature, source in table.columns.items():
        column = ColumnSource(column=source) if isinstance(source, str) else source
        if column.constant is not None:
            cells = [ibis.literal(column.constant)]
        else:
            cells = [_column(raw, str(one), table=name) for one in column.product or (column.column,)]
        columns[feature] = UndeclaredColumn(cells, format_of(column, table=table))
    values = read_undeclared(columns, bench)
    return bench.table.select(**{CUSTOMER: customer}, **values)


def _read_ids(bench: Workbench, name: str, *, table: CrossSectionTable) -> ir.Value:
    """The customers' ids by the rule of `core.ids`, NULL where missing. Raises DataError for one that lost digits."""
    cell = _column(bench.table, table.customer_id, table=name)
    reading = read_column([cell], bench, written=format_of(None, table=table), kind="id")
    ids = bench.step(reading.value)
    for has_fault, fault in reading.other_faults:
        faulty = bench.table.filter(has_fault).select(cell=cell.cast("string")).limit(1).to_pyarrow().to_pylist()
        if faulty:
            raise DataError(
                f"[cross_section.tables.{name}] {table.customer_id}: an id cannot be read, e.g. '{faulty[0]['cell']}' "
                f"({fault}); export the ids as text"
            )
    return ids


def _select_label(raw: ir.Table, source: CrossSectionSource, *, config: Config) -> ir.Table:
    label, table = source.label, source.tables[source.label.table]
    bench = Workbench(raw, Clock(config.time_zone, config.time_zone))
    customer = _read_ids(bench, label.table, table=table)
    raw = bench.table
    value = _column(raw, label.column, table=label.table).cast("string")
    cause = ibis.literal("") if label.cause is None else _column(raw, label.cause, table=label.table).cast("string")
    churned = (value == label.equals).fill_null(False)
    rows = raw.select(**{CUSTOMER: customer, CHURNED: churned, CAUSE: cause.fill_null("")})
    return rows.filter(rows[CUSTOMER].notnull())


def _refuse_repeated_customers(features: ir.Table, name: str) -> None:
    ids = features[CUSTOMER]
    repeated = int((ids.count() - ids.nunique()).to_pyarrow().as_py())
    if repeated:
        raise DataError(f"[cross_section.tables.{name}]: {repeated} rows repeat a customer; keep one row per customer")
