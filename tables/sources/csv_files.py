"""CSV files, read strictly: every cell as text, every line with as many cells as the header.

A broken line is an error that names it, so that half a file is never taken for
the whole. What the text means is decided later, by the contract.
"""

from __future__ import annotations

import codecs
import csv
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import ibis.expr.types as ir
from ibis.backends.duckdb import Backend as DuckDB

from core.config.sources import TableSource
from core.errors import ConfigError, DataError
from tables.engines.expressions import Expression, ibis

FAULT_LINE = re.compile(r"CSV Error on Line: (\d+)")
FAULT_FILE = re.compile(r"^\s*file = (.*)$", re.MULTILINE)
FAULTS = {
    "Expected Number of Columns": "it has another number of cells than the header; is the file cut off?",
    "unterminated quote": "a quote is opened and never closed; is the file cut off?",
    "not utf-8": "it is not UTF-8; state encoding, e.g. encoding = 'cp932'",
}
WHOLE_WITH_FRACTION = "^-?[0-9]+([.]0+)?$"


def read_csv(engine: DuckDB, name: str, files: list[Path], source: TableSource) -> ir.Table:
    """The files' cells as text, copied into the engine; empty cells are missing.

    Raises DataError naming file and line where a file is broken, ConfigError for an encoding Python does not know.
    """
    with _as_utf8(name, files, source.encoding) as readable:
        header = _header(name, readable, source.delimiter)
        try:
            view = engine.read_csv(
                [str(path) for path in readable],
                columns=dict.fromkeys(header, "VARCHAR"),
                header=True,
                auto_detect=False,
                delim=source.delimiter,
                quote='"',
                escape='"',
                strict_mode=True,
            )
            copied = engine.create_table(ibis.util.gen_name(name), view, temp=True)
        except duckdb.Error as fault:
            raise DataError(f"{name}: {_said(fault, dict(zip(readable, files, strict=True)))}") from fault
    return _plain_digits(copied)


@contextmanager
def _as_utf8(name: str, files: list[Path], encoding: str) -> Iterator[list[Path]]:
    """The files as they are where they are UTF-8, otherwise copies of them that are."""
    try:
        codec = codecs.lookup(encoding).name
    except LookupError as fault:
        raise ConfigError(f"[tables.{name}]: Python knows no encoding '{encoding}'; try utf-8 or cp932") from fault
    if codec in ("utf-8", "utf-8-sig"):
        yield files
        return
    with tempfile.TemporaryDirectory() as folder:
        copies = [Path(folder) / f"{number}.csv" for number in range(len(files))]
        for original, copy in zip(files, copies, strict=True):
            _transcode(name, original, copy, encoding)
        yield copies


def _transcode(name: str, original: Path, copy: Path, encoding: str) -> None:
    try:
        with original.open(encoding=encoding, newline="") as told, copy.open("w", encoding="utf-8", newline="") as kept:
            shutil.copyfileobj(told, kept)
    except UnicodeError as fault:
        raise DataError(f"{name}: {original} is not {encoding}: {fault}; state its encoding") from fault


def _header(name: str, files: list[Path], delimiter: str) -> list[str]:
    headers = []
    for path in files:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
            headers.append(next(csv.reader(lines, delimiter=delimiter), []))
    first = headers[0]
    if not first:
        raise DataError(f"{name} is empty: {files[0].name} has not even a header")
    if any(header != first for header in headers):
        raise DataError(f"{name}: its files have different headers; name files of one shape under [tables.{name}]")
    twice = sorted({column for column in first if first.count(column) > 1})
    if twice or "" in first:
        fault = f"'{twice[0]}' twice" if twice else "a column without a name"
        raise DataError(f"{name}: the header of {files[0].name} has {fault}; is it the header, and is delimiter right?")
    return first


def _said(fault: duckdb.Error, originals: dict[Path, Path]) -> str:
    """The fault without the line's content, which is somebody's data."""
    text = str(fault)
    line, file = FAULT_LINE.search(text), FAULT_FILE.search(text)
    path = originals.get(Path(file[1]), Path(file[1])) if file else next(iter(originals.values()))
    place = f"{path} line {line[1]}" if line else str(path)
    reason = next((meaning for sign, meaning in FAULTS.items() if sign in text), text.splitlines()[0])
    return f"{place}: {reason}"


def _plain_digits(table: ir.Table) -> ir.Table:
    """Whole-number columns that some tool wrote with fractions (17850.0) as plain digits, since ids are compared."""
    cells: dict[str, Expression] = {name: table[name] for name in table.columns}
    facts = [
        (cell.re_search(WHOLE_WITH_FRACTION).all() & cell.contains(".").any()).name(name)
        for name, cell in cells.items()
    ]
    found = table.aggregate(facts).to_pyarrow().to_pylist()[0]
    return table.mutate(**{name: cell.re_replace("[.]0+$", "") for name, cell in cells.items() if found[name]})
