"""Columns and rows of a source before they are read, and numbers in other units: cents, or an amount per year.

where = [{ column = "Status", none_of = ["draft"] }]           drops the drafts
amount = { column = "total", scale = "minor_unit" }            1250 is 12.50, in yen 1250
customer_id = { column = "Customer", id_width = 8 }            123 is 00000123
granted = { column = "opted_out", negated = true }             yes is no
event_time = { column = "day", time_of_day = "time" }          a day and its time in two columns, see source_cells
amount = { column = "total", minus = ["refunded"] }            29 of which 9 were refunded are 20
amount = { column = "total", shared_within = "order" }         30 in each of 3 lines are 10 in each
value = { column = "Time spent", duration = "h:mm" }           1:20 is 80 minutes
mrr = { column = "Amount", interval = "Interval" }             1200 a year is 100 a month
amount = "ecommerce.purchase_revenue"                          a field of a nested column
each = "items"                                                 one row per element of a list
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import ibis
import ibis.expr.types as ir
import msgspec

from core.config.profiles import read_profile
from core.config.rows import RowFilter
from core.config.sources import ColumnSource, TableSource, ValueFormat
from core.errors import ConfigError, DataError
from core.i18n.message import Message, suggest_name
from tables.cleaning.readings import Reading, read_column
from tables.cleaning.workbench import Workbench

CENTS = 0.01
SECONDS_OF_MINUTE = 60
WHOLE_UNITS = (
    *("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW"),
    *("PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"),
)
THOUSANDTHS = ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")
UNITS_OF_CURRENCY: dict[str, float] = {
    **dict.fromkeys(WHOLE_UNITS, 1.0),
    **dict.fromkeys(THOUSANDTHS, 0.001),
}
"Value of the smallest unit where it is no hundredth (ISO 4217)."
MONTHS_OF_INTERVAL = (
    ("^(half|semi|半)", 6.0),
    ("^(quarter|四半期)", 3.0),
    ("^(y|annual|年)", 12.0),
    ("^(month|mo$|monat|mensual|mensuel|月|か月|ヶ月|カ月)", 1.0),
    ("^(week|wk|週)", 12.0 / 52),
    ("^(da|日)", 12.0 / 365),
)
"How an interval begins, in lower case and without its number, and its length in months."


ROW_NUMBER = "kizuna_row_number"
"The column with the number of each row in its files, counted from 1; absent for databases."


def columns_of(raw: ir.Table) -> tuple[str, ...]:
    """The columns of a source, without blanks around their names."""
    return tuple(column.strip() for column in raw.columns if column != ROW_NUMBER)


def drop_row_numbers(table: ir.Table) -> ir.Table:
    """The table without the numbers of its rows."""
    return table.drop(ROW_NUMBER) if ROW_NUMBER in table.columns else table


def source_column(raw: ir.Table, name: str, *, table: str) -> ir.Value:
    """A column of the source; `plan.amount` is the field of a nested column. Raises DataError if there is none."""
    if name in raw.columns:
        return raw[name]
    bare = {column.strip(): column for column in reversed(raw.columns)}
    if name.strip() in bare:
        return raw[bare[name.strip()]]
    outer, fields = _split(raw, name)
    column = raw[outer] if fields and outer in raw.columns else None
    for field in fields:
        column = column[field] if isinstance(column, ir.StructValue) and field in column.names else None
    if column is None:
        values = {"table": table, "column": name, "hint": suggest_name(name, columns_of(raw))}
        raise DataError(Message("the source of {table} has no column '{column}'{hint}", values))
    return column


def _split(raw: ir.Table, name: str) -> tuple[str, list[str]]:
    """The column in a name such as `plan.amount`, and the fields in it; a column may have dots in its own name."""
    parts = name.split(".")
    size = next((size for size in range(len(parts) - 1, 0, -1) if ".".join(parts[:size]) in raw.columns), 1)
    return ".".join(parts[:size]), parts[size:]


def unnest_list(raw: ir.Table, each: str | None, *, table: str) -> ir.Table:
    """One row per object of a list column; a row with an empty list stays. Raises DataError if it is no such list."""
    if each is None:
        return raw
    column = source_column(raw, each, table=table)
    if not isinstance(column, ir.ArrayValue) or not isinstance(column[0], ir.StructValue):
        raise DataError(f"[tables.{table}] each: '{each}' has no lists of objects, but {column.type()}")
    return raw.mutate(**{each: column}).unnest(each, keep_empty=True)


def add_fields(raw: ir.Table, *, max_columns: int) -> ir.Table:
    """The table with the fields of its nested columns as columns of their own, `customer.id`, beside the others."""
    columns: dict[str, ir.Value] = {}
    nested = [(name, raw[name]) for name in raw.columns]
    while nested and len(columns) < max_columns:
        outer, column = nested.pop(0)
        if isinstance(column, ir.StructValue):
            fields = [(f"{outer}.{name}", column[name]) for name in column.names]
            columns |= {name: field for name, field in fields if not isinstance(field, ir.StructValue)}
            nested += fields
    return raw.mutate(**columns)


def fit_profile(raw: ir.Table, source: TableSource, *, attributes: Collection[str]) -> tuple[ir.Table, TableSource]:
    """The rows and settings of an export, which may lack some columns of its profile or name them differently.

    Attributes of the profile are read where the TOML lists them. What the TOML states itself is not changed, so that a
    wrong name is still an error.
    """
    if source.profile is None:
        return raw, source
    profile = read_profile(source.profile)
    for name, others in profile.other_names.items():
        other = next((other for other in others if other in raw.columns), None)
        if name not in raw.columns and other is not None:
            raw = raw.rename({name: other})
    own = msgspec.convert({"path": "any", **profile.source}, TableSource)
    unlisted = set(profile.attributes) - set(attributes)
    columns = {
        name: _without_absent_minus(raw, column) if own.columns.get(name) == column else column
        for name, column in source.columns.items()
        if own.columns.get(name) != column or (name not in unlisted and _is_there(raw, column))
    }
    where = tuple(one for one in source.where if one not in own.where or has_column(raw, one.column))
    return raw, msgspec.structs.replace(source, columns=columns, where=where)


def _without_absent_minus(raw: ir.Table, column: str | ColumnSource) -> str | ColumnSource:
    """A column of a profile, without what is taken off it where the export does not have that."""
    if isinstance(column, str):
        return column
    minus = tuple(name for name in column.minus if has_column(raw, name))
    return msgspec.structs.replace(column, minus=minus)


def _is_there(raw: ir.Table, column: str | ColumnSource) -> bool:
    """Whether the source has every column that a column of the contract comes from."""
    place = ColumnSource(column=column) if isinstance(column, str) else column
    optional = (place.column, place.interval, place.marks_of, place.time_of_day, place.shared_within)
    names = [*(place.product or ()), *(name for name in optional if name)]
    return all(has_column(raw, name) for name in names)


def has_column(raw: ir.Table, name: str) -> bool:
    """Whether a source has a column, or the field of a nested one."""
    try:
        source_column(raw, name, table="it")
    except DataError:
        return False
    return True


def keep_rows(raw: ir.Table, filters: Sequence[RowFilter], *, table: str) -> ir.Table:
    """The rows that pass every filter."""
    for row_filter in filters:
        text = source_column(raw, row_filter.column, table=table).cast("string").strip().lower().coalesce("")
        texts = [text.strip().lower() for text in row_filter.any_of or row_filter.none_of]
        raw = raw.filter(text.isin(texts) if row_filter.any_of else ~text.isin(texts))
    return raw


def cells_of_minus(raw: ir.Table, column: ColumnSource, *, table: str) -> list[ir.Value]:
    """The cells that are taken off a number. Raises DataError for a column that the source lacks."""
    return [source_column(raw, name, table=table) for name in column.minus]


def take_off(reading: Reading, cells: Sequence[ir.Value], *, bench: Workbench, written: ValueFormat) -> Reading:
    """The number less those in the cells, whatever their sign; an empty cell takes off nothing.

    A number that is missing is zero where something is taken off it: a line has a debit or a credit.
    """
    for cell in cells:
        other = read_column([cell], bench, written=written, kind="number")
        faults = [fault for fault in (reading.unreadable, other.unreadable) if fault is not None]
        reading = replace(
            reading,
            value=ibis.ifelse(other.value != 0, reading.value.coalesce(0.0), reading.value)
            - other.value.abs().coalesce(0.0),
            unreadable=ibis.or_(*faults) if faults else None,
            other_faults=(*reading.other_faults, *other.other_faults),
            written=_difference(reading.written, cell.cast("string")),
        )
    return reading


def _difference(written: ir.Value | None, less: ir.Value) -> ir.Value | None:
    """How a difference is written; without what is missing."""
    if written is None:
        return None
    return ibis.ifelse(less.isnull(), written, written.coalesce("") + " - " + less)


def negate(
    readings: Mapping[str, Reading],
    mapped: Mapping[str, ColumnSource],
    *,
    bench: Workbench,
    kinds: Mapping[str, str],
    table: str,
) -> dict[str, Reading]:
    """The readings with the opposite of each yes and no whose column says so. Raises ConfigError for other kinds."""
    names = [name for name, column in mapped.items() if column.negated]
    for name in names:
        if kinds[name] != "boolean":
            raise ConfigError(f"[tables.{table}.columns]: negated is for a yes or no, and {table}.{name} is none")
    # As a step, because Ibis would write `NOT x IS NULL` to ask whether the opposite of x is missing.
    return {**readings, **{name: replace(readings[name], value=bench.step(~readings[name].value)) for name in names}}


def fill_ids(readings: Mapping[str, Reading], mapped: Mapping[str, ColumnSource]) -> dict[str, Reading]:
    """The readings, with zeros before ids of digits where the TOML gives their width."""
    widths = {name: column.id_width for name, column in mapped.items() if column.id_width is not None}
    filled = {
        name: replace(readings[name], value=fill_id(readings[name].value, width)) for name, width in widths.items()
    }
    return {**readings, **filled}


def fill_id(ids: ir.Value, width: int) -> ir.Value:
    """Ids of digits alone that are shorter than the width, filled with zeros from the left; others as they are."""
    is_short = ids.re_search("^[0-9]+$") & (ids.length() < width)
    return ibis.ifelse(is_short, ids.lpad(width, "0"), ids)


def scale_numbers(
    readings: dict[str, Reading],
    mapped: Mapping[str, ColumnSource],
    *,
    bench: Workbench,
    base_currency: str,
    table: str,
) -> dict[str, Reading]:
    """The readings, in units of the contract where the TOML gives a scale, an interval or what shares them."""
    scaled = dict(readings)
    for name, column in mapped.items():
        value = readings[name].value
        if column.scale == "minor_unit":
            value = value * _minor_unit(readings, base_currency)
        elif column.scale is not None:
            value = value * column.scale
        if column.duration is not None:
            value = value / SECONDS_OF_MINUTE
        if column.interval is not None:
            value = value / _months(source_column(bench.source, column.interval, table=table))
        if column.shared_within is not None:
            value = value / _count_lines(source_column(bench.source, column.shared_within, table=table))
        if value is not readings[name].value:
            scaled[name] = replace(readings[name], value=value, unreadable=_is_lost(readings[name], value))
    return scaled


def _count_lines(order: ir.Value) -> ir.Value:
    """How many lines the order of each line has; 1 for a line without an order."""
    return ibis.ifelse(order.isnull(), 1, order.count().over(ibis.window(group_by=order)))


def _is_lost(reading: Reading, value: ir.Value) -> ir.Value:
    """Whether a number could not be read, or not be scaled because its interval is unknown."""
    lost = reading.value.notnull() & value.isnull()
    return lost if reading.unreadable is None else reading.unreadable | lost


def _minor_unit(readings: Mapping[str, Reading], base_currency: str) -> ir.Value:
    """The value of the smallest unit of each row's currency."""
    if "currency" not in readings:
        return ibis.literal(UNITS_OF_CURRENCY.get(base_currency, CENTS))
    currency = readings["currency"].value.upper().coalesce(base_currency)
    return ibis.cases(*((currency == name, unit) for name, unit in UNITS_OF_CURRENCY.items()), else_=CENTS)


def _months(interval: ir.Value) -> ir.Value:
    """The length of a billing interval in months: month, yearly, 3 months, every 6 months, or a bare number."""
    text = interval.cast("string").strip().lower().re_replace("^(every|per) +", "")
    count = text.re_extract("^([0-9]+)", 1).nullif("").cast("float64")
    unit = text.re_replace("^[0-9]+(?:[.]0+)? *", "")
    lengths = [(unit.re_search(start), months) for start, months in MONTHS_OF_INTERVAL]
    return ibis.cases((unit == "", 1.0), *lengths, else_=ibis.null("float64")) * count.coalesce(
        ibis.ifelse(unit == "", ibis.null("float64"), 1.0)
    )
