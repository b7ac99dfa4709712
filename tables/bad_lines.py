"""Lines of text files that cannot be read: which ones they are, and copies of the files without them.

DuckDB reads the files, and reads them strictly. Only if that fails is a file looked at line by line, because DuckDB's
own `ignore_errors` and `store_rejects` take every line after a quote that is never closed for one bad line:

    ada,2024-03-01,1        a row
    bo,"2024-03-02,2        bad: its quote is never closed
    cy,2024-03-03,3         a row all the same
    di,2024-03-04           bad: it lacks a cell
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from core.errors import DataError
from core.i18n.message import Message
from core.redaction import mask_personal
from tables.encodings import suggest_encoding

MAX_FEW, MAX_SHARE = 3, 0.1
"More bad lines than these, the larger of both, are no accidents: the file is written otherwise than the TOML says."
MAX_CELL_LINES = 1000
"Lines after which a quote that is not closed is taken for a mistake."
MAX_LISTED = 20
"Bad lines that are kept, the others are counted."
MAX_TEXT = 80
"Characters of a bad line that a message shows."
UNDECODABLE = re.compile("[\udc80-\udcff]")
OTHER_LENGTH = Message("it does not have as many cells as the header")
OPEN_QUOTE = Message("a quote is opened and never closed")
STRAY_QUOTE = Message("a quote is inside a text in quotes and not doubled")
NO_OBJECT = Message("it is no JSON object")
NOT_DECODED = "it is not {encoding}"
HINTS = {OTHER_LENGTH.text: "correct or delete it: is the file cut off, or is a cell with the delimiter not quoted?"}


@dataclass(frozen=True, kw_only=True)
class BadLine:
    """A line that cannot be read."""

    file: Path
    line: int
    "Counted from 1, the header included."
    fault: Message
    text: str
    "Its beginning, without mail addresses and long numbers."

    @property
    def place(self) -> str:
        """Its file and its line."""
        return f"{self.file} line {self.line}"


@dataclass(frozen=True)
class BadLines:
    """How many lines of a table's files cannot be read, out of how many, and the first ones."""

    n: int = 0
    n_lines: int = 0
    "Lines with a text below the headers."
    first: tuple[BadLine, ...] = ()

    def __add__(self, other: BadLines) -> BadLines:
        return BadLines(self.n + other.n, self.n_lines + other.n_lines, (self.first + other.first)[:MAX_LISTED])

    @property
    def are_few(self) -> bool:
        """Whether they may be accidents."""
        return are_few(self.n, of=self.n_lines)

    @property
    def note(self) -> Message:
        """Their number and the first of them; for a table that has some."""
        line = self.first[0]
        text = "{n} of {of} lines cannot be read; the first is line {line} of {file} ({fault}): '{text}'"
        values = {"n": self.n, "of": self.n_lines, "line": str(line.line), "file": line.file.name, "text": line.text}
        return Message(text, {**values, "fault": line.fault})


def are_few(n_odd: int, *, of: int) -> bool:
    """Whether so many odd lines may be accidents in a file of so many."""
    return n_odd <= max(MAX_FEW, MAX_SHARE * of) and (n_odd == 1 < of or 3 * n_odd <= of)


NO_BAD_LINES = BadLines()


class SplitLine(NamedTuple):
    """One record of a CSV, or one line that is none."""

    line: int
    text: str
    "With its line end; several lines where a cell has line feeds."
    fault: Message | None
    n_cells: int


class LineSplitter:
    """Splits the lines of a CSV into records (RFC 4180); a line with a broken quote is one of its own."""

    def __init__(self, delimiter: str) -> None:
        mark = re.escape(delimiter)
        # Without possessive groups, `(...)*+`, which Python before 3.11.5 matches wrongly. Nothing here is read in two
        # ways, so that going back takes no time.
        quoted = '"[^"]*(?:""[^"]*)*'
        plain = rf"[^{mark}\r\n]" if len(delimiter) == 1 else rf"(?:(?!{mark})[^\r\n])"
        cell = rf'(?:{quoted}"|(?!"){plain}*)'
        self._delimiter = delimiter
        self._whole = re.compile(rf"{cell}(?:{mark}{cell})*[\r\n]*")
        self._open = re.compile(rf"(?:{cell}{mark})*{quoted}")
        self._quoted = re.compile(f'{quoted}"')

    def split(self, lines: Iterable[str]) -> Iterator[SplitLine]:
        """The records in order; blank lines are records without cells."""
        source, waiting, number = iter(lines), deque[str](), 0
        while (text := waiting.popleft() if waiting else next(source, None)) is not None:
            number += 1
            more = [] if '"' not in text else self._read_on(text, source, waiting=waiting)
            if more is None:
                fault = OPEN_QUOTE if self._open.fullmatch(text) else STRAY_QUOTE
                yield SplitLine(number, text, fault, 0)
                continue
            for _ in more:
                waiting.popleft()
            record = "".join([text, *more])
            yield SplitLine(number, record, None, self._count_cells(record))
            number += len(more)

    def _read_on(self, text: str, source: Iterator[str], *, waiting: deque[str]) -> list[str] | None:
        """The further lines of a record, which wait; None if the quotes of its first line are broken."""
        more: list[str] = []
        while not self._whole.fullmatch(text):
            if len(more) == MAX_CELL_LINES or not self._open.fullmatch(text):
                return None
            if len(more) == len(waiting):
                line = next(source, None)
                if line is None:
                    return None
                waiting.append(line)
            more.append(waiting[len(more)])
            text += more[-1]
        return more

    def _count_cells(self, record: str) -> int:
        if not record.strip("\r\n"):
            return 0
        plain = self._quoted.sub("", record) if '"' in record else record
        return plain.count(self._delimiter) + 1


