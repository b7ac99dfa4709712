"""Reads columns whose kind nothing declares: numbers where every value is one, times where every value is one.

Anything else is words. A usual null word among numbers is missing; among words it stays, because 'NA' may be a country.
Infinity and the errors of spreadsheets ('#DIV/0!') are missing among numbers, too. Digits that begin with 0 ('00501')
are words, because they are codes.

A file may have thousands of columns, and a query needs milliseconds for each: plain numbers and words are read by
Arrow, a few columns at a time, and only dates and other notations by queries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc

from core.config.sources import ValueFormat
from tables.cleaning.characters import NULL_WORDS
from tables.cleaning.evidence import CODE, PLAIN_NUMBER, WrittenColumn, find_evidence
from tables.cleaning.readings import read_column
from tables.cleaning.source_columns import ROW_NUMBER, columns_of, drop_row_numbers
from tables.cleaning.workbench import Clock, Workbench
from tables.contract_types import Kind

NUMBER_LIKE = r"^[^0-9A-Za-z]*[0-9][0-9., '%)円-]*$"
NO_NUMBER = r"^([+-]?(inf|infinity)|#(div/0!|value!|ref!|num!|name[?]|null!))$"
"In lower case: what programs write in the place of a number that they could not compute."
DATE_LIKE = "^([0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{4}|[0-9]{4}年.*)([T ].*)?$"
Shape = Literal["plain", "date", "number", "words"]
"Of the values of a column: numbers as computers write them, dates, numbers in some notation, anything else."
SHAPES: tuple[Shape, ...] = get_args(Shape)[:-1]
COLUMNS_AT_ONCE = 200


@dataclass(frozen=True)
class UndeclaredColumn:
    """The cells of one column of a file, and how its values are written."""

    cells: Sequence[ir.Value]
    "One, or several that are multiplied."
    written: ValueFormat
    is_constant: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether Arrow can read it: one column of text, or of numbers without a value that means missing."""
        if len(self.cells) > 1 or self.has_notation:
            return False
        kind = self.cells[0].type()
        has_null_values = bool(self.written.null_values or self.written.null_prefixes)
        return kind.is_string() or ((kind.is_numeric() or kind.is_boolean()) and not has_null_values)

    @property
    def is_text(self) -> bool:
        """Whether its kind has to be found; that of a constant is known."""
        return len(self.cells) == 1 and self.cells[0].type().is_string() and not self.is_constant

    @property
    def has_notation(self) -> bool:
        """Whether the TOML says how its values are written."""
        return (self.written.decimal, self.written.thousands, self.written.date_format) != (None, None, None)


@dataclass
class ReadColumns:
    """Columns in their kinds, in the order of the file's rows."""

    values: dict[str, pa.ChunkedArray] = field(default_factory=dict[str, pa.ChunkedArray])
    "Text, float64 or timestamps."
    n_not_finite: dict[str, int] = field(default_factory=dict[str, int])
    "Values among the numbers of a column that are no finite number."


def read_undeclared(
    columns: Mapping[str, UndeclaredColumn], source: ir.Table, *, clock: Clock, table: str
) -> ReadColumns:
    """Each column as numbers, times or words. Raises DataError where every number of a column could be two numbers."""
    result = ReadColumns()
    plain = [name for name, column in columns.items() if column.is_plain]
    others: dict[str, Shape | None] = dict.fromkeys(name for name, column in columns.items() if not column.is_plain)
    for start in range(0, len(plain), COLUMNS_AT_ONCE):
        names = plain[start : start + COLUMNS_AT_ONCE]
        cells = fetch(source, {name: columns[name].cells[0] for name in names})
        for name in names:
            shape = _read_plain(name, cells[name], written=columns[name].written, result=result)
            if shape in ("date", "number"):
                others[name] = shape
    if others:
        by_query = {name: columns[name] for name in others}
        result.values |= _read_by_query(by_query, source, shapes=others, clock=clock, table=table)
    return ReadColumns({name: result.values[name] for name in columns}, result.n_not_finite)


def fetch(source: ir.Table, cells: Mapping[str, ir.Value]) -> pa.Table:
    """Some columns in memory, in the order of the file's rows."""
    table = select_cells(source, list(cells.values()))
    ordered = table.order_by(ROW_NUMBER) if ROW_NUMBER in table.columns else table
    return drop_row_numbers(ordered).to_pyarrow().rename_columns(list(cells))


def compute(bench: Workbench, values: Mapping[str, ir.Value]) -> pa.Table:
    """Values of a workbench in memory, in the order of the file's rows."""
    numbers = [ROW_NUMBER] if ROW_NUMBER in bench.source.columns else []
    table = bench.select(*numbers, **values)
    return fetch(table, {name: table[name] for name in values})


def select_cells(source: ir.Table, cells: Sequence[ir.Value]) -> ir.Table:
    """The cells as columns c0, c1, ... with the numbers of the rows; DuckDB does not tell Fee from fee."""
    rows = [source[ROW_NUMBER]] if ROW_NUMBER in source.columns else []
    return source.select(*(cell.name(f"c{place}") for place, cell in enumerate(cells)), *rows)


