"""Computes a feature table from tables and a cohort, and writes it to a file for other tools.

Training, releases and exports all compute features here. The loop over cutoffs lets each one see `tables.at(cutoff)`
and nothing else. (One big range join over all cutoffs was measured three times as slow.)
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from pathlib import Path

import ibis.expr.types as ir
import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from core.config.data_set import Config
from core.feature_table import FeatureColumn, FeatureTable
from core.files import replace_file, require_table_file
from core.redaction import escape_formula
from core.window import Cohort
from features.compiler.compiler import compute_measures, evaluate
from features.compiler.declaration import AMOUNTS, Feature, Measure, measures_of
from features.compiler.facts import FEATURE_TABLES, collect_facts, customers_table, derive_columns, history_days
from features.daily_memo import DailyMemo, key_of_customers
from features.families.catalogue import available_features
from tables.attributes import Attribute, attribute_values, find_attributes
from tables.tables import Tables


def compute_features(
    tables: Tables,
    cohort: Cohort,
    *,
    vocabularies: Mapping[str, tuple[str, ...]] | None = None,
    names: Collection[str] | None = None,
    memo: DailyMemo | None = None,
) -> FeatureTable:
    """Compute the features and listed attributes of each row of the cohort, in its order.

    `vocabularies` are those of the table that a model was fitted on (`FeatureTable.vocabularies`). Without them, the
    words are learned from the rows that were known at the newest cutoff. `names` limits the columns; names that the
    data set does not have are ignored. `memo` keeps the features of each cutoff's customers.
    """
    newest = tables.at(cohort.cutoffs.max().item()) if len(cohort) else tables.latest()
    features = tuple(one for one in available_features(newest, vocabularies) if names is None or one.name in names)
    attributes = tuple(one for one in find_attributes(newest, vocabularies) if names is None or one.name in names)
    columns = (
        *(_with_currency(feature.column, newest.config) for feature in features),
        *(attribute.column for attribute in attributes),
    )
    # Every cell is written below; until then the untouched table takes no memory, which the engine needs meanwhile.
    values = np.empty((len(cohort), len(columns)), order="F")
    for day in np.unique(cohort.cutoffs):
        rows = np.flatnonzero(cohort.cutoffs == day)
        customer_ids = cohort.customer_ids[rows]
        described = _describe(tables, customer_ids, cutoff=day.item(), features=features, attributes=attributes)
        if memo is not None:
            key = ("features", day.item(), key_of_customers(customer_ids), columns)
            described = memo.recall(key, lambda described=described: list(described))
        for place, column in enumerate(described):
            values[rows, place] = column
    return FeatureTable(cohort.customer_ids, cohort.cutoffs, values, columns)


def _describe(
    tables: Tables,
    customer_ids: NDArray[np.str_],
    *,
    cutoff: date,
    features: tuple[Feature, ...],
    attributes: tuple[Attribute, ...],
) -> Iterable[NDArray[np.float64]]:
    """The features and attributes of customers at one cutoff, each (n,)."""
    at_cutoff, customers, n = tables.at(cutoff), customers_table(customer_ids), len(customer_ids)
    measures = _compute_measures(at_cutoff, customers, cutoff=cutoff, features=features, n_customers=n)
    for feature in features:
        yield evaluate(feature.expression, measures)
    yield from attribute_values(at_cutoff, customers, attributes=attributes, cutoff=cutoff, n_customers=n)


def _with_currency(column: FeatureColumn, config: Config) -> FeatureColumn:
    """The column of an amount with the currency that people read it in; any other as it is."""
    if column.unit not in AMOUNTS:
        return column
    return msgspec.structs.replace(column, currency=config.currency, n_decimals=config.n_decimals)


def _compute_measures(
    tables: Tables, customers: ir.Table, *, cutoff: date, features: tuple[Feature, ...], n_customers: int
) -> dict[Measure, NDArray[np.float64]]:
    """The measures that the features need, table by table; `tables` are those at the cutoff."""
    values: dict[Measure, NDArray[np.float64]] = {}
    needed = [measure for feature in features for measure in measures_of(feature.expression)]
    for table in FEATURE_TABLES:
        measures = [measure for measure in needed if measure.grain.table == table]
        if not measures:
            continue
        rows = derive_columns(tables, table)
        longest = max(measure.window_days or 0 for measure in measures)
        with collect_facts(rows, customers, cutoff=cutoff, measures=measures) as facts:
            recorded = history_days(tables, table, rows=rows, facts=facts, cutoff=cutoff, enough=longest)
            values |= compute_measures(facts, measures, n_customers=n_customers, history_days=recorded)
    return values


def write_features(features: FeatureTable, path: Path) -> None:
    """Write one row per (customer, cutoff) to a .csv or .parquet file: words as text, missing values empty.

    The file is replaced as a whole, so readers never see half of it. In a CSV, text that a spreadsheet would run as
    a formula is disarmed. Raises BadInput for another suffix.
    """
    require_table_file(path)
    with replace_file(path) as temporary:
        WRITERS[path.suffix](_decode_words(features.to_arrow()), temporary)


def _decode_words(table: pa.Table) -> pa.Table:
    """Dictionary columns as plain text."""
    types = [pa.string() if pa.types.is_dictionary(field.type) else field.type for field in table.schema]
    return table.cast(pa.schema([pa.field(name, dtype) for name, dtype in zip(table.column_names, types, strict=True)]))


def _write_csv(table: pa.Table, path: Path) -> None:
    for place, field in enumerate(table.schema):
        if pa.types.is_string(field.type):
            cells = [None if text is None else escape_formula(text) for text in table[place].to_pylist()]
            table = table.set_column(place, field, pa.array(cells, pa.string()))
    csv.write_csv(table, path)


WRITERS = {".csv": _write_csv, ".parquet": pq.write_table}
"By the suffix of the file."