CheckedLine = tuple[str, BadLine | None]
"A record as it is written, and what is wrong with it."


def sift(checked: Iterable[CheckedLine], *, copy: Path, has_header: bool = False) -> BadLines:
    """Copy the lines that can be read, in UTF-8, and count the others."""
    n_lines, bad = -int(has_header), list[BadLine]()
    n_bad = 0
    with copy.open("w", encoding="utf-8", newline="") as kept:
        for text, fault in checked:
            n_lines += bool(text.strip())
            if fault is None:
                kept.write(text)
            else:
                n_bad += 1
                bad += [fault] if len(bad) < MAX_LISTED else []
    # The header may be one of them.
    return BadLines(n_bad, max(n_lines, n_bad), tuple(bad))


def check_csv(file: Path, *, original: Path, delimiter: str, header_line: int, encoding: str) -> Iterator[CheckedLine]:
    """The records of a CSV in UTF-8 that begins with its header.

    `header_line` is the line of the header in the original, whose encoding is named.
    """
    undecodable = Message(NOT_DECODED, {"encoding": "UTF-8" if encoding == "utf-8" else encoding})
    width = 0
    with file.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as lines:
        for record in LineSplitter(delimiter).split(lines):
            width = width or record.n_cells
            fault = undecodable if UNDECODABLE.search(record.text) else record.fault
            if fault is None and record.n_cells not in (0, width):
                fault = OTHER_LENGTH
            yield _describe(record.text, fault, file=original, line=record.line + header_line - 1)


def check_json_lines(file: Path) -> Iterator[CheckedLine]:
    """The lines of JSON Lines, which are objects."""
    with file.open(encoding="utf-8-sig", errors="surrogateescape", newline="\n") as lines:
        for number, text in enumerate(lines, start=1):
            yield _describe(text, _fault_of_json(text), file=file, line=number)


def _describe(text: str, fault: Message | None, *, file: Path, line: int) -> CheckedLine:
    return text, None if fault is None else BadLine(file=file, line=line, fault=fault, text=_shorten(text))


def _fault_of_json(text: str) -> Message | None:
    if UNDECODABLE.search(text):
        return Message(NOT_DECODED, {"encoding": "UTF-8"})
    if not text.strip():
        return None
    try:
        one = json.loads(text, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return NO_OBJECT
    return None if isinstance(one, dict) else NO_OBJECT


def _shorten(text: str) -> str:
    """The beginning of a line for a message."""
    start = UNDECODABLE.sub("\ufffd", text[: 4 * MAX_TEXT])
    plain = mask_personal(" ".join(start.split()))
    return plain if len(plain) <= MAX_TEXT else f"{plain[: MAX_TEXT - 3]}..."


def refuse_bad_lines(files: Sequence[BadLines], table: str, *, are_skipped: bool, doubt: str) -> None:
    """Raise DataError for lines that cannot be read, unless they are few in each file and the TOML leaves them out.

    `doubt` says what is probably wrong if they are many.
    """
    many = next((bad for bad in files if not bad.are_few), None)
    bad = many or sum(files, BadLines())
    if bad.n == 0 or (many is None and are_skipped):
        return
    line = bad.first[0]
    place, count = f"{table}: {line.place}: {line.fault}", f"{bad.n:,} of {bad.n_lines:,} lines cannot be read"
    if line.fault.text == NOT_DECODED:
        mend = suggest_encoding(line.file)
        if f'"{str(line.fault.values["encoding"]).lower()}"' not in mend:
            raise DataError(f"{place}; {mend}; {count}")
    if many is not None:
        raise DataError(f"{place}: '{line.text}'; {count}, too many to be accidents: {doubt}")
    hint = HINTS.get(line.fault.text, "correct or delete it")
    raise DataError(f"{place}: '{line.text}'; {hint}; {count}; bad_lines = \"skip\" leaves them out")
