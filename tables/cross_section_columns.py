"""Which columns of a cross-section's files are features, and why the others are none.

A table that lists `columns` has these features. Otherwise every column is one under its own name, but for the ids and
the label of all tables, what `exclude` lists, and columns that identify a person instead of describing them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

import ibis.expr.types as ir
import numpy as np

from core.config.sources import ColumnSource, CrossSectionSource, CrossSectionTable
from core.errors import DataError, did_you_mean
from core.feature_table import FeatureTable
from tables.cleaning.source_columns import columns_of, source_column
from tables.personal_columns import PersonalColumn, find_personal_columns

RESERVED = ("customer_id", "cutoff")
"Names that a feature table has for itself."
CALLED_ID = re.compile(r"(^|[_\s])(id|no|nr|number|key|uuid|guid)$|番号|コード", re.IGNORECASE)
MIN_IDS = 20
"With fewer rows, integers that are all different are no ids."


@dataclass(frozen=True)
class ListedColumns:
    """The features of one file, by name."""

    columns: dict[str, ColumnSource]
    own: frozenset[str]
    "Those that the TOML names; they are used whatever they look like."

    def without(self, names: Collection[str]) -> ListedColumns:
        """The same columns without some."""
        return replace(self, columns={name: column for name, column in self.columns.items() if name not in names})


def list_columns(raw: Mapping[str, ir.Table], source: CrossSectionSource) -> dict[str, ListedColumns]:
    """The columns of each file that may be features. Raises DataError where `exclude` names none of the file's."""
    named = {name.lower() for table in source.tables.values() for name in table.columns} | set(RESERVED)
    no_features = _ids_and_labels(source)
    listed: dict[str, ListedColumns] = {}
    for name, table in source.tables.items():
        columns = {feature: _as_source(column) for feature, column in table.columns.items()}
        own = frozenset(columns)
        if table.uses_all_columns:
            _refuse_unknown(table, name, columns=columns_of(raw[name]))
            for column in _other_columns(raw[name], table, no_features=no_features):
                # DuckDB, which joins the files, does not tell Charges from charges.
                feature = column if column.lower() not in named else f"{name}_{column}"
                named.add(feature.lower())
                columns[feature] = ColumnSource(column=column)
        listed[name] = ListedColumns(columns, own)
    return listed


def find_unusable_columns(name: str, values: ir.Table, *, listed: ListedColumns) -> tuple[PersonalColumn, ...]:
    """The columns of a file, as they were read, that the TOML does not name and that identify a person."""
    features = [feature for feature in listed.columns if feature not in listed.own]
    personal = find_personal_columns(name, values, columns=features)
    personal_names = {column.column for column in personal}
    called_ids = [
        feature
        for feature in features
        if feature not in personal_names and CALLED_ID.search(feature) and values[feature].type().is_numeric()
    ]
    return (*personal, *(PersonalColumn(name, feature, "near-unique ids") for feature in _unique(values, called_ids)))


def _ids_and_labels(source: CrossSectionSource) -> frozenset[str]:
    label = source.label
    ids = (table.customer_id for table in source.tables.values())
    return frozenset(name.lower() for name in (*ids, label.column, label.cause) if name is not None)


def _other_columns(raw: ir.Table, table: CrossSectionTable, *, no_features: frozenset[str]) -> Iterator[str]:
    used = {cell for column in table.columns.values() for cell in _cells(_as_source(column))} | set(table.exclude)
    for column in columns_of(raw):
        if column not in used and column.lower() not in no_features:
            kind = source_column(raw, column, table="").type()
            if not (kind.is_nested() or kind.is_binary()):
                yield column


def _as_source(column: str | ColumnSource) -> ColumnSource:
    return ColumnSource(column=column) if isinstance(column, str) else column


def _cells(column: ColumnSource) -> tuple[str, ...]:
    return column.product or ((column.column,) if column.column is not None else ())


def _refuse_unknown(table: CrossSectionTable, name: str, *, columns: tuple[str, ...]) -> None:
    for column in table.exclude:
        if column not in columns:
            raise DataError(
                f"[cross_section.tables.{name}] exclude: the file has no column '{column}'"
                f"{did_you_mean(column, columns)}"
            )


def _unique(values: ir.Table, columns: list[str]) -> list[str]:
    """The columns of whole numbers that are all different."""
    if not columns:
        return []
    tests = {
        f"{place}": (values[column].count() >= MIN_IDS)
        & (values[column].count() == values[column].nunique())
        & (values[column] == values[column].cast("float64").floor()).all()
        for place, column in enumerate(columns)
    }
    row = values.aggregate(**tests).to_pyarrow().to_pylist()[0]
    return [column for place, column in enumerate(columns) if row[f"{place}"]]


def find_redundant_columns(features: FeatureTable) -> dict[str, str]:
    """The columns that say nothing: by name, the earlier column that says the same, or '' where nothing varies."""
    first: dict[bytes, str] = {}
    redundant: dict[str, str] = {}
    for place, name in enumerate(features.names):
        column = features.values[:, place] + 0.0  # -0.0 is 0.0
        present = column[~np.isnan(column)]
        if len(present) in (0, len(column)) and (not len(present) or present.min() == present.max()):
            redundant[name] = ""
            continue
        earlier = first.setdefault(np.where(np.isnan(column), np.nan, column).tobytes(), name)
        if earlier != name:
            redundant[name] = earlier
    return redundant
