"""How each file of a CSV table is written, and copies that DuckDB can read: UTF-8, from the header to the last row."""

from __future__ import annotations

import codecs
import csv
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from core.config.rows import FileSource
from core.errors import DataError
from tables.contract import CONTRACT
from tables.encodings import decodes, suggest_encoding
from tables.sources.protocol import Location

DELIMITERS = (";", "\t", "|", ",")


@dataclass(frozen=True)
class CsvFormat:
    """How a file is written."""

    encoding: str
    delimiter: str
    header_line: int = 1
    footer_lines: int = 0
    names: Mapping[str, str] = field(default_factory=dict[str, str])
    "Column as the table calls it to column of the file, where they differ."
    swap_marks: tuple[str, ...] = ()
    "Columns of numbers whose dots and commas are swapped."
    date_formats: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def is_plain(self) -> bool:
        """Whether the file can be read as it is."""
        return codecs.lookup(self.encoding).name in ("utf-8", "utf-8-sig") and (
            self.header_line,
            self.footer_lines,
        ) == (
            1,
            0,
        )


@dataclass(frozen=True)
class CsvFile:
    """A file of a table, ready to be read."""

    original: Path
    copy: Path
    "UTF-8, from the header to the last row; the original where it is that."
    written: CsvFormat
    header: tuple[str, ...]
    "Its columns as the table calls them."


def format_of(path: Path, location: Location) -> CsvFormat:
    """How a file is written: as its entry of `files` says, and otherwise as its table does."""
    settings, entry = location.settings, location.entries.get(path, FileSource(path=""))
    return CsvFormat(
        encoding=entry.encoding or settings.encoding,
        delimiter=entry.delimiter or settings.delimiter,
        header_line=entry.header_line or settings.header_line,
        footer_lines=settings.footer_lines if entry.footer_lines is None else entry.footer_lines,
        names=entry.columns,
        swap_marks=entry.swap_marks,
        date_formats=entry.date_formats,
    )


@contextmanager
def prepare_files(location: Location) -> Generator[list[CsvFile]]:
    """The files of a table in order, those that need it as copies; deleted at the end.

    Raises DataError if their columns differ, or for a text that is not in its encoding.
    """
    with TemporaryDirectory() as folder:
        files = [_prepare(path, location, copy=Path(folder) / f"{n}.csv") for n, path in enumerate(location.files)]
        _refuse_different_columns(files, location)
        yield files


def _prepare(path: Path, location: Location, *, copy: Path) -> CsvFile:
    written = format_of(path, location)
    _refuse_utf16(path, written=written, name=location.name)
    is_plain = written.is_plain
    if not is_plain:
        _refuse_utf8(path, written=written, name=location.name)
        _copy_rows(path, copy, written=written, name=location.name)
    source = path if is_plain else copy
    header = _read_header(source, location, path=path, written=written)
    ours = {theirs: name for name, theirs in written.names.items()}
    for theirs in ours:
        if theirs not in header:
            raise DataError(f"{location.name}: {path.name} has no column '{theirs}'; found: {', '.join(header)}")
    return CsvFile(path, source, written, tuple(ours.get(column, column) for column in header))


def _copy_rows(path: Path, copy: Path, *, written: CsvFormat, name: str) -> None:
    """Write the header and the rows of a file as UTF-8; what is not in its encoding becomes no valid UTF-8."""
    encoding = "utf-8-sig" if codecs.lookup(written.encoding).name == "utf-8" else written.encoding
    try:
        with (
            path.open(encoding=encoding, errors="surrogateescape", newline="") as old,
            copy.open("w", encoding="utf-8", errors="surrogatepass", newline="") as new,
        ):
            new.writelines(_rows(old, written))
    except UnicodeError as fault:
        # UTF-16 cannot be read on after a broken character.
        raise DataError(f"{name}: {path} is not {written.encoding}; {suggest_encoding(path)}") from fault


