"""CSV files, read strictly: every cell as text, and every line with as many cells as the header.

A broken line is an error that names it, so that half a file is never taken for the whole, unless the TOML leaves out
such lines and they are few. The contract decides later what the text means.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import ibis
import ibis.expr.types as ir
from ibis.backends.duckdb import Backend as DuckDB

from core.date_format import EPOCH_UNITS
from core.errors import DataError
from tables.bad_lines import BadLines, check_csv, refuse_bad_lines, sift
from tables.cleaning.moments import moment_in
from tables.cleaning.workbench import Clock, Workbench
from tables.sources.csv_files import CsvFile, CsvFormat, prepare_files
from tables.sources.protocol import Location, SourceRows, copy_in_order

UTC = Clock("UTC", "UTC")


@dataclass(frozen=True)
class CsvFiles:
    """One or more CSV files, whose columns are matched by their names."""

    endings: tuple[str, ...] = (".csv", ".tsv", ".txt")
    is_text: bool = True

    def accepts(self, location: Location) -> bool:
        """Whether every file ends as a CSV file does."""
        return location.settings.path is not None and location.endings <= set(self.endings)

    def read(self, engine: DuckDB, location: Location) -> SourceRows:
        """The cells as text, copied into the engine; an empty cell is missing.

        Raises DataError with file and line for lines that cannot be read, unless `bad_lines` leaves them out;
        ConfigError for an encoding that Python does not have.
        """
        with prepare_files(location) as files, TemporaryDirectory() as folder:
            try:
                return SourceRows(_copy_rows(engine, files, name=location.name))
            except duckdb.Error as fault:
                cleaned, bad = _leave_out_bad_lines(files, location, folder=Path(folder))
                if not bad.n:
                    raise DataError(_describe_damage(files, location)) from fault
            try:
                return SourceRows(_copy_rows(engine, cleaned, name=location.name), bad)
            except duckdb.Error as fault:
                raise DataError(_describe_damage(files, location)) from fault


SOURCE = CsvFiles()


def _copy_rows(engine: DuckDB, files: Sequence[CsvFile], *, name: str) -> ir.Table:
    columns = list(dict.fromkeys(column for file in files for column in file.header))
    parts = [
        _select(_read_alike(engine, list(alike)), columns)
        for _, alike in groupby(files, key=lambda file: (file.written, file.header))
    ]
    return copy_in_order(engine, ibis.union(*parts) if parts[1:] else parts[0], name=name)


def _leave_out_bad_lines(
    files: Sequence[CsvFile], location: Location, *, folder: Path
) -> tuple[list[CsvFile], BadLines]:
    """Copies of the files without the lines that cannot be read. Raises DataError where these may not be left out."""
    cleaned = [replace(file, copy=folder / f"{n}.csv") for n, file in enumerate(files)]
    bad = [
        sift(
            check_csv(
                file.copy,
                original=file.original,
                delimiter=file.written.delimiter,
                header_line=file.written.header_line,
                encoding=file.written.encoding,
            ),
            copy=clean.copy,
            has_header=True,
        )
        for file, clean in zip(files, cleaned, strict=True)
    ]
    doubt = f'is delimiter = "{files[0].written.delimiter}" right, and is every text with a delimiter in quotes?'
    refuse_bad_lines(bad, location.name, are_skipped=location.settings.bad_lines == "skip", doubt=doubt)
    return cleaned, sum(bad, BadLines())


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
    others = [column for column in view.columns if column not in dates]
    return bench.select(*others, **dates).select(view.columns)


def _year_first(bench: Workbench, column: str, *, date_format: str) -> ir.Value:
    """A column of dates with the year first; what is no date stays as it is."""
    text = bench.source[column]
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


def _describe_damage(files: Sequence[CsvFile], location: Location) -> str:
    """What to do about files that cannot be read although each of their lines can."""
    file = files[0]
    doubt = f'it is no CSV with delimiter = "{file.written.delimiter}", or it is damaged; export it again'
    return f"{location.name}: {file.original}: {doubt}"
