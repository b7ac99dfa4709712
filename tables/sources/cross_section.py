"""Reads the files of a cross-section data set, one row per customer each, and joins them by customer id."""

from __future__ import annotations

from collections.abc import Iterable

import ibis
import ibis.expr.types as ir
from ibis.backends.duckdb import Backend as DuckDB

from core.config.data_set import Config
from core.config.sources import CrossSectionSource, CrossSectionTable, TableSource
from core.errors import DataError, did_you_mean
from tables.cross_section import CAUSE, CHURNED, CUSTOMER, CrossSection, cross_section_source
from tables.engines.duckdb import connect_in_memory
from tables.sources.protocol import Location, find_source

PLAIN_NUMBER = "^-?[0-9]+([.][0-9]*)?([eE][+-]?[0-9]+)?$"


def open_cross_section(config: Config) -> CrossSection:
    """Read and join the files of a cross-section data set.

    Raises SourceUnavailable, ConfigError or DataError if a file, a column or the label cannot be used.
    """
    source, engine = cross_section_source(config), connect_in_memory()
    raw = {name: _read_file(engine, name, table=table) for name, table in source.tables.items()}
    rows = _select_label(raw[source.label.table], source)
    for name, table in source.tables.items():
        features = _select_features(raw[name], name, table=table)
        _refuse_repeated_customers(features, name)
        rows = rows.left_join(features, CUSTOMER).drop(f"{CUSTOMER}_right")
    stored = engine.create_table("cross_section", rows, temp=True)
    n_rows = {name: int(table.count().to_pyarrow().as_py()) for name, table in raw.items()}
    data = CrossSection(config, _parse_numbers(stored), n_rows)
    churned = data.outcomes.churned
    if churned.all() or not churned.any():
        raise DataError(
            f"{config.name}: {churned.sum()} of {len(churned)} customers churned ({data.definition}); "
            "both classes are needed, see [cross_section.label]"
        )
    return data


def _read_file(engine: DuckDB, name: str, *, table: CrossSectionTable) -> ir.Table:
    settings = TableSource(path=table.path, encoding=table.encoding, delimiter=table.delimiter)
    location = Location(name, settings)
    return find_source(location).read(engine, location)


def _column(raw: ir.Table, column: str, *, table: str) -> ir.Value:
    if column not in raw.columns:
        raise DataError(
            f"[cross_section.tables.{table}]: the file has no column '{column}'{did_you_mean(column, raw.columns)}"
        )
    return raw[column]


def _select_features(raw: ir.Table, name: str, *, table: CrossSectionTable) -> ir.Table:
    columns = {feature: _column(raw, column, table=name) for feature, column in table.columns.items()}
    return raw.select(**{CUSTOMER: _column(raw, table.customer_id, table=name).cast("string")}, **columns)


def _select_label(raw: ir.Table, source: CrossSectionSource) -> ir.Table:
    label = source.label
    value = _column(raw, label.column, table=label.table).cast("string")
    cause = ibis.literal("") if label.cause is None else _column(raw, label.cause, table=label.table).cast("string")
    customer = _column(raw, source.tables[label.table].customer_id, table=label.table).cast("string")
    churned = (value == label.equals).fill_null(False)
    rows = raw.select(**{CUSTOMER: customer, CHURNED: churned, CAUSE: cause.fill_null("")})
    return rows.filter(rows[CUSTOMER].notnull())


def _refuse_repeated_customers(features: ir.Table, name: str) -> None:
    ids = features[CUSTOMER]
    repeated = int((ids.count() - ids.nunique()).to_pyarrow().as_py())
    if repeated:
        raise DataError(f"[cross_section.tables.{name}]: {repeated} rows repeat a customer; keep one row per customer")


def _parse_numbers(rows: ir.Table) -> ir.Table:
    """Text columns with nothing but numbers and blanks as numbers; a blank is missing."""
    texts = [name for name in rows.columns if name not in (CUSTOMER, CAUSE) and rows[name].type().is_string()]
    stripped = rows.mutate(**{name: rows[name].strip().nullif("") for name in texts})
    numeric = _find_numeric(stripped, texts)
    return stripped.mutate(**{name: stripped[name].cast("float64") for name in numeric}) if numeric else stripped


def _find_numeric(rows: ir.Table, names: Iterable[str]) -> list[str]:
    is_numeric = [
        (rows[name].re_search(PLAIN_NUMBER).fill_null(True).all() & rows[name].notnull().any()).name(name)
        for name in names
    ]
    if not is_numeric:
        return []
    row = rows.aggregate(is_numeric).to_pyarrow().to_pylist()[0]
    return [name for name, is_number in row.items() if is_number]
