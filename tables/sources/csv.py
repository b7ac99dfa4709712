"""CSV files, read strictly: every cell as text, and every line with as many cells as the header.

A broken line is an error that names it, so that half a file is never taken for the whole. The contract decides later
what the text means.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import duckdb
import ibis
import ibis.expr.types as ir
from ibis.backends.duckdb import Backend as DuckDB

from core.date_format import EPOCH_UNITS
from core.errors import DataError
from tables.cleaning.moments import moment_in
from tables.cleaning.workbench import Clock, Workbench
from tables.sources.csv_files import CsvFile, CsvFormat, prepare_files, suggest_encoding
from tables.sources.protocol import Location, copy_in_order

FAULT_LINE = re.compile(r"CSV Error on Line: (\d+)")
FAULT_FILE = re.compile(r"^\s*file = (.*)$", re.MULTILINE)
NOT_UTF8 = "it is not UTF-8"
FAULTS = {
    "Expected Number of Columns": "it does not have as many cells as the header; correct or delete it: is the file cut "
    "off, or is a cell with the delimiter not quoted?",
    "unterminated quote": "a quote is opened and never closed; is the file cut off?",
    "not utf-8": NOT_UTF8,
}
"Plain messages, by a part of DuckDB's."
UTC = Clock("UTC", "UTC")


@dataclass(frozen=True)
class CsvFiles:
    """One or more CSV files, whose columns are matched by their names."""

    endings: tuple[str, ...] = (".csv", ".tsv", ".txt")
    is_text: bool = True

    def accepts(self, location: Location) -> bool:
        """Whether every file ends as a CSV file does."""
        return location.settings.path is not None and location.endings <= set(self.endings)

    def read(self, engine: DuckDB, location: Location) -> ir.Table:
        """The cells as text, copied into the engine; an empty cell is missing.

        Raises DataError with file and line for a broken file, ConfigError for an encoding that Python does not have.
        """
        with prepare_files(location) as files:
            columns = list(dict.fromkeys(column for file in files for column in file.header))
            try:
                parts = [
                    _select(_read_alike(engine, list(alike)), columns)
                    for _, alike in groupby(files, key=lambda file: (file.written, file.header))
                ]
                return copy_in_order(engine, ibis.union(*parts) if parts[1:] else parts[0], name=location.name)
            except duckdb.Error as fault:
                raise DataError(f"{location.name}: {_describe_fault(fault, files)}") from fault


SOURCE = CsvFiles()


def _read_alike(engine: DuckDB, files: Sequence[CsvFile]) -> ir.Table:
    """Files with the same columns in the same order, written in the same way."""
    written = files[0].written
    view = engine.read_csv(
        [str(file.copy) for file in files],
        columns=dict.fromkeys(files[0].header, "VARCHAR"),
        header=True,
        auto_detect=False,
        delim=written.delimiter,
        quote='"',
        escape='"',
        strict_mode=True,
    )
    return _rewrite(view, written)


def _rewrite(view: ir.Table, written: CsvFormat) -> ir.Table:
    """The cells as the table's other files write them."""
    if not written.swap_marks and not written.date_formats:
        return view
    swapped = {column: view[column].translate(".,", ",.") for column in written.swap_marks if column in view.columns}
    bench = Workbench(view.mutate(**swapped), UTC)
    dates = {
        column: _year_first(bench, column, date_format=date_format)
        for column, date_format in written.date_formats.items()
        if column in view.columns
    }
    return bench.table.mutate(**dates).select(view.columns)


def _year_first(bench: Workbench, column: str, *, date_format: str) -> ir.Value:
    """A column of dates with the year first; what is no date stays as it is."""
    text = bench.table[column]
    moment = moment_in(text, bench, date_format=date_format)
    utc = moment.shown - moment.offset_seconds.coalesce(0).as_interval("s")
    has_offset = moment.offset_seconds.notnull() | (date_format in EPOCH_UNITS)
    shown = ibis.ifelse(
        moment.is_day,
        moment.shown.strftime("%Y-%m-%d"),
        ibis.ifelse(has_offset, utc.strftime("%Y-%m-%d %H:%M:%SZ"), moment.shown.strftime("%Y-%m-%d %H:%M:%S")),
    )
    return shown.coalesce(text)


def _select(part: ir.Table, columns: Sequence[str]) -> ir.Table:
    """All columns of the table in one order; those that the files lack are empty."""
    return part.select(**{name: part[name] if name in part.columns else ibis.null("string") for name in columns})


def _describe_fault(fault: duckdb.Error, files: Sequence[CsvFile]) -> str:
    """What is wrong and where, without the content of the line, which may be personal data."""
    text = str(fault)
    line, path = FAULT_LINE.search(text), FAULT_FILE.search(text)
    file = next((file for file in files if path and Path(path[1]) == file.copy), files[0])
    place = f"{file.original} line {int(line[1]) + file.written.header_line - 1}" if line else str(file.original)
    unknown = f'it is no CSV with delimiter = "{file.written.delimiter}", or it is damaged; export it again'
    reason = next((plain for part, plain in FAULTS.items() if part in text), unknown)
    return f"{place}: {reason}{f'; {suggest_encoding(file.original)}' if reason == NOT_UTF8 else ''}"
