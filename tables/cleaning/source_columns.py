"""Columns and rows of a source before they are read, and numbers in other units: cents, or an amount per year.

where = [{ column = "Status", none_of = ["draft"] }]           drops the drafts
amount = { column = "total", scale = "minor_unit" }            1250 is 12.50, in yen 1250
mrr = { column = "Amount", interval = "Interval" }             1200 a year is 100 a month
amount = "ecommerce.purchase_revenue"                          a field of a nested column
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ibis
import ibis.expr.types as ir

from core.config.sources import ColumnSource, RowFilter
from core.errors import DataError, did_you_mean
from tables.cleaning.readings import Reading
from tables.cleaning.workbench import Workbench

CENTS = 0.01
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


def source_column(raw: ir.Table, name: str, *, table: str) -> ir.Value:
    """A column of the source; `plan.amount` is the field of a nested column. Raises DataError if there is none."""
    if name in raw.columns:
        return raw[name]
    outer, *fields = name.split(".")
    column = raw[outer] if fields and outer in raw.columns else None
    for field in fields:
        column = column[field] if isinstance(column, ir.StructValue) and field in column.names else None
    if column is None:
        raise DataError(f"the source of {table} has no column '{name}'{did_you_mean(name, raw.columns)}")
    return column


def keep_rows(raw: ir.Table, filters: Sequence[RowFilter], *, table: str) -> ir.Table:
    """The rows that pass every filter."""
    for row_filter in filters:
        text = source_column(raw, row_filter.column, table=table).cast("string").strip().lower().coalesce("")
        texts = [text.strip().lower() for text in row_filter.any_of or row_filter.none_of]
        raw = raw.filter(text.isin(texts) if row_filter.any_of else ~text.isin(texts))
    return raw


def scale_numbers(
    readings: dict[str, Reading], mapped: Mapping[str, ColumnSource], *, bench: Workbench, base_currency: str
) -> dict[str, Reading]:
    """The readings, in units of the contract where the TOML gives a scale or an interval."""
    scaled = dict(readings)
    for name, column in mapped.items():
        value = readings[name].value
        if column.scale == "minor_unit":
            value = value * _minor_unit(readings, base_currency)
        elif column.scale is not None:
            value = value * column.scale
        if column.interval is not None:
            value = value / _months(source_column(bench.source, column.interval, table="it"))
        if value is not readings[name].value:
            scaled[name] = Reading(value, _is_lost(readings[name], value), readings[name].fault)
    return scaled


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
