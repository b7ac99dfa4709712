"""What a kind of source is. Each file in this folder that defines SOURCE is one: CSV files, Parquet files, databases.

To add a kind, write `tables/sources/<name>.py` with an object of this protocol called SOURCE, and
`tests/tables/sources/test_<name>.py` with a function `write`, through which the law in `test_every_source.py` sends a
set of tables. Nothing else needs a change.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from glob import escape, glob
from pathlib import Path
from typing import Protocol

import ibis
import ibis.expr.types as ir
from ibis.backends.duckdb import Backend as DuckDB
from msgspec.structs import replace

from core.catalogue import Catalogue
from core.config.rows import FileSource
from core.config.sources import TableSource
from core.errors import ConfigError, SourceUnavailable
from core.i18n.message import Message
from tables.bad_lines import NO_BAD_LINES, BadLines
from tables.cleaning.source_columns import ROW_NUMBER


@dataclass(frozen=True)
class Location:
    """The place of one table: its name in the contract, and what the TOML says under [tables.<name>]."""

    name: str
    settings: TableSource

    @cached_property
    def files(self) -> list[Path]:
        """The files of `path`, globs included, and those of `files`, in order; empty for a database.

        Raises SourceUnavailable if one of the patterns has none.
        """
        if self.settings.path is None:
            return []
        paths = sorted({*self._matches(self.settings.path), *self.entries}, key=_natural_order)
        folders = [path for path in paths if path.is_dir()]
        if folders:
            values = {"table": self.name, "folder": str(folders[0])}
            raise SourceUnavailable(
                Message("{table}: {folder} is a folder; name its files, e.g. {folder}/*.parquet", values)
            )
        return paths

    @cached_property
    def entries(self) -> dict[Path, FileSource]:
        """The entry of `files` for each file that has one; the first one counts."""
        entries: dict[Path, FileSource] = {}
        for entry in self.settings.files:
            for path in self._matches(entry.path):
                entries.setdefault(path, entry)
        return entries

    def only(self, path: Path) -> Location:
        """The location of one of the files."""
        pattern = escape(str(path))
        entries = [replace(self.entries[path], path=pattern)] if path in self.entries else []
        return Location(self.name, replace(self.settings, path=pattern, files=tuple(entries)))

    def _matches(self, pattern: str) -> list[Path]:
        paths = [Path(path) for path in glob(pattern, recursive=True)]  # noqa: PTH207 - Path.glob takes no absolute pattern
        dangling = next((path for path in paths if path.is_symlink() and not path.exists()), None)
        if not paths or dangling is not None:
            place = pattern if dangling is None else f"{dangling} (a link to {dangling.readlink()})"
            values = {"table": self.name, "path": place, "section": f"[tables.{self.name}]"}
            raise SourceUnavailable(Message("{table}: no file at {path}; check path under {section}", values))
        return paths

    @property
    def endings(self) -> set[str]:
        """The different endings of the files, e.g. {'.csv'}."""
        return {path.suffix.lower() for path in self.files}


@dataclass(frozen=True)
class SourceRows:
    """What a source has: its rows, with the columns of the source, and the lines of its files that are left out."""

    rows: ir.Table
    bad_lines: BadLines = NO_BAD_LINES


def _natural_order(path: Path) -> list[str | int]:
    """Names in the order in which people count: orders_2.csv comes before orders_10.csv."""
    parts = re.split(r"([0-9]+)", str(path))
    return [int(part) if place % 2 else part for place, part in enumerate(parts)]


class Source(Protocol):
    """One kind of source that tables are read from."""

    @property
    def endings(self) -> tuple[str, ...]:
        """The endings of the files it reads, for the message about an unknown kind."""
        ...

    @property
    def is_text(self) -> bool:
        """Whether cells come as text; cleaned tables are then stored, so that queries do not parse it again."""
        ...

    def accepts(self, location: Location) -> bool:
        """Whether the table at this location is of this kind."""
        ...

    def read(self, engine: DuckDB, location: Location) -> SourceRows:
        """The table within reach of the engine, its columns as in the source.

        Raises SourceUnavailable, ConfigError or DataError, in one line that says what to change.
        """
        ...


SOURCES = Catalogue[Source].of_folder("tables.sources", attribute="SOURCE")


def find_source(location: Location) -> Source:
    """The kind of source at a location. Raises ConfigError if no kind accepts it."""
    source = next((source for source in SOURCES.values() if source.accepts(location)), None)
    if source is None:
        endings = ", ".join(ending for source in SOURCES.values() for ending in source.endings)
        raise ConfigError(
            f"{location.name}: cannot read files ending in {', '.join(sorted(location.endings))}; "
            f"use files of one kind, ending in {endings}"
        )
    return source


def copy_in_order(engine: DuckDB, view: ir.Table, *, name: str) -> ir.Table:
    """A copy of the files' rows in the engine, with the number of each row."""
    copied, numbered = ibis.util.gen_name(name), ibis.util.gen_name(f"{name}_rows")
    engine.create_table(copied, view, temp=True)
    # DuckDB inserts in the order of the files and counts from 0; a window function would read the files on one core.
    columns = f'*, rowid + 1 AS "{ROW_NUMBER}"'
    engine.raw_sql(f'CREATE TEMP VIEW "{numbered}" AS SELECT {columns} FROM temp.main."{copied}"')  # noqa: S608 - the names are generated
    return engine.table(numbered, database="temp.main")
