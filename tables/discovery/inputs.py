"""What `kizuna init` was given: folders, files and databases become tables to look at.

orders_2024-01.csv, orders_2024-02.csv, ...     one table, path = "orders_2024-*.csv"
orders.csv, orders_returns.csv                  two tables at first, although their headers are the same
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ibis.backends.sql import SQLBackend

from core.config.sources import TableSource
from core.environment import LEDGER_FILE, MLFLOW_FILE
from core.errors import BadInput, DataError, SourceUnavailable
from core.redaction import redact
from tables.discovery.grouping import DiscoveredSource, group_files
from tables.discovery.text_format import TextFormat, detect_format
from tables.engines.databases import SYSTEM_SCHEMAS, connect
from tables.sources.protocol import SOURCES

NOT_DATA = {
    b"PK\x03\x04": "is an Excel workbook or a zip archive; save each sheet as CSV (UTF-8), or unpack it",
    b"\xd0\xcf\x11\xe0": "is an old Excel workbook; save each sheet as CSV (UTF-8)",
    b"\x1f\x8b": "is compressed; unpack it first",
    b"%PDF": "is a PDF; export the table as CSV instead",
    b"\x89PNG": "is an image",
    b"\xff\xd8\xff": "is an image",
    b"GIF8": "is an image",
}
"How files begin that are no data, and what to do."
SQLITE_MARK = b"SQLite f"
DATABASES = {".duckdb": "duckdb", ".ddb": "duckdb", ".sqlite": "sqlite", ".sqlite3": "sqlite", ".db": "duckdb"}
"Kinds of databases by the ending of their file; SQLite is known by its first bytes as well."
PARQUET_MARK = b"PAR1"
OWN_FILES = (LEDGER_FILE, MLFLOW_FILE)
"Files that only a folder has in which Kizuna stores what it makes."
WEB = ("http://", "https://", "ftp://", "s3://", "gs://")


@dataclass(frozen=True)
class Inputs:
    """All tables that were given, and what was left out of a folder."""

    sources: tuple[DiscoveredSource, ...]
    skipped: tuple[str, ...] = field(default=())
    "One sentence each."


def find_inputs(arguments: Sequence[str]) -> Inputs:
    """The tables in folders, files and databases. Raises BadInput for what is no data."""
    sources: list[DiscoveredSource] = []
    files: list[tuple[Path, bool]] = []
    for argument in arguments:
        if "://" in argument:
            sources += _tables_of(argument)
        else:
            files += _files_at(Path(argument))
    unique = {path.resolve(): (path, is_named) for path, is_named in files}
    own = {path.parent for path, is_named in unique.values() if path.name in OWN_FILES and not is_named}
    own -= set(map(Path, arguments))
    own = {folder for folder in own if not own & set(folder.parents)}
    unique = {at: one for at, one in unique.items() if one[1] or not own & set(one[0].parents)}
    skipped = [f"{folder}: not read, because Kizuna stores models and releases there" for folder in sorted(own)]
    formats = list(_readable(unique.values(), skipped))
    sources += group_files(formats)
    if not sources:
        reason = f": {skipped[0]}" if skipped else ""
        raise BadInput(f"there is no data in {', '.join(arguments)}{reason}; name CSV, JSON Lines or Parquet files")
    return Inputs(tuple(sources), tuple(skipped))


def _tables_of(url: str) -> Iterator[DiscoveredSource]:
    """Every table of a database."""
    if url.startswith(WEB):
        raise BadInput(f"{url.partition('?')[0]} is a web address; download the file and name it instead")
    backend = connect(url)
    try:
        names = names_of_tables(backend)
    finally:
        backend.disconnect()
    if not names:
        raise BadInput(f"the database {redact(url)} has no tables that you may read")
    for schema, name in names:
        table = name if schema in ("main", "public") else f"{schema}.{name}"
        yield DiscoveredSource(table, TableSource(database=url, table=table))


def names_of_tables(backend: SQLBackend) -> list[tuple[str, str]]:
    """Schema and name of every table that is the company's own."""
    if backend.name == "sqlite":
        return [("main", name) for name in sorted(backend.list_tables()) if not name.startswith("sqlite_")]
    listed = backend.table("tables", database="information_schema")
    rows = listed.select("table_schema", "table_name").order_by("table_schema", "table_name").to_pyarrow().to_pylist()
    names = [(row["table_schema"], row["table_name"]) for row in rows]
    return [(schema, name) for schema, name in names if not schema.startswith(SYSTEM_SCHEMAS)]


def _files_at(path: Path) -> list[tuple[Path, bool]]:
    """The files at a path, and whether each was named itself; hidden files of a folder do not count."""
    if path.is_dir():
        parts = [path, *path.rglob("*")]
        locked = next((part for part in parts if part.is_dir() and not os.access(part, os.R_OK | os.X_OK)), None)
        if locked is not None:
            raise SourceUnavailable(f"permission is denied to read the folder {locked}; change its rights")
        inside = sorted(part for part in parts if part.is_file())
        return [(file, False) for file in inside if not _is_hidden(file.relative_to(path))]
    if not path.is_file():
        raise SourceUnavailable(f"there is no file or folder {path}")
    return [(path, True)]


def _is_hidden(path: Path) -> bool:
    return any(part.startswith((".", "_", "~")) for part in path.parts)


def _readable(files: Iterable[tuple[Path, bool]], skipped: list[str]) -> Iterator[tuple[Path, TextFormat | None]]:
    """The files that are tables, with the format of text; others are an error if named, otherwise skipped."""
    endings = {ending for source in SOURCES.values() for ending in source.endings}
    for path, is_named in files:
        if path.name == MLFLOW_FILE and not is_named:
            continue  # MLflow makes it where it is called
        if path.suffix.lower() not in {*endings, *DATABASES} and not is_named:
            skipped.append(f"{path.name}: not read, because it does not end in {', '.join(sorted(endings))}")
            continue
        try:
            yield path, _format_of(path, endings)
        except DataError as fault:
            if is_named:
                raise
            skipped.append(f"{path.name}: not read; {fault}")


def _format_of(path: Path, endings: set[str]) -> TextFormat | None:
    """The format of a text file; None for Parquet. Raises DataError for a file that is no table."""
    with path.open("rb") as file:
        start = file.read(8)
    for mark, reason in NOT_DATA.items():
        if start.startswith(mark):
            raise DataError(f"{path} {reason}")
    kind = "sqlite" if start == SQLITE_MARK else DATABASES.get(path.suffix.lower())
    if kind is not None:
        raise DataError(f"{path} is a database; name it as {kind}://{path.resolve()}")
    if not start:
        raise DataError(f"{path} is empty")
    if path.suffix.lower() not in endings:
        listed = ", ".join(sorted(endings))
        raise DataError(f"{path} ends in {path.suffix or 'nothing'}, which is not read; rename it to one of {listed}")
    if start.startswith(PARQUET_MARK) or path.suffix.lower() in (".parquet", ".pq"):
        return None
    return detect_format(path)
