"""JSON Lines files: one object per line. Values are read as text, as those of a CSV are; the contract decides later.

    {"id": "00123", "plan": {"amount": 2900}}       columns id and plan, whose field is named `plan.amount`

A list is one text, as it is written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import duckdb
import ibis
import ibis.expr.types as ir
from ibis.backends.duckdb import Backend as DuckDB

from core.errors import ConfigError, DataError
from tables.sources.protocol import Location

LINE = re.compile(r"in line (\d+)|line (\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class JsonLines:
    """One or more JSON Lines files."""

    endings: tuple[str, ...] = (".jsonl", ".ndjson", ".json")
    is_text: bool = True

    def accepts(self, location: Location) -> bool:
        """Whether every file ends as a JSON Lines file does."""
        return location.settings.path is not None and location.endings <= set(self.endings)

    def read(self, engine: DuckDB, location: Location) -> ir.Table:
        """The objects, copied into the engine; a key that an object lacks is missing there.

        Raises DataError for a line that is no object.
        """
        if location.settings.encoding.lower().replace("_", "-") not in ("utf-8", "utf8", "utf-8-sig"):
            raise ConfigError(f"[tables.{location.name}]: JSON Lines is always UTF-8; leave out encoding")
        paths = [str(path) for path in location.files]
        try:
            # All lines are looked at: a key may appear in the last one only.
            query = "SELECT * FROM read_json(?, format='newline_delimited', sample_size=-1)"
            objects = duckdb.connect().sql(query, params=[paths])
            columns = dict(zip(objects.columns, map(_as_text, objects.types), strict=True))
            view = engine.read_json(paths, format="newline_delimited", columns=columns)
            table = engine.create_table(ibis.util.gen_name(location.name), view, temp=True)
        except duckdb.Error as fault:
            raise DataError(f"{location.name}: {_describe_fault(fault, paths)}") from fault
        if list(columns) == ["json"]:
            raise DataError(f"{location.name}: {paths[0]} has lines that are no objects; write one object per line")
        return table


SOURCE = JsonLines()


def _as_text(kind: Any) -> str:
    """A DuckDB type with text instead of numbers, times and lists; objects keep their fields."""
    if kind.id != "struct":
        return "VARCHAR"
    fields = (f'"{name}" {_as_text(inner)}' for name, inner in kind.children)
    return f"STRUCT({', '.join(fields)})"


def _describe_fault(fault: duckdb.Error, paths: list[str]) -> str:
    """What is wrong and where, without the content of the line, which may be personal data."""
    line = LINE.search(str(fault))
    place = next((path for path in paths if path in str(fault)), paths[0])
    number = f" line {line[1] or line[2]}" if line else ""
    return f"{place}{number} is no JSON object; write one object per line, e.g. with `jq -c '.[]'`"
