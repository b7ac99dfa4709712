"""Reads a cross-section data set's files, a row a customer each, and joins them by the customer's id."""

from __future__ import annotations

from collections.abc import Iterable

import ibis.expr.types as ir
from ibis.backends.duckdb import Backend as DuckDB

from core.config.data_set import Config
from core.config.sources import CrossSectionSource, CrossSectionTable, TableSource
from core.errors import DataError, did_you_mean
from tables.cross_section import CAUSE, CHURNED, CUSTOMER, CrossSection, cross_section_source
from tables.engines.expressions import Expression, ibis
from tables.sources.csv_files import read_csv
from tables.sources.files import files_of, is_parquet, read_parquet

PLAIN_NUMBER = "^-?[0-9]+([.][0-9]*)?([eE][+-]?[0-9]+)?$"


def open_cross_section(config: Config) -> CrossSection:
    """Read and join the files of a cross-section data set.

    Raises SourceUnavailable, ConfigError or DataError where a file, a column or the label cannot serve.
    """
    source, engine = cross_section_source(config), ibis.duckdb.connect()
    raw = {name: _raw(engine, name, table) for name, table in source.tables.items()}
    rows = _labelled(raw[source.label.table], source)
    for name, table in source.tables.items():
        listed = _listed(raw[name], name, table)
        _refuse_repeated(listed, name)
        rows = rows.left_join(listed, CUSTOMER).drop(f"{CUSTOMER}_right")
    stored = engine.create_table("cross_section", rows, temp=True)
    n_rows = {name: int(table.count().to_pyarrow().as_py()) for name, table in raw.items()}
    data = CrossSection(config, _with_numbers(stored), n_rows)
    if data.outcomes.churned.all() or not data.outcomes.churned.any():
        raise DataError(
            f"{config.name}: {data.outcomes.churned.sum()} of {len(data.outcomes)} customers left ({data.definition}); "
            "both kinds are needed, see [cross_section.label]"
        )
    return data


def _raw(engine: DuckDB, name: str, table: CrossSectionTable) -> ir.Table:
    source = TableSource(path=table.path, encoding=table.encoding, delimiter=table.delimiter)
    files = files_of(name, source)
    return read_parquet(engine, name, files) if is_parquet(name, files) else read_csv(engine, name, files, source)


def _column(raw: ir.Table, name: str, column: str) -> Expression:
    if column not in raw.columns:
        raise DataError(
            f"[cross_section.tables.{name}]: the file has no column '{column}'{did_you_mean(column, raw.columns)}"
        )
    return raw[column]


def _listed(raw: ir.Table, name: str, table: CrossSectionTable) -> ir.Table:
    columns = {feature: _column(raw, name, column) for feature, column in table.columns.items()}
    return raw.select(**{CUSTOMER: _column(raw, name, table.customer_id).cast("string")}, **columns)


def _labelled(raw: ir.Table, source: CrossSectionSource) -> ir.Table:
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
        raise DataError(f"[cross_section.tables.{name}]: {repeated} rows repeat a customer; keep one row per customer")


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
