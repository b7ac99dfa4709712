"""The format of a text file: encoding, delimiter, and where its header and its last row are, with the evidence.

Sales report                     a title above the header
Date;Customer;Amount             the header: the first line with as many cells as the rows, all of them names
01.02.2026;ada;10,00
Total;;10,00                     a footer below the rows
"""

from __future__ import annotations

import csv
import json
import re
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice, takewhile
from pathlib import Path
from typing import Any, NamedTuple, cast

from core.errors import DataError
from tables.bad_lines import LineSplitter
from tables.discovery.months import describe_wide
from tables.discovery.vocabulary import load_vocabulary, match_words
from tables.encodings import detect_encoding
from tables.sources.csv_files import name_columns

SAMPLE_CHARACTERS = 1 << 21
MAX_RECORDS = 1000
TAIL_LINES = 40
MAX_ABOVE = 30
"More lines above a header are no titles."
MAX_ODD, ODD_SHARE = 3, 0.1
"Lines that may have another number of cells than most: footers, and broken ones that reading will name."
DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
DATA_CELL = re.compile(r"^[-+(]?[\d.,:/ -]*\d[\d.,:/ T+)Z-]*$|@.*[.]")
"A cell that is data and no column name: a number, a date, a mail address."
SEPARATOR_LINE = re.compile(r'^"?sep=.?"?\s*$', re.IGNORECASE)
"What Excel writes above the header."
JSON_ENDINGS = (".jsonl", ".ndjson", ".json")


@dataclass(frozen=True)
class TextFormat:
    """How a text file is read."""

    encoding: str
    delimiter: str
    header: tuple[str, ...]
    evidence: Mapping[str, str] = field(default_factory=dict[str, str])
    "Why a setting is not the usual one, by its key."
    header_line: int = 1
    footer_lines: int = 0
    is_json: bool = False

    @property
    def layout(self) -> tuple[str, str, int, int]:
        """Equal for files that are written in the same way, whatever their columns."""
        return self.encoding, self.delimiter, self.header_line, self.footer_lines


class Record(NamedTuple):
    """A line of cells; more lines where cells have line feeds."""

    line: int
    "Its first line, counted from 1."
    cells: list[str]

    @property
    def n_filled(self) -> int:
        """Cells with a text."""
        return sum(bool(cell.strip()) for cell in self.cells)


@dataclass(frozen=True)
class Layout:
    """The lines of a text, split by one delimiter."""

    delimiter: str
    width: int
    "Cells of most lines."
    share: float
    "Share of the lines from the header on that have so many."
    header: Record

    @property
    def has_names(self) -> bool:
        """Whether the header has names, not data."""
        data = [cell for cell in map(str.strip, self.header.cells) if DATA_CELL.search(cell)]
        is_row = any(":" in cell or "@" in cell for cell in data)  # no column is called like a moment or a mail address
        return not is_row and len(data) * 3 <= len(self.header.cells) and self.header.n_filled > 0


def detect_format(path: Path) -> TextFormat:
    """The format of a CSV or JSON Lines file. Raises DataError for a text that is no table."""
    encoding = detect_encoding(path)
    name = "utf-8-sig" if encoding.name == "utf-8" else encoding.name
    with path.open(encoding=name, errors="replace", newline="") as file:
        sample = file.read(SAMPLE_CHARACTERS)
        tail = list(deque(file, maxlen=TAIL_LINES))
    if not sample.strip():
        raise DataError(f"{path} is empty")
    evidence = {"encoding": encoding.evidence} if encoding.evidence else {}
    if path.suffix.lower() in JSON_ENDINGS:
        return TextFormat(encoding.name, ",", _json_columns(path, sample), evidence, is_json=True)
    if re.match(r"\s*[{\[]\s*[{\"]", sample):
        raise DataError(f"{path} is no table of cells: it has JSON; rename it to {path.stem}.jsonl")
    lines = sample.splitlines(keepends=True)
    layout = _layout(path, lines)
    if layout.delimiter != ",":
        evidence["delimiter"] = f"cells are separated by {DELIMITERS[layout.delimiter]}"
    if layout.header.line > 1:
        above = "Excel's sep=" if SEPARATOR_LINE.match(lines[0]) else "no column names"
        evidence["header_line"] = f"line 1 has {above}"
    footer = _footer([*lines[-TAIL_LINES:], *tail], layout)
    if footer:
        evidence["footer_lines"] = "totals or remarks below the last row"
    return TextFormat(
        encoding.name,
        layout.delimiter,
        tuple(name_columns(layout.header.cells)),
        evidence,
        header_line=layout.header.line,
        footer_lines=len(footer),
    )


