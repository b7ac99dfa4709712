"""The files of a cross-section: their cells, their columns, and the customer of each row."""

from __future__ import annotations

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from ibis.backends.duckdb import Backend as DuckDB

from core.config.sources import CrossSectionTable, TableSource, format_of
from core.errors import DataError, did_you_mean
from tables.cleaning.readings import read_column
from tables.cleaning.source_columns import columns_of, source_column
from tables.cleaning.workbench import Workbench
from tables.sources.protocol import Location, SourceRows, find_source

CUSTOMER = "customer_id"


def read_file(engine: DuckDB, name: str, *, table: CrossSectionTable) -> SourceRows:
    """The cells of a file as they are."""
    settings = TableSource(
        path=table.path,
        encoding=table.encoding,
        delimiter=table.delimiter,
        header_line=table.header_line,
        footer_lines=table.footer_lines,
        bad_lines=table.bad_lines,
    )
    location = Location(name, settings)
    return find_source(location).read(engine, location)


def file_column(raw: ir.Table, column: str, *, table: str) -> ir.Value:
    """A column of the file. Raises DataError if there is none."""
    if column not in raw.columns and column not in columns_of(raw):
        raise DataError(
            f"[cross_section.tables.{table}]: the file has no column '{column}'{did_you_mean(column, columns_of(raw))}"
        )
    return source_column(raw, column, table=table)


def read_ids(bench: Workbench, column: str, *, place: str, table: CrossSectionTable) -> ir.Value:
    """The customers' ids by the rule of `core.ids`, NULL where missing. Raises DataError for one that lost digits."""
    cell = bench.source[column]
    reading = read_column([cell], bench, written=format_of(None, table=table), kind="id")
    ids = bench.step(reading.value)
    for has_fault, fault in reading.other_faults:
        rows = bench.select(cell=cell.cast("string"), has_fault=has_fault)
        faulty = rows.filter(rows.has_fault).limit(1).to_pyarrow().to_pylist()
        if faulty:
            raise DataError(
                f"[cross_section.tables.{place}: an id cannot be read, e.g. '{faulty[0]['cell']}' "
                f"({fault}); export the ids as text"
            )
    return ids


def refuse_repeated_customers(ids: pa.ChunkedArray, name: str) -> None:
    """Raise DataError where a customer has several rows."""
    counts = pc.value_counts(ids.drop_null().combine_chunks())
    n_rows = counts.field("counts")
    if len(counts) and pc.max(n_rows).as_py() > 1:
        repeated = int(pc.sum(n_rows).as_py()) - len(counts)
        example = counts[int(np.argmax(n_rows.to_numpy()))].as_py()
        raise DataError(
            f"[cross_section.tables.{name}]: {repeated} rows repeat a customer, e.g. '{example['values']}' has "
            f"{example['counts']}; keep one row per customer"
        )
