"""Reads columns whose kind nothing declares: numbers where every value is one, times where every value is one.

Anything else is words. A usual null word among numbers is missing; among words it stays, because 'NA' may be a country.
Infinity and the errors of spreadsheets ('#DIV/0!') are missing among numbers, too. Digits that begin with 0 ('00501')
are words, because they are codes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import ibis
import ibis.expr.types as ir

from core.config.sources import ValueFormat
from tables.cleaning.characters import is_null_word
from tables.cleaning.evidence import WrittenColumn, find_formats
from tables.cleaning.readings import Reading, blank_null_words, read_column
from tables.cleaning.workbench import Workbench
from tables.contract import Kind

NUMBER_LIKE = r"^[^0-9A-Za-z]*[0-9][0-9., '%)円-]*$"
PLAIN_NUMBER = "^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?$"
NO_NUMBER = r"^([+-]?(inf|infinity)|#(div/0!|value!|ref!|num!|name[?]|null!))$"
"In lower case: what programs write in the place of a number that they could not compute."
CODE = "^0[0-9]+$"
DATE_LIKE = "^([0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{4}|[0-9]{4}年.*)([T ].*)?$"
Shape = Literal["plain", "date", "number", "words"]
"Of the values of a column: numbers as computers write them, dates, numbers in some notation, anything else."
SHAPES: tuple[Shape, ...] = get_args(Shape)[:-1]

COLUMNS_AT_ONCE = 200
"Columns whose shapes one query counts."


@dataclass(frozen=True)
class UndeclaredColumn:
    """The cells of one column of a file, and how its values are written."""

    cells: Sequence[ir.Value]
    "One, or several that are multiplied."
    written: ValueFormat

    @property
    def is_text(self) -> bool:
        """Whether its kind has to be found."""
        return len(self.cells) == 1 and self.cells[0].type().is_string()

    @property
    def has_notation(self) -> bool:
        """Whether the TOML says how its values are written."""
        return (self.written.decimal, self.written.thousands, self.written.date_format) != (None, None, None)


def read_undeclared(columns: Mapping[str, UndeclaredColumn], bench: Workbench, *, table: str) -> dict[str, ir.Value]:
    """Each column as numbers, times or words. Raises DataError where every number of a column could be two numbers."""
    shapes = find_shapes({name: column for name, column in columns.items() if column.is_text}, bench.source)
    written = _find_formats(table, columns, source=bench.source, shapes=shapes)
    return {
        name: _read(replace(column, written=written.get(name, column.written)), bench, shape=shapes.get(name))
        for name, column in columns.items()
    }


def _read(column: UndeclaredColumn, bench: Workbench, *, shape: Shape | None) -> ir.Value:
    if shape is None:
        kind = "number" if len(column.cells) > 1 else "attribute"
        return read_column(column.cells, bench, written=column.written, kind=kind).value
    if shape == "plain" and not column.has_notation:
        cell = column.cells[0].strip()
        if column.written.null_values or column.written.null_prefixes:
            cell = blank_null_words(cell, bench, written=column.written, kind="number")
        # 1e999 is no float64.
        return ibis.ifelse(cell.re_search(PLAIN_NUMBER), cell, ibis.null("string")).try_cast("float64")
    return _read_text(column, bench, shape=shape)


def find_shapes(columns: Mapping[str, UndeclaredColumn], source: ir.Table) -> dict[str, Shape]:
    """What the values of each text column look like; a few columns at a time, because a query may have thousands."""
    shapes: dict[str, Shape] = {}
    for start in range(0, len(columns), COLUMNS_AT_ONCE):
        names = list(columns)[start : start + COLUMNS_AT_ONCE]
        tests = {f"{shape} {name}": test for name in names for shape, test in _tests(columns[name]).items()}
        row = source.aggregate(**tests).to_pyarrow().to_pylist()[0]
        for name in names:
            fitting: list[Shape] = [shape for shape in SHAPES if row[f"{shape} {name}"]]
            has_codes = row[f"code {name}"] and fitting[:1] != ["date"]
            shapes[name] = fitting[0] if fitting and not has_codes else "words"
    return shapes


def _tests(column: UndeclaredColumn) -> dict[str, ir.Value]:
    cell, written = column.cells[0].strip().nullif(""), column.written
    words, prefixes = written.null_values or (), written.null_prefixes
    missing = is_null_word(cell, words=words, prefixes=prefixes, has_usual_words=written.null_values != ())
    missing = ibis.coalesce(missing, True) if missing is not None else cell.isnull()
    plain = cell.re_search(PLAIN_NUMBER)
    return {
        "plain": (missing | plain | cell.lower().re_search(NO_NUMBER)).all() & (plain & ~missing).any(),
        "date": (missing | cell.re_search(DATE_LIKE)).all() & (~missing).any(),
        "number": (missing | cell.re_search(NUMBER_LIKE)).all() & (~missing).any(),
        "code": (~missing & cell.re_search(CODE)).any(),
    }


def _find_formats(
    table: str, columns: Mapping[str, UndeclaredColumn], *, source: ir.Table, shapes: Mapping[str, Shape]
) -> dict[str, ValueFormat]:
    """How the values of columns are written that are not plain numbers and whose format the TOML does not state."""
    kinds = {"number": "number", "date": "time"}
    written = [
        WrittenColumn(name, columns[name].cells[0], kind=kinds[shape], written=columns[name].written)
        for name, shape in shapes.items()
        if shape in kinds
    ]
    return find_formats(table, source, columns=written)[0]


def _read_text(column: UndeclaredColumn, bench: Workbench, *, shape: Shape) -> ir.Value:
    candidates: dict[Kind, bool] = {
        "time": shape == "date" or column.written.date_format is not None,
        "number": shape in ("plain", "number"),
    }
    for kind, is_possible in candidates.items():
        reading = read_column(column.cells, bench, written=column.written, kind=kind) if is_possible else None
        if reading is not None and _fits(reading, bench):
            return reading.value
    return read_column(column.cells, bench, written=column.written, kind="attribute").value


def _fits(reading: Reading, bench: Workbench) -> bool:
    """Whether every value can be read, and there is one."""
    unreadable = ibis.literal(False) if reading.unreadable is None else ibis.coalesce(reading.unreadable, False)
    fits = (~unreadable).all() & reading.value.notnull().any()
    return bool(bench.table.aggregate(fits=fits).to_pyarrow()["fits"][0].as_py())
