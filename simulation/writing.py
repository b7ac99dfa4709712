"""Writes a simulated company to disk: its tables as Parquet, and the TOML that describes them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


def write_company(folder: Path, tables: Mapping[str, pa.Table], *, name: str, text: str) -> Path:
    """Write each table and the TOML; returns the path of the TOML."""
    folder.mkdir(parents=True, exist_ok=True)
    for table_name, table in tables.items():
        pq.write_table(table, folder / f"{table_name}.parquet")
    config = folder / name
    config.write_text(text, encoding="utf-8")
    return config


def list_tables(tables: Mapping[str, pa.Table]) -> str:
    """The [tables] sections of the TOML; paths are relative to its folder."""
    return "".join(f'\n[tables.{name}]\npath = "{name}.parquet"\n' for name in tables)
