"""Writes exports of a release as .csv or .parquet files, e.g. for a CRM or a mailing tool."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from core.catalogue import Catalogue
from core.errors import BadInput, NotFound
from core.files import replace_file, require_table_file
from core.redaction import escape_formula
from serving.release.release import Release
from serving.stock import EMPTY_STOCK, Stock

Rows = Iterator[list[dict[str, Any]]]
"Blocks of rows by column name."

BLOCK_ROWS = 10_000

REASON_COLUMNS = [
    ("reasons_en", pa.string()),
    ("reasons_ja", pa.string()),
    ("reason_codes", pa.string()),
    ("reason_directions", pa.string()),
]
SOURCE_COLUMNS = [
    ("cutoff", pa.date32()),
    ("model", pa.string()),
    ("model_version", pa.int32()),
    ("is_baseline", pa.bool_()),
    ("release_id", pa.string()),
]
"As `source_columns` fills them."


@dataclass(frozen=True, kw_only=True)
class ExportOptions:
    """Options of an export; each export uses those that concern it."""

    k: int = 10
    "Items per customer."
    stock: Stock = EMPTY_STOCK
    "Items out of stock are excluded."
    changed_since: Release | None = None
    "Only customers whose score has changed since this earlier release."
    event: str = ""
    "The event under [predict] whose probabilities are exported."
    segment: str = ""
    "Only the customers of this segment or customer tier."


@dataclass(frozen=True, kw_only=True)
class Export:
    """One kind of export file."""

    columns: pa.Schema
    rows: Callable[[Release, ExportOptions], Rows]
    "Raises NotFound if the release does not contain the part."
    n_excluded: Callable[[Release, ExportOptions], int]
    "Number of customers who are excluded because they opted out."
    percentages: frozenset[str] = frozenset()
    "Columns with shares from 0 to 1, which a .csv writes as percentages with two decimals."


EXPORTS: Catalogue[Export] = Catalogue.of_folder("serving.build.exports", attribute="EXPORT")


def write_export(
    export: Export, path: Path, *, release: Release, options: ExportOptions | None = None, excel: bool = False
) -> int:
    """Write an export and return the number of rows.

    The file is written under a temporary name and replaces `path` when it is complete. `excel` begins a .csv with a
    byte order mark, which Excel needs to read Japanese.
    """
    blocks = export.rows(release, options or ExportOptions())
    if path.suffix == ".csv":
        blocks = _write_percentages(blocks, export.percentages)
    return write_rows(path, export.columns, blocks=blocks, excel=excel)


def write_rows(path: Path, columns: pa.Schema, *, blocks: Rows, excel: bool = False) -> int:
    """Write blocks of rows to a .csv or .parquet file, whole or not at all; returns the number of rows."""
    require_table_file(path)
    writers = {".csv": _write_csv, ".parquet": _write_parquet}
    with replace_file(path) as temporary:
        return writers[path.suffix](temporary, columns, blocks=blocks, excel=excel)


def source_columns(release: Release, kind: str) -> dict[str, Any]:
    """The columns that name the source of each row. Raises NotFound if the release has no model of this kind."""
    description = release.description
    if kind in description.models:
        return {
            "cutoff": description.cutoff,
            "model": description.models[kind].model,
            "model_version": description.models[kind].version,
            "is_baseline": description.models[kind].is_baseline,
            "release_id": description.release_id,
        }
    reason = description.missing.get(kind, "unknown")
    raise NotFound(f"release {description.release_id} has no {kind}: {reason}")


def _write_percentages(blocks: Rows, percentages: frozenset[str]) -> Rows:
    """The blocks with shares as text: 23.45%."""
    for block in blocks:
        yield [row | {name: f"{row[name]:.2%}" for name in percentages if row.get(name) is not None} for row in block]


def csv_cell(value: object) -> object:
    """A value for a CSV cell: whole numbers without decimals, and no text that a spreadsheet would run as a formula."""
    if isinstance(value, str):
        return escape_formula(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return "" if value is None else value


def _write_csv(path: Path, columns: pa.Schema, *, blocks: Iterable[list[dict[str, Any]]], excel: bool) -> int:
    n_rows = 0
    with path.open("w", encoding="utf-8-sig" if excel else "utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns.names)
        for block in blocks:
            writer.writerows([csv_cell(row.get(name)) for name in columns.names] for row in block)
            n_rows += len(block)
    return n_rows


def _write_parquet(path: Path, columns: pa.Schema, *, blocks: Iterable[list[dict[str, Any]]], excel: bool) -> int:
    if excel:
        raise BadInput("--excel is for .csv files; remove it for .parquet")
    n_rows = 0
    with pq.ParquetWriter(path, columns) as writer:
        for block in blocks:
            writer.write_table(pa.Table.from_pylist(block, columns))
            n_rows += len(block)
    return n_rows
