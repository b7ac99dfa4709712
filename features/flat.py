"""A flat data set: one row a customer, known as of one day, with a column that says who has left.

Without times there is no past to learn from and no future to test on: every column is an attribute as of that day, and
may have been written because the customer left. Models are judged across customers, and the leak alarm looks at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from ibis.backends.duckdb import Backend as DuckDB

from core.config import Config, FlatSource, FlatTable, TableSource
from core.digest import digest_of
from core.errors import DataError, nearest
from core.feature_table import FeatureTable
from core.outcomes import Outcomes
from features.attributes import Attribute, as_numbers, kind_of
from features.engine import texts
from features.expressions import Expression, ibis
from features.intake import fingerprint_of
from features.sources.csv_files import read_csv
from features.sources.files import files_of, is_parquet, read_parquet
from features.tables import Tables
from features.words import MAX_WORDS, frequent_words

CUSTOMER, CHURNED, CAUSE = "customer_id", "churned", "churn_cause"
PLAIN_NUMBER = "^-?[0-9]+([.][0-9]*)?([eE][+-]?[0-9]+)?$"


@dataclass(frozen=True)
class FlatData:
    """Every customer in one table of the engine, sorted by id: features as listed, who left, and why."""

    config: Config
    rows: ir.Table
    n_rows: dict[str, int]
    "Rows read, by file."

    @cached_property
    def arrow(self) -> pa.Table:
        """The same in memory."""
        return self.rows.order_by(CUSTOMER).to_pyarrow()

    @property
    def customer_ids(self) -> np.ndarray:
        """(n,) text 'U', sorted."""
        return texts(self.arrow[CUSTOMER])

    @cached_property
    def features(self) -> FeatureTable:
        """What the TOML lists: words as codes, numbers as they are, dates as their age."""
        names = [name for name in self.rows.columns if name not in (CUSTOMER, CHURNED, CAUSE)]
        attributes = [self._attribute(name) for name in names]
        values = [as_numbers(self.arrow[a.source], a, self._as_of) for a in attributes]
        return FeatureTable(
            self.customer_ids, self._cutoffs, np.column_stack(values), tuple(a.column for a in attributes)
        )

    @cached_property
    def outcomes(self) -> Outcomes:
        """Who has left by the day that the files tell of; the horizon is what the TOML calls it."""
        churned = self.arrow[CHURNED].to_numpy(zero_copy_only=False).astype(bool)
        horizon_days = self.config.churn.horizon_days
        n = len(churned)
        return Outcomes(
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
        """Who counts as having left, in words."""
        label = self._source.label
        return f"{label.column} is '{label.equals}' in {label.table} as of {self._source.as_of}"

    @property
    def cohort(self) -> str:
        """Who is in it, in words."""
        return f"every row of {self._source.label.table} as of {self._source.as_of}"

    @property
    def tables(self) -> Tables:
        """What a flat data set has of tables under the contract: none."""
        return Tables(self.config, ibis.duckdb.connect(), {}, {})

    @cached_property
    def digest(self) -> str:
        """A fingerprint of the content."""
        return digest_of(fingerprint_of(self.rows))

    def _attribute(self, name: str) -> Attribute:
        kind = kind_of(self.rows[name])
        words = frequent_words(self.rows, name, MAX_WORDS) if kind == "word" else None
        return Attribute("customers", name, kind, words, as_of_today=True)

    @property
    def _source(self) -> FlatSource:
        return flat_source(self.config)

    @property
    def _as_of(self) -> date:
        """The label is a state, not something to come: the horizon lies before the day that the files tell of."""
        return self._source.as_of - timedelta(days=self.config.churn.horizon_days)

    @property
    def _cutoffs(self) -> np.ndarray:
        return np.full(len(self.arrow), np.datetime64(self._as_of, "D"))


def flat_source(config: Config) -> FlatSource:
    """The TOML's [flat]. Raises DataError where it has none."""
    if config.flat is None:
        raise DataError(f"{config.name} has no [flat]; its tables have times")
    return config.flat


