"""A feature table as a file for other tools."""

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
    """Write one row per (customer, cutoff), words as text, missing as nothing; the file appears whole or not at all.

    In a CSV, text that a spreadsheet would run is disarmed. Raises BadInput for a file that is neither .csv nor
    .parquet.
    """
    write = WRITERS[suffix_of(path)]
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        write(_in_words(features.to_arrow()), beside)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def suffix_of(path: Path) -> str:
    """The kind of file that a path asks for."""
    if path.suffix not in WRITERS:
        raise BadInput(f"{path} has to end in {' or '.join(sorted(WRITERS))}")
    return path.suffix


def _in_words(table: pa.Table) -> pa.Table:
    kinds = [pa.string() if pa.types.is_dictionary(field.type) else field.type for field in table.schema]
    return table.cast(pa.schema([pa.field(name, kind) for name, kind in zip(table.column_names, kinds, strict=True)]))


def _write_csv(table: pa.Table, path: Path) -> None:
    for place, field in enumerate(table.schema):
        if pa.types.is_string(field.type):
            cells = [None if text is None else escape_formula(text) for text in table[place].to_pylist()]
            table = table.set_column(place, field, pa.array(cells, pa.string()))
    csv.write_csv(table, path)


WRITERS = {".csv": _write_csv, ".parquet": pq.write_table}
