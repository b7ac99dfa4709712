"""The format of a text file: encoding, delimiter and header, with the evidence.

DuckDB's sniffer finds the delimiter. It is asked about a sample in UTF-8, and its texts are never shown.
"""

from __future__ import annotations

import csv
import json
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import duckdb

from core.errors import DataError
from tables.discovery.encoding import detect_encoding

SAMPLE_CHARACTERS = 1 << 21
DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
DATA_CELL = re.compile(r"^[-+(]?[\d.,:/ -]*\d[\d.,:/ T+)Z-]*$|@.*[.]")
"A cell that is data and no column name: a number, a date, a mail address."
JSON_ENDINGS = (".jsonl", ".ndjson", ".json")


@dataclass(frozen=True)
class TextFormat:
    """How a text file is read."""

    encoding: str
    delimiter: str
    header: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def shape(self) -> tuple[str, str, tuple[str, ...]]:
        """Equal for files that can be read as one table."""
        return self.encoding, self.delimiter, self.header


def detect_format(path: Path) -> TextFormat:
    """The format of a CSV or JSON Lines file. Raises DataError for a text that is no table."""
    encoding = detect_encoding(path)
    with path.open(encoding="utf-8-sig" if encoding.name == "utf-8" else encoding.name, newline="") as file:
        sample = file.read(SAMPLE_CHARACTERS)
    if not sample.strip():
        raise DataError(f"{path} is empty")
    notes = (encoding.evidence,) if encoding.evidence else ()
    if path.suffix.lower() in JSON_ENDINGS or sample.lstrip()[:1] in "{[":
        return TextFormat(encoding.name, ",", _json_columns(path, sample), notes)
    delimiter = _delimiter(path, sample)
    header = _header(path, sample, delimiter=delimiter)
    if delimiter != ",":
        notes = (*notes, f"cells are separated by {DELIMITERS[delimiter]}")
    return TextFormat(encoding.name, delimiter, header, notes)


def _json_columns(path: Path, sample: str) -> tuple[str, ...]:
    """The keys of the first object of JSON Lines."""
    line = sample.lstrip().split("\n", 1)[0]
    try:
        first: Any = json.loads(line)
    except json.JSONDecodeError:
        first = None
    if isinstance(first, dict):
        return tuple(cast(dict[str, Any], first))
    raise DataError(f"{path} is no JSON Lines: write one object per line, e.g. with `jq -c '.[]'`")


def _delimiter(path: Path, sample: str) -> str:
    """The delimiter that splits every line into as many cells as the header."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "sample.csv"
        # The last line of the sample may be cut off.
        whole = sample if len(sample) < SAMPLE_CHARACTERS else sample[: sample.rindex("\n") + 1]
        copy.write_text(whole, encoding="utf-8", newline="")
        try:
            query = "SELECT Delimiter FROM sniff_csv(?, all_varchar=true, quote='\"', escape='\"', sample_size=20480)"
            row = duckdb.connect().execute(query, [str(copy)]).fetchone()
        except duckdb.Error:
            row = None
    sniffed = [str(row[0])] if row and row[0] in DELIMITERS else []
    candidates = dict.fromkeys((*sniffed, *DELIMITERS))
    regular = [delimiter for delimiter in candidates if _is_regular(sample, delimiter)]
    if not regular:
        raise DataError(f"{path} is no table: no comma, semicolon, tab or bar splits its lines into the same cells")
    return regular[0]


def _is_regular(sample: str, delimiter: str) -> bool:
    """Whether nearly all lines have as many cells as the first, more than one."""
    lines = sample.splitlines(keepends=True)[:1000]
    rows = [row for row in csv.reader(lines[:-1] if len(lines) == 1000 else lines, delimiter=delimiter) if row]
    width = len(rows[0])
    return width > 1 and sum(len(row) == width for row in rows) >= 0.95 * len(rows)


def _header(path: Path, sample: str, *, delimiter: str) -> tuple[str, ...]:
    """The column names, without blanks around them. Raises DataError if the first line is data."""
    rows = csv.reader(sample.splitlines(keepends=True)[:50], delimiter=delimiter)
    header = tuple(cell.strip() for cell in next(rows))
    data = [cell for cell in header if DATA_CELL.search(cell)]
    if len(data) * 3 > len(header) or not any(header):
        raise DataError(f"{path} has no header: its first line is data; write the column names into the first line")
    return header