def open_flat(config: Config) -> FlatData:
    """Read and join the files of a flat data set.

    Raises SourceUnavailable, ConfigError or DataError where a file, a column or the label cannot serve.
    """
    source, engine = flat_source(config), ibis.duckdb.connect()
    raw = {name: _raw(engine, name, table) for name, table in source.tables.items()}
    rows = _labelled(raw[source.label.table], source)
    for name, table in source.tables.items():
        listed = _listed(raw[name], name, table)
        _refuse_repeated(listed, name)
        rows = rows.left_join(listed, CUSTOMER).drop(f"{CUSTOMER}_right")
    stored = engine.create_table("flat", rows, temp=True)
    n_rows = {name: int(table.count().to_pyarrow().as_py()) for name, table in raw.items()}
    data = FlatData(config, _with_numbers(stored), n_rows)
    if data.outcomes.churned.all() or not data.outcomes.churned.any():
        raise DataError(
            f"{config.name}: {data.outcomes.churned.sum()} of {len(data.outcomes)} customers left ({data.definition}); "
            "both kinds are needed, see [flat.label]"
        )
    return data


def _raw(engine: DuckDB, name: str, table: FlatTable) -> ir.Table:
    source = TableSource(path=table.path, encoding=table.encoding, delimiter=table.delimiter)
    files = files_of(name, source)
    return read_parquet(engine, name, files) if is_parquet(name, files) else read_csv(engine, name, files, source)


def _column(raw: ir.Table, name: str, column: str) -> Expression:
    if column not in raw.columns:
        raise DataError(f"[flat.tables.{name}]: the file has no column '{column}'{nearest(column, raw.columns)}")
    return raw[column]


def _listed(raw: ir.Table, name: str, table: FlatTable) -> ir.Table:
    columns = {feature: _column(raw, name, column) for feature, column in table.columns.items()}
    return raw.select(**{CUSTOMER: _column(raw, name, table.customer_id).cast("string")}, **columns)


def _labelled(raw: ir.Table, source: FlatSource) -> ir.Table:
    label = source.label
    told = _column(raw, label.table, label.column).cast("string")
    why = ibis.literal("") if label.cause is None else _column(raw, label.table, label.cause).cast("string")
    named = _column(raw, label.table, source.tables[label.table].customer_id).cast("string")
    rows = raw.select(**{CUSTOMER: named, CHURNED: (told == label.equals).fill_null(False), CAUSE: why.fill_null("")})
    return rows.filter(rows[CUSTOMER].notnull())


def _refuse_repeated(listed: Expression, name: str) -> None:
    known = listed[CUSTOMER]
    repeated = int((known.count() - known.nunique()).to_pyarrow().as_py())
    if repeated:
        raise DataError(f"[flat.tables.{name}]: {repeated} rows repeat a customer; a flat data set has one row each")


def _with_numbers(rows: Expression) -> ir.Table:
    """Text columns that hold nothing but numbers and blanks, as numbers; blanks are missing."""
    words = [name for name in rows.columns if name not in (CUSTOMER, CAUSE) and rows[name].type().is_string()]
    cleaned = rows.mutate(**{name: rows[name].strip().nullif("") for name in words})
    numeric = _numeric(cleaned, words)
    return cleaned.mutate(**{name: cleaned[name].cast("float64") for name in numeric}) if numeric else cleaned


def _numeric(rows: Expression, names: Iterable[str]) -> list[str]:
    facts = [
        (rows[name].re_search(PLAIN_NUMBER).fill_null(True).all() & rows[name].notnull().any()).name(name)
        for name in names
    ]
    found = rows.aggregate(facts).to_pyarrow().to_pylist()[0] if facts else {}
    return [name for name, is_number in found.items() if is_number]
