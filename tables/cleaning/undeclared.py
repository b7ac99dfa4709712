"""Reads columns whose kind nothing declares: numbers where every value is one, days where a date_format is stated.

Anything else is words. A usual null word among numbers is missing; among words it stays, because 'NA' may be a country.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from core.config.sources import ValueFormat
from tables.cleaning.characters import is_null_word
from tables.cleaning.readings import Reading, blank_null_words, read_column
from tables.cleaning.workbench import Workbench
from tables.contract import Kind

NUMBER_LIKE = r"^[^0-9A-Za-z]*[0-9][0-9., '%)円-]*$"
PLAIN_NUMBER = "^-?[0-9]+([.][0-9]*)?([eE][+-]?[0-9]+)?$"


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


def read_undeclared(columns: Mapping[str, UndeclaredColumn], bench: Workbench) -> dict[str, ir.Value]:
    """Each column as numbers, times or words."""
    texts = {name: column for name, column in columns.items() if column.is_text}
    plain, number_like = _shapes(texts, bench.source)
    values: dict[str, ir.Value] = {}
    for name, column in columns.items():
        if not column.is_text:
            values[name] = read_column(
                column.cells, bench, written=column.written, kind="number" if len(column.cells) > 1 else "attribute"
            ).value
        elif name in plain and not column.has_notation:
            cell = blank_null_words(column.cells[0].strip(), bench, written=column.written, kind="number")
            number = ibis.ifelse(cell.re_search(PLAIN_NUMBER), cell, ibis.null("string"))
            values[name] = number.cast("float64")
        else:
            values[name] = _read_text(column, bench, may_be_number=name in number_like)
    return values


def _shapes(columns: Mapping[str, UndeclaredColumn], source: ir.Table) -> tuple[set[str], set[str]]:
    """The columns of plain numbers, and those whose values all look like numbers in some notation."""
    if not columns:
        return set(), set()
    tests: dict[str, ir.Value] = {}
    for name, column in columns.items():
        cell, written = column.cells[0].strip().nullif(""), column.written
        words, prefixes = written.null_values or (), written.null_prefixes
        missing = is_null_word(cell, words=words, prefixes=prefixes, has_usual_words=written.null_values != ())
        missing = ibis.coalesce(missing, True) if missing is not None else cell.isnull()
        has_values = (~missing).any()
        tests[f"plain {name}"] = (missing | cell.re_search(PLAIN_NUMBER)).all() & has_values
        tests[f"like {name}"] = (missing | cell.re_search(NUMBER_LIKE)).all() & has_values
    row = source.aggregate(**tests).to_pyarrow().to_pylist()[0]
    plain, like = ({name for name in columns if row[f"{shape} {name}"]} for shape in ("plain", "like"))
    return plain, like


def _read_text(column: UndeclaredColumn, bench: Workbench, *, may_be_number: bool) -> ir.Value:
    has_times = column.written.date_format is not None
    candidates: dict[Kind, bool] = {"time": has_times, "number": may_be_number}
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
