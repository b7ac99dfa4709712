"""Writes a feature table to a file for other tools."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as pq

from core.errors import BadInput
from core.feature_table import FeatureTable
from core.spreadsheet import escape_formula


def write_features(features: FeatureTable, path: Path) -> None:
    """Write one row per (customer, cutoff) to a .csv or .parquet file: words as text, missing values empty.

    The file is replaced as a whole, so readers never see half of it. In a CSV, text that a spreadsheet would run as
    a formula is disarmed. Raises BadInput for another suffix.
    """
    check_suffix(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        WRITERS[path.suffix](_decode_words(features.to_arrow()), temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def check_suffix(path: Path) -> None:
    """Raise BadInput unless the path ends in .csv or .parquet."""
    if path.suffix not in WRITERS:
        raise BadInput(f"cannot write {path}: the name must end in {' or '.join(sorted(WRITERS))}")


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
