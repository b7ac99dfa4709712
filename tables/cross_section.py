"""A cross-section data set: one row per customer as of one day, with a column that labels churned customers.

Its files have one row per customer each and are joined by customer id. Rows without an id or a label are not used.
Without times there is no past to train on and no future to test on. Every column is an attribute as of that day and may
have been written because the customer churned. Models are evaluated on held-out customers, and leak detection checks
every column.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from ibis.backends.duckdb import Backend as DuckDB
from numpy.typing import NDArray

from core.config.data_set import Config
from core.config.sources import CrossSectionSource, CrossSectionTable, format_of
from core.errors import DataError
from core.feature_table import FeatureTable
from core.ids import digest_of
from core.labels import Labels
from tables.attributes import MAX_WORDS, Attribute, encode_attribute, kind_of, labels_of
from tables.bad_lines import BadLines
from tables.cleaning.undeclared import ReadColumns, UndeclaredColumn, compute, read_undeclared, select_cells
from tables.cleaning.workbench import Clock, Workbench
from tables.cross_section_columns import ListedColumns, find_unusable_columns, list_columns
from tables.cross_section_files import CUSTOMER, file_column, read_file, read_ids, refuse_repeated_customers
from tables.cross_section_label import CAUSE, CHURNED, describe_labels, select_label
from tables.engines.arrays import texts
from tables.engines.databases import connect_in_memory
from tables.personal_columns import PersonalColumn
from tables.tables import Tables

MAX_VOCABULARY = 10_000
"Words that a column distinguishes. Above `MAX_WORDS`, models learn a rate for each, and words of one customer none."


@dataclass(frozen=True, kw_only=True)
class CrossSection:
    """Every customer in one table of the engine: the listed features, the churn label and the cause."""

    config: Config
    arrow: pa.Table
    "The rows in memory, sorted by customer id."
    rows: ir.Table
    n_rows: dict[str, int]
    "Number of rows by file."
    sources: dict[str, ir.Table]
    "The files as they are, by table."
    backend: DuckDB
    listed: dict[str, ListedColumns]
    "The features of each file that are used, and where they come from."
    unused: tuple[PersonalColumn, ...] = ()
    "Columns that look personal."
    excluded: dict[str, int] = field(default_factory=dict[str, int])
    "Rows of the label's file that are not used, by cause."
    bad_lines: dict[str, BadLines] = field(default_factory=dict[str, BadLines])
    "Lines of each file that cannot be read."
    n_not_finite: dict[str, int] = field(default_factory=dict[str, int])
    "Infinities and errors of spreadsheets among the numbers of a column, which are missing; by feature that has some."

    @property
    def customer_ids(self) -> NDArray[np.str_]:
        """(n,) text 'U', sorted."""
        return texts(self.arrow[CUSTOMER])

    @cached_property
    def features(self) -> FeatureTable:
        """The columns that are features: words as codes, numbers unchanged, dates as their age."""
        names = [name for name in self.rows.columns if name not in (CUSTOMER, CHURNED, CAUSE)]
        attributes = [self._attribute(name) for name in names]
        values = [encode_attribute(self.arrow[a.source], a, cutoff=self._cutoff) for a in attributes]
        matrix = np.column_stack([np.empty((len(self.arrow), 0)), *values])
        matrix[~np.isfinite(matrix)] = np.nan
        return FeatureTable(self.customer_ids, self._cutoffs, matrix, tuple(a.column for a in attributes))

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

    def count_excluded(self, table: str) -> dict[str, int]:
        """The rows of a file that are not used, by cause."""
        return self.excluded if table == self._source.label.table else {}

    @cached_property
    def digest(self) -> str:
        """A fingerprint of the content."""
        features = self.features
        digest = hashlib.blake2b(features.values.tobytes() + self.outcomes.churned.tobytes(), digest_size=16)
        return digest_of([digest.hexdigest(), features.names, features.vocabularies, self.customer_ids.tolist()])

    def _attribute(self, name: str) -> Attribute:
        kind = kind_of(self.rows[name])
        words = words_of(self.arrow[name]) if kind == "word" else None
        labels = labels_of(name, self.config)
        return Attribute("customers", name, kind=kind, words=words, as_of_today=True, labels=labels)

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


def words_of(column: pa.ChunkedArray) -> tuple[str, ...]:
    """Every word of a text column, sorted; of very many, the most frequent ones."""
    counts = Counter[str](column.drop_null().to_pylist())
    ranked = sorted(counts.items(), key=_by_frequency)
    if len(ranked) > MAX_WORDS:
        ranked = [(word, rows) for word, rows in ranked if rows > 1][:MAX_VOCABULARY]
    return tuple(sorted(word for word, _rows in ranked))


def _by_frequency(count: tuple[str, int]) -> tuple[int, str]:
    word, rows = count
    return -rows, word


def open_cross_section(config: Config) -> CrossSection:
    """Read and join the files of a cross-section data set.

    Raises SourceUnavailable, ConfigError or DataError if a file, a column or the label cannot be used.
    """
    source, engine = cross_section_source(config), connect_in_memory()
    files = {name: read_file(engine, name, table=table) for name, table in source.tables.items()}
    raw = {name: file.rows for name, file in files.items()}
    rows, excluded = select_label(raw[source.label.table], source, config=config)
    unused: list[PersonalColumn] = []
    features: dict[str, pa.ChunkedArray] = {}
    n_not_finite: dict[str, int] = {}
    listed = list_columns(raw, source)
    for name, table in source.tables.items():
        ids, read = _read_features(raw[name], name, table=table, listed=listed[name], config=config)
        unusable = find_unusable_columns(name, _store(engine, pa.table(read.values)), listed=listed[name])
        listed[name] = listed[name].without({column.column for column in unusable})
        unused += unusable
        n_not_finite |= read.n_not_finite
        # A customer whom the file does not have gets no values.
        places = pc.index_in(rows[CUSTOMER], value_set=ids.combine_chunks())
        features |= {feature: read.values[feature].take(places) for feature in listed[name].columns}
    columns = {name: rows[name] for name in rows.column_names}
    rows = pa.table(columns | features).sort_by(CUSTOMER)
    n_rows = {name: int(table.count().to_pyarrow().as_py()) for name, table in raw.items()}
    data = CrossSection(
        config=config,
        arrow=rows,
        rows=_store(engine, rows),
        n_rows=n_rows,
        sources=raw,
        backend=engine,
        listed=listed,
        unused=tuple(unused),
        excluded=excluded,
        bad_lines={name: file.bad_lines for name, file in files.items()},
        n_not_finite={name: n for name, n in n_not_finite.items() if n},
    )
    _refuse_one_class(data, raw[source.label.table])
    return data


def _store(engine: DuckDB, rows: pa.Table) -> ir.Table:
    """The rows as a table of the engine; one without columns cannot be stored."""
    rows = rows if rows.num_columns else pa.table({CUSTOMER: pa.array([], pa.string())})
    return engine.create_table(ibis.util.gen_name("cross_section"), rows, temp=True)


def _read_features(
    raw: ir.Table, name: str, *, table: CrossSectionTable, listed: ListedColumns, config: Config
) -> tuple[pa.ChunkedArray, ReadColumns]:
    """The customer's ids and the features of one file, in the order of its rows."""
    clock = Clock(config.time_zone, config.time_zone)
    bench = Workbench(select_cells(raw, [file_column(raw, table.customer_id, table=name)]), clock)
    customer = read_ids(bench, "c0", place=f"{name}] {table.customer_id}", table=table)
    ids = compute(bench, {CUSTOMER: customer})[CUSTOMER]
    refuse_repeated_customers(ids, name)
    columns: dict[str, UndeclaredColumn] = {}
    for feature, column in listed.columns.items():
        if column.constant is not None:
            cells = [ibis.literal(column.constant)]
        else:
            cells = [file_column(raw, str(one), table=name) for one in column.product or (column.column,)]
        columns[feature] = UndeclaredColumn(
            cells, format_of(column, table=table), is_constant=column.constant is not None
        )
    return ids, read_undeclared(columns, raw, clock=clock, table=f"[cross_section.tables.{name}] columns")


def _refuse_one_class(data: CrossSection, labelled: ir.Table) -> None:
    """Raise DataError, with the values of the label, where no customer or every customer churned."""
    churned = data.outcomes.churned
    if churned.any() and not churned.all():
        return
    label = cross_section_source(data.config).label
    if not len(churned):
        raise DataError(
            f"[cross_section.tables.{label.table}] has no customer: its file needs one row per customer, with an id "
            f"and {label.column}"
        )
    others = " or add the customers who stayed" if churned.all() else ""
    raise DataError(
        f"{data.config.name}: {churned.sum()} of {len(churned)} customers churned ({data.definition}), and both "
        f"classes are needed; in [cross_section.label], set equals to the value of customers who churned{others}; the "
        f"values of {label.column} are {describe_labels(labelled, label)}"
    )
