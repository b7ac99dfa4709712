"""CSV files, read strictly: every cell as text, and every line with as many cells as the header.

A broken line is an error that names it, so that half a file is never taken for the whole. The contract decides later
what the text means.
"""

from __future__ import annotations

import codecs
import csv
import re
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import ibis.expr.types as ir
from ibis.backends.duckdb import Backend as DuckDB

from core.errors import ConfigError, DataError
from tables.sources.protocol import Location, copy_in_order

FAULT_LINE = re.compile(r"CSV Error on Line: (\d+)")
FAULT_FILE = re.compile(r"^\s*file = (.*)$", re.MULTILINE)
FAULTS = {
    "Expected Number of Columns": "it does not have as many cells as the header; is the file cut off?",
    "unterminated quote": "a quote is opened and never closed; is the file cut off?",
    "not utf-8": "it is not UTF-8; set encoding, e.g. encoding = 'cp932'",
}
"Plain messages, by a part of DuckDB's."


@dataclass(frozen=True)
class CsvFiles:
    """One or more CSV files with the same header."""

    endings: tuple[str, ...] = (".csv", ".tsv", ".txt")
    is_text: bool = True

    def accepts(self, location: Location) -> bool:
        """Whether every file ends as a CSV file does."""
        return location.settings.path is not None and location.endings <= set(self.endings)

    def read(self, engine: DuckDB, location: Location) -> ir.Table:
        """The cells as text, copied into the engine; an empty cell is missing.

        Raises DataError with file and line for a broken file, ConfigError for an encoding that Python does not have.
        """
        with _convert_to_utf8(location) as paths:
            header = _read_header(location, paths)
            try:
                view = engine.read_csv(
                    [str(path) for path in paths],
                    columns=dict.fromkeys(header, "VARCHAR"),
                    header=True,
                    auto_detect=False,
                    delim=location.settings.delimiter,
                    quote='"',
                    escape='"',
                    strict_mode=True,
                )
                return copy_in_order(engine, view, name=location.name)
            except duckdb.Error as fault:
                originals = dict(zip(paths, location.files, strict=True))
                raise DataError(f"{location.name}: {_describe_fault(fault, originals)}") from fault


SOURCE = CsvFiles()


@contextmanager
def _convert_to_utf8(location: Location) -> Generator[list[Path]]:
    """The files themselves if they are UTF-8, otherwise copies that are; deleted at the end."""
    encoding = location.settings.encoding
    try:
        codec = codecs.lookup(encoding).name
    except LookupError as fault:
        raise ConfigError(f"[tables.{location.name}]: unknown encoding '{encoding}'; try utf-8 or cp932") from fault
    if codec in ("utf-8", "utf-8-sig"):
        yield location.files
        return
    with tempfile.TemporaryDirectory() as folder:
        copies = [Path(folder) / f"{number}.csv" for number in range(len(location.files))]
        for original, copy in zip(location.files, copies, strict=True):
            _transcode(original, copy, encoding=encoding, name=location.name)
        yield copies


def _transcode(original: Path, copy: Path, *, encoding: str, name: str) -> None:
    try:
        with original.open(encoding=encoding, newline="") as old, copy.open("w", encoding="utf-8", newline="") as new:
            shutil.copyfileobj(old, new)
    except UnicodeError as fault:
        raise DataError(f"{name}: {original} is not {encoding}: {fault}; set its encoding") from fault


def _read_header(location: Location, paths: list[Path]) -> list[str]:
    """The header that all files share. Raises DataError if they differ, or if it is empty or repeats a column."""
    name, headers = location.name, list[list[str]]()
    for path in paths:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
            headers.append(next(csv.reader(lines, delimiter=location.settings.delimiter), list[str]()))
    first = headers[0]
    if not first:
        raise DataError(f"{name} is empty: {paths[0].name} does not even have a header")
    if any(header != first for header in headers):
        raise DataError(f"{name}: its files have different headers; name files of one shape under [tables.{name}]")
    repeated = sorted({column for column in first if first.count(column) > 1})
    if repeated or "" in first:
        fault = f"'{repeated[0]}' twice" if repeated else "a column without a name"
        raise DataError(f"{name}: the header of {paths[0].name} has {fault}; is it the header, and is delimiter right?")
    return first


def _describe_fault(fault: duckdb.Error, originals: dict[Path, Path]) -> str:
    """What is wrong and where, without the content of the line, which may be personal data."""
    text = str(fault)
    line, file = FAULT_LINE.search(text), FAULT_FILE.search(text)
    path = originals.get(Path(file[1]), Path(file[1])) if file else next(iter(originals.values()))
    place = f"{path} line {line[1]}" if line else str(path)
    reason = next((plain for part, plain in FAULTS.items() if part in text), text.splitlines()[0])
    return f"{place}: {reason}"
