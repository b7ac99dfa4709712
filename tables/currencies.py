"""Amounts in several currencies: their value in the base currency, and the rows without an exchange rate.

An amount is converted with the newest rate of a month that had ended at the cutoff. Without a rate it is missing:
adding dollars to yen would corrupt the sum. Rates come from a CSV: month, currency, rate.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import ibis
import ibis.expr.types as ir
import numpy as np
from numpy.typing import NDArray

from core.config.data_set import Config
from core.errors import DataError, SourceUnavailable
from tables.engines.arrays import days, midnight
from tables.tables import Tables

MAX_LISTED_MONTHS = 3
"Number of months without a rate that are listed by name."


@dataclass(frozen=True)
class MissingRate:
    """Rows whose amount has no exchange rate to the base currency."""

    rows: ir.Table
    currency: str | None = None
    "The currency that has rates, but not for these months; None: the rows' own currencies have none at all."
    months: str = ""
    "The months without a rate, as a text."


Months = NDArray[np.datetime64]
"(n,) datetime64[M]."


def convert_to_base_currency(rows: ir.Table, column: str, *, tables: Tables) -> ir.Table:
    """The rows with an amount column in the base currency; unchanged if the table has no currency column."""
    if "currency" not in rows.columns:
        return rows
    base = tables.config.currency
    currency = rows.currency.upper()
    rates = [(currency == name, rate) for name, rate in newest_rates(tables.config, tables.cutoff).items()]
    rate = ibis.cases((currency.isnull() | (currency == base), 1.0), *rates, else_=ibis.null("float64"))
    return rows.mutate(**{column: rows[column] * rate})


def newest_rates(config: Config, cutoff: date | None) -> dict[str, float]:
    """The value of one unit of each other currency, in the newest month that had ended at the cutoff."""
    end = np.datetime64(cutoff, "M") if cutoff else np.datetime64("9999-01", "M")
    rates: dict[str, float] = {}
    for currency, by_month in load_exchange_rates(config).items():
        past = [month for month in by_month if month < end]
        if past:
            rates[currency] = by_month[max(past)]
    return rates


def subscriptions_without_rate(tables: Tables) -> Iterator[MissingRate]:
    """Subscriptions in a currency that has no rate, or none for some month of the report in which they ran."""
    spans = tables["subscriptions"]
    if "currency" not in spans.columns:
        return
    base, rates = tables.config.currency, load_exchange_rates(tables.config)
    unknown = _in_other_currency(spans, {base, *rates})
    yield MissingRate(unknown)
    end = np.datetime64(tables.watermark("subscriptions"), "M")
    for currency, by_month in rates.items():
        months = _months_without_rate(np.arange(end - tables.config.report.months, end), by_month)
        if len(months):
            yield MissingRate(_running_in(_in_currency(spans, currency), months), currency, _list_months(months))


def purchases_without_rate(tables: Tables) -> Iterator[MissingRate]:
    """Purchases in a currency that has no rate, or none for their month if that month is complete."""
    if tables.is_undated("purchases") or "currency" not in tables["purchases"].columns:
        return
    lines = tables["purchases"]
    base, rates = tables.config.currency, load_exchange_rates(tables.config)
    yield MissingRate(_in_other_currency(lines, {base, *rates}))
    for currency, by_month in rates.items():
        own = _in_currency(lines, currency)
        purchase_days = days(own.select(day=own.event_time.truncate("M")).distinct().to_pyarrow()["day"])
        months = _months_without_rate(np.unique(purchase_days.astype("datetime64[M]")), by_month)
        months = months[months < np.datetime64(tables.watermark("purchases"), "M")] if len(months) else months
        if len(months):
            yield MissingRate(_in_months(own, months), currency, _list_months(months))


def _in_other_currency(rows: ir.Table, currencies: set[str]) -> ir.Table:
    return rows.filter(~rows.currency.upper().isin(currencies))


def _in_currency(rows: ir.Table, currency: str) -> ir.Table:
    return rows.filter(rows.currency.upper() == currency)


def _months_without_rate(months: Months, rates: dict[np.datetime64, float]) -> Months:
    return np.array([month for month in months if month not in rates], "datetime64[M]")


def _list_months(months: Months) -> str:
    if len(months) <= MAX_LISTED_MONTHS:
        return ", ".join(map(str, months))
    return f"{len(months)} months from {months[0]} on"


def _running_in(spans: ir.Table, months: Months) -> ir.Table:
    ran: ir.Value = ibis.literal(False)
    for month in months:
        first, after = (midnight((month + later).astype("datetime64[D]").item()) for later in (0, 1))
        ran |= (spans.started_at < after) & (spans.ended_at.isnull() | (spans.ended_at > first))
    return spans.filter(ran)


def _in_months(lines: ir.Table, months: Months) -> ir.Table:
    return lines.filter(lines.event_time.truncate("M").isin([midnight(month.item()) for month in months]))


COLUMNS = ("month", "currency", "rate")


def load_exchange_rates(config: Config) -> dict[str, dict[np.datetime64, float]]:
    """By currency and month (datetime64[M]): the price of one unit in the base currency; empty without a file.

    Raises SourceUnavailable or DataError, with the line number, for a file that cannot be read.
    """
    rates: dict[str, dict[np.datetime64, float]] = {}
    if config.money.rates is not None:
        for month, currency, rate in _read_rows(Path(config.money.rates)):
            rates.setdefault(currency, {})[month] = rate
    return rates


def _read_rows(path: Path) -> Iterator[tuple[np.datetime64, str, float]]:
    if not path.is_file():
        raise SourceUnavailable(f"no exchange rates at {path}; check rates under [money]")
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        columns = reader.fieldnames or ()
        if not set(COLUMNS) <= set(columns):
            raise DataError(f"{path} needs the columns {', '.join(COLUMNS)}, found {', '.join(columns)}")
        for number, row in enumerate(reader, start=2):
            yield _read_row(row, path=path, number=number)


def _read_row(row: dict[str, str], *, path: Path, number: int) -> tuple[np.datetime64, str, float]:
    try:
        month, rate = np.datetime64(row["month"].strip()[:7], "M"), float(row["rate"])
    except (ValueError, TypeError, AttributeError) as error:
        raise DataError(
            f"{path} line {number}: expected a month such as 2026-04 and a rate, found '{row['month']}' and "
            f"'{row['rate']}'"
        ) from error
    if np.isnat(month) or not 0 < rate < float("inf"):
        raise DataError(f"{path} line {number}: a rate is above 0, found {row['rate']}")
    return month, row["currency"].strip().upper(), rate
