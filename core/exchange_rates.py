"""Reads the CSV of exchange rates: month, currency, rate."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from core.config.data_set import Config
from core.errors import DataError, SourceUnavailable

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