def _read_plain(name: str, cells: pa.ChunkedArray, *, written: ValueFormat, result: ReadColumns) -> Shape:
    """Read a column into the result, unless its shape is one that takes a query; returns the shape."""
    if not (pa.types.is_string(cells.type) or pa.types.is_large_string(cells.type)):
        number = cells.cast(pa.float64())
        finite = pc.is_finite(number)
        result.values[name] = _keep(number, finite)
        result.n_not_finite[name] = int(pc.sum(pc.is_inf(number)).as_py() or 0)
        return "plain"
    text = pc.utf8_trim_whitespace(cells.cast(pa.string()))
    text = _keep(text, pc.not_equal(text, ""))
    by_setting, usual = _missing(text, written)
    text = _keep(text, pc.invert(by_setting))
    number = _keep(text, pc.invert(usual))
    shape = find_shape(number)
    if shape == "plain":
        is_number = pc.match_substring_regex(number, PLAIN_NUMBER)
        result.values[name] = _to_numbers(_keep(number, is_number))
        result.n_not_finite[name] = int(pc.sum(pc.invert(is_number)).as_py() or 0)
    else:
        result.values[name] = text
    return shape


def _keep(column: pa.ChunkedArray, is_kept: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column, NULL where a condition is false or unknown."""
    return pc.if_else(is_kept, column, pa.scalar(None, column.type))


def _missing(text: pa.ChunkedArray, written: ValueFormat) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
    """Whether each value means missing by the TOML, and whether it is one of the usual words for that."""
    by_setting = pc.is_in(text, pa.array(list(written.null_values or ()), pa.string()))
    for prefix in written.null_prefixes:
        by_setting = pc.or_(by_setting, pc.fill_null(pc.starts_with(text, prefix), False))
    words = NULL_WORDS if written.null_values != () else ()
    return by_setting, pc.is_in(pc.utf8_lower(text), pa.array(words, pa.string()))


def find_shape(text: pa.ChunkedArray) -> Shape:
    """What the values of a column look like; NULL is missing."""
    values = text.drop_null()
    if not len(values):
        return "words"
    is_plain = pc.match_substring_regex(values, PLAIN_NUMBER)
    fits: dict[Shape, pa.ChunkedArray] = {
        "plain": pc.or_(is_plain, pc.match_substring_regex(pc.utf8_lower(values), NO_NUMBER)),
        "date": pc.match_substring_regex(values, DATE_LIKE),
        "number": pc.match_substring_regex(values, NUMBER_LIKE),
    }
    fitting: list[Shape] = [shape for shape in SHAPES if pc.all(fits[shape]).as_py()]
    shape = fitting[0] if fitting else "words"
    has_codes = shape in ("plain", "number") and pc.any(pc.match_substring_regex(values, CODE)).as_py()
    is_empty = shape == "plain" and not pc.any(is_plain).as_py()
    return "words" if has_codes or is_empty else shape


def _to_numbers(text: pa.ChunkedArray) -> pa.ChunkedArray:
    """The numbers in a column of plain ones; one that is too large for float64 is missing."""
    text = pc.utf8_ltrim(text, "+")
    try:
        return text.cast(pa.float64())
    except pa.ArrowInvalid:
        numbers = [None if one is None else float(one) for one in text.to_pylist()]
        return pa.chunked_array([pa.array(numbers, pa.float64())])


def _read_by_query(
    columns: Mapping[str, UndeclaredColumn],
    source: ir.Table,
    *,
    shapes: Mapping[str, Shape | None],
    clock: Clock,
    table: str,
) -> dict[str, pa.ChunkedArray]:
    source = select_cells(source, [cell for column in columns.values() for cell in column.cells])
    cells = iter(source[name] for name in columns_of(source))
    columns = {name: replace(column, cells=[next(cells) for _ in column.cells]) for name, column in columns.items()}
    formats = _find_formats(table, columns, source=source, shapes=shapes)
    return {
        name: _read(replace(column, written=formats.get(name, column.written)), source, clock=clock, shape=shapes[name])
        for name, column in columns.items()
    }


def _as_plain_type(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = column.type
    is_number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    return column.cast(pa.float64()) if is_number or pa.types.is_boolean(kind) else column


def _find_formats(
    table: str, columns: Mapping[str, UndeclaredColumn], *, source: ir.Table, shapes: Mapping[str, Shape | None]
) -> dict[str, ValueFormat]:
    """How the values of dates and numbers are written whose format the TOML does not state."""
    kinds = {"number": "number", "date": "time"}
    written = [
        WrittenColumn(name, columns[name].cells[0], kind=kinds[shape], written=columns[name].written)
        for name, shape in shapes.items()
        if shape is not None
    ]
    return dict(find_evidence(table, source, columns=written).formats)


def _read(column: UndeclaredColumn, source: ir.Table, *, clock: Clock, shape: Shape | None) -> pa.ChunkedArray:
    """A column as times or numbers where every value is one, otherwise as it is; several cells are numbers.

    Each reading has a workbench of its own, because every query of one contains all steps before it.
    """
    for kind in _kinds(column, shape):
        bench = Workbench(source, clock)
        reading = read_column(column.cells, bench, written=column.written, kind=kind)
        unreadable = ibis.literal(False) if reading.unreadable is None else ibis.coalesce(reading.unreadable, False)
        read = compute(bench, {"value": reading.value, "unreadable": unreadable})
        values = _as_plain_type(read["value"])
        if not column.is_text or (not pc.any(read["unreadable"]).as_py() and values.null_count < len(values)):
            return values
    bench = Workbench(source, clock)
    words = read_column(column.cells, bench, written=column.written, kind="attribute").value
    return _as_plain_type(compute(bench, {"value": words})["value"])


def _kinds(column: UndeclaredColumn, shape: Shape | None) -> tuple[Kind, ...]:
    """What a column may be, beside words or the numbers of its type."""
    if shape is not None:
        return ("time",) if shape == "date" else ("number",)
    if column.is_text:
        return ("number",) if column.written.date_format is None else ("time", "number")
    if len(column.cells) > 1:
        return ("number",)
    return ("time",) if column.cells[0].type().is_temporal() else ()