def _json_columns(path: Path, sample: str) -> tuple[str, ...]:
    """The keys of the objects in the sample. Raises DataError for a text that is neither JSON Lines nor a list."""
    objects = _objects(sample)
    first = next(objects, None)
    if not isinstance(first, dict):
        raise DataError(f"{path} is no JSON Lines: write one object per line, e.g. with `jq -c '.[]'`")
    rest = (cast(dict[str, Any], one) for one in objects if isinstance(one, dict))
    return tuple(dict.fromkeys(key for one in (cast(dict[str, Any], first), *rest) for key in one))


def _objects(sample: str) -> Iterator[Any]:
    """The objects of JSON Lines or of a list, until one is cut off."""
    decoder, place = json.JSONDecoder(), 0
    text = sample.lstrip()
    is_list = re.match(r"\[\s*[{\]]", text) is not None
    text = text.removeprefix("[") if is_list else text
    while match := re.compile(r"[\s,]*(?=\{)").match(text, place):
        try:
            one, place = decoder.raw_decode(text, match.end())
        except json.JSONDecodeError:
            # A list is cut off; of JSON Lines, it may be one line that is broken.
            end = text.find("\n{", match.end())
            if is_list or end < 0:
                return
            place = end
            continue
        yield one


def _layout(path: Path, lines: list[str]) -> Layout:
    """The delimiter that splits the lines into the most cells that have names."""
    layouts = [layout for delimiter in DELIMITERS if (layout := _split(lines, delimiter))]
    if not layouts:
        raise DataError(f"{path} is no table: no comma, semicolon, tab or bar splits its lines into the same cells")
    # Decimal commas may split rows into as many cells as semicolons do, but not the header above them.
    best = max(layouts, key=lambda one: (one.has_names, one.share, one.width, -one.header.line))
    if not best.has_names:
        if is_wide := describe_wide(best.header.cells):
            raise DataError(f"{path} {is_wide}")
        raise DataError(f"{path} has no header: its first line is data; write the column names into the first line")
    return best


def _split(lines: list[str], delimiter: str) -> Layout | None:
    """The lines split by a delimiter; None if they have not mostly as many cells, more than one."""
    records = [record for record in _records(lines, delimiter) if record.n_filled]
    widths = Counter(len(record.cells) for record in records)
    width = max(widths, key=lambda width: (widths[width], width), default=0)
    if width < 2:
        return None
    # A title above the header may have been padded with delimiters.
    start = next((r for r in records if len(r.cells) == width and r.n_filled * 2 >= width and r.n_filled > 1), None)
    if start is None:
        return None
    body = [len(record.cells) for record in records if record.line >= start.line]
    n_above = len(records) - len(body)
    if n_above and (n_above > MAX_ABOVE or n_above >= len(body)):
        return None
    n_other = sum(one != width for one in body)
    is_regular = n_other <= max(MAX_ODD, ODD_SHARE * len(body)) and 3 * n_other <= len(body)
    return Layout(delimiter, width, 1 - n_other / len(body), start) if is_regular else None


def _records(lines: list[str], delimiter: str) -> Iterator[Record]:
    for record in islice(LineSplitter(delimiter).split(lines[: 2 * MAX_RECORDS]), MAX_RECORDS):
        if record.fault is not None:
            yield Record(record.line, record.text.split(delimiter))
        else:
            reader = csv.reader(record.text.splitlines(keepends=True), delimiter=delimiter)
            yield Record(record.line, next(reader, list[str]()))


def _footer(lines: list[str], layout: Layout) -> list[str]:
    """The lines below the last row, from the first one on: totals, and remarks in a single cell."""
    filled = [line for line in lines[-TAIL_LINES:] if line.strip()]
    footer = list(takewhile(lambda line: _is_below(line, layout), reversed(filled)))
    return [line.strip() for line in reversed(footer)] if len(footer) < len(filled) else []


def _is_below(line: str, layout: Layout) -> bool:
    """Whether a line is no row. A file that is cut off ends within a line, without a line feed: that is no footer."""
    cells = next(csv.reader([line], delimiter=layout.delimiter))
    texts = [cell.strip() for cell in cells if cell.strip()]
    if not texts or line.count('"') % 2:
        return False
    return _is_total(texts[0]) or (len(cells) == 1 and layout.width > 2 and line.endswith(("\n", "\r")))


def _is_total(text: str) -> bool:
    return bool(match_words([re.split(r"[:：\d]", text)[0]], load_vocabulary().words("totals.words")))