def _refuse_utf16(path: Path, *, written: CsvFormat, name: str) -> None:
    """Raise DataError for a file that begins with the mark of UTF-16, which other encodings read as zero bytes."""
    with path.open("rb") as file:
        has_mark = file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    if has_mark and not written.encoding.lower().replace("_", "-").startswith("utf-16"):
        raise DataError(f'{name}: {path} begins with the mark of UTF-16; set encoding = "utf-16"')


def _refuse_utf8(path: Path, *, written: CsvFormat, name: str) -> None:
    """Raise DataError for UTF-8 in a file declared otherwise: its letters would become others, without an error."""
    is_declared = codecs.lookup(written.encoding).name in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be")
    if not is_declared and not decodes(path, "ascii") and decodes(path, "utf-8"):
        raise DataError(f'{name}: {path} is UTF-8, and {written.encoding} would garble it; set encoding = "utf-8"')


def _rows(lines: Iterable[str], written: CsvFormat) -> Iterator[str]:
    """The lines from the header on, without the last ones that are not blank."""
    held: deque[str] = deque()
    n_filled = 0
    for line in islice(lines, written.header_line - 1, None):
        held.append(line)
        n_filled += bool(line.strip())
        while n_filled > written.footer_lines:
            first = held.popleft()
            n_filled -= bool(first.strip())
            yield first


def name_columns(header: Iterable[str]) -> list[str]:
    """The names in a header without blanks around them: `column_3` without one, `Name (1)` and so on for repeats."""
    names = [column.strip() or f"column_{number}" for number, column in enumerate(header, start=1)]
    places = [names[: place + 1].count(name) for place, name in enumerate(names)]
    return [f"{name} ({place})" if names.count(name) > 1 else name for name, place in zip(names, places, strict=True)]


def _read_header(source: Path, location: Location, *, path: Path, written: CsvFormat) -> list[str]:
    """The header of a file. Raises DataError if it is empty, or if a name repeats that a column may mean."""
    with source.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
        header = next(csv.reader(lines, delimiter=written.delimiter), list[str]())
    if not header:
        lines = f"header_line = {written.header_line}, footer_lines = {written.footer_lines}"
        raise DataError(f"{location.name} is empty: {path.name} does not even have a header, with {lines}")
    other = next((mark for mark in DELIMITERS if len(header) == 1 and mark in header[0]), None)
    if other is not None:
        shown = other.replace("\t", "\\t")
        raise DataError(
            f'{location.name}: with delimiter = "{written.delimiter}" the header of {path.name} is one column, '
            f"'{' '.join(header[0].split())}'; set delimiter = \"{shown}\""
        )
    names, bare = name_columns(header), [column.strip() for column in header]
    in_use = {*_columns_used(location), *(CONTRACT[location.name].names if location.name in CONTRACT else ())}
    repeated = next((column for column in bare if column in in_use and bare.count(column) > 1), None)
    if repeated or bare.count("") * 2 > len(bare):
        fault = f"'{repeated}' twice" if repeated else "columns without a name"
        hint = (
            f"; name one, e.g. '{repeated} (2)' (the first is '{repeated} (1)')"
            if repeated
            else "; is it the header, and is delimiter right?"
        )
        raise DataError(f"{location.name}: the header of {path.name} has {fault}{hint}")
    return names


def _columns_used(location: Location) -> Iterator[str]:
    """The columns of the source whose names the TOML does not say by their number."""
    for name, column in location.settings.columns.items():
        if isinstance(column, str):
            yield column
        else:
            yield from (column.column or name, *(column.product or ()))


def _refuse_different_columns(files: list[CsvFile], location: Location) -> None:
    """Raise DataError if a file lacks a column of another one that is not optional."""
    name, optional = location.name, set(location.settings.optional_columns)
    for file in files[1:]:
        first = files[0]
        for one, other in ((file, first), (first, file)):
            missing = [column for column in other.header if column not in one.header and column not in optional]
            if missing:
                listed = ", ".join(f"'{column}'" for column in missing)
                raise DataError(
                    f"{name}: its files have different headers: {one.original.name} lacks {listed} of "
                    f"{other.original.name}; set optional_columns, or map the names in [[tables.{name}.files]]"
                )
