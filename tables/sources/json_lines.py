"""JSON Lines: one object per line, every value as text, so that long ids keep their digits; or a list of objects.

    {"id": "00123", "plan": {"amount": 2900}}       columns id and plan, whose field is named `plan.amount`

A list of objects stays one, see `each` of the table; any other list is one text, as it is written.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import ibis.expr.types as ir
from ibis.backends.duckdb import Backend as DuckDB

from core.errors import DataError
from tables.bad_lines import BadLines, check_json_lines, refuse_bad_lines, sift
from tables.sources.protocol import Location, SourceRows, copy_in_order

MAX_OBJECT_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class JsonLinesFiles:
    """One or more files of JSON Lines; an object that lacks a field has no value there."""

    endings: tuple[str, ...] = (".jsonl", ".ndjson", ".json")
    is_text: bool = True

    def accepts(self, location: Location) -> bool:
        """Whether every file ends as JSON Lines do."""
        return location.settings.path is not None and location.endings <= set(self.endings)

    def read(self, engine: DuckDB, location: Location) -> SourceRows:
        """The values as text, copied into the engine.

        Raises DataError for a file that is no JSON Lines, or empty, and for lines that are no object unless `bad_lines`
        leaves them out.
        """
        layout = _layout(location)
        try:
            return SourceRows(_copy_rows(engine, location.files, layout=layout, location=location))
        except (duckdb.Error, _NoFieldsError) as fault:
            if layout == "array":
                raise _no_json_lines(location) from fault
        with TemporaryDirectory() as folder:
            copies = [Path(folder, f"{n}.jsonl") for n, _ in enumerate(location.files)]
            bad = [sift(check_json_lines(file), copy=copy) for file, copy in zip(location.files, copies, strict=True)]
            doubt = "JSON Lines has one object per line"
            refuse_bad_lines(bad, location.name, are_skipped=location.settings.bad_lines == "skip", doubt=doubt)
            try:
                rows = _copy_rows(engine, copies, layout=layout, location=location)
            except (duckdb.Error, _NoFieldsError) as fault:
                raise _no_json_lines(location) from fault
            return SourceRows(rows, sum(bad, BadLines()))


SOURCE = JsonLinesFiles()


class _NoFieldsError(Exception):
    """The lines are not all objects with fields."""


def _copy_rows(engine: DuckDB, files: Sequence[Path], *, layout: str, location: Location) -> ir.Table:
    paths = [str(path) for path in files]
    columns = _columns_as_text(paths, layout)
    if list(columns) == ["json"]:
        raise _NoFieldsError
    view = engine.read_json(paths, format=layout, columns=columns, maximum_object_size=MAX_OBJECT_BYTES)
    return copy_in_order(engine, view, name=location.name)


def _no_json_lines(location: Location) -> DataError:
    return DataError(f"{location.name}: {location.files[0]} is no JSON Lines: one object per line is expected")


def _layout(location: Location) -> str:
    """Whether the files are lists of objects, as DuckDB calls it."""
    with location.files[0].open("rb") as file:
        return "array" if file.read(64).removeprefix(BOM_UTF8).lstrip().startswith(b"[") else "newline_delimited"


def _columns_as_text(paths: list[str], layout: str) -> dict[str, str]:
    """Each column with its DuckDB type. All lines are looked at: a field may appear in the last one only."""
    query = "SELECT * FROM read_json(?, format=?, sample_size=-1, maximum_object_size=?)"
    objects = duckdb.connect().sql(query, params=[paths, layout, MAX_OBJECT_BYTES])
    return dict(zip(objects.columns, map(_as_text, objects.types), strict=True))


def _as_text(kind: Any) -> str:
    """A DuckDB type with text instead of numbers, times and plain lists; objects keep their fields."""
    if kind.id == "list" and kind.child.id == "struct":
        return f"{_as_text(kind.child)}[]"
    if kind.id != "struct":
        return "VARCHAR"
    fields = (f'"{name}" {_as_text(inner)}' for name, inner in kind.children)
    return f"STRUCT({', '.join(fields)})"
