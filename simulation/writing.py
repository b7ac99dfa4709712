"""Writes a simulated company to disk: its tables as Parquet, and the TOML that describes them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from core.files import replace_file


def write_company(folder: Path, tables: Mapping[str, pa.Table], *, name: str, text: str) -> Path:
    """Write each table and the TOML; returns the path of the TOML."""
    folder.mkdir(parents=True, exist_ok=True)
    for table_name, table in tables.items():
        with replace_file(folder / f"{table_name}.parquet") as temporary:
            pq.write_table(table, temporary)
    config = folder / name
    with replace_file(config) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return config


def list_tables(tables: Mapping[str, pa.Table]) -> str:
    """The [tables] sections of the TOML; paths are relative to its folder."""
    return "".join(f'\n[tables.{name}]\npath = "{name}.parquet"\n' for name in tables)
