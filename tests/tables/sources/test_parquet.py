"""Parquet files."""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.config.sources import TableSource
from core.errors import DataError
from tables.sources.opening import open_tables
from tests.worlds import config


@contextmanager
def store_in_parquet(tables: Mapping[str, pa.Table]) -> Generator[dict[str, TableSource]]:
    """Each table as a file in a folder of its own, named by a glob."""
    with tempfile.TemporaryDirectory() as folder:
        for name, table in tables.items():
            (Path(folder) / name).mkdir()
            pq.write_table(table, Path(folder) / name / "t.parquet")
        yield {name: TableSource(path=f"{folder}/{name}/*.parquet") for name in tables}


WRITERS = {"parquet": store_in_parquet}


def test_a_damaged_file_is_an_error_that_names_it(tmp_path: Path):
    (tmp_path / "t.parquet").write_bytes(b"PAR1 is not enough")
    source = TableSource(path=str(tmp_path / "t.parquet"))

    with pytest.raises(DataError, match=r"t\.parquet is no complete Parquet file") as error:
        open_tables(config(tables={"purchases": source}))

    assert "\n" not in str(error.value)
