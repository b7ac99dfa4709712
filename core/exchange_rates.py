"""The file of dated exchange rates: month, currency, rate."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from core.config.data_set import Config
from core.errors import DataError, SourceUnavailable

COLUMNS = ("month", "currency", "rate")


def load_exchange_rates(config: Config) -> dict[str, dict[np.datetime64, float]]:
    """Base currency for one of each other currency, by month (datetime64[M]); empty where the TOML names no file.

    Raises DataError or SourceUnavailable, in one line, for a file that is not so.
    """
    rates: dict[str, dict[np.datetime64, float]] = {}
    if config.money.rates is not None:
        for month, currency, rate in _rows(Path(config.money.rates)):
            rates.setdefault(currency, {})[month] = rate
    return rates


def _rows(path: Path) -> Iterator[tuple[np.datetime64, str, float]]:
    if not path.is_file():
        raise SourceUnavailable(f"no exchange rates at {path}; check rates under [money]")
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        if not set(COLUMNS) <= set(reader.fieldnames or ()):
            raise DataError(
                f"{path} needs the columns {', '.join(COLUMNS)}, found {', '.join(reader.fieldnames or ())}"
            )
        for number, row in enumerate(reader, start=2):
            yield _row(path, number, row)


def _row(path: Path, number: int, row: dict[str, str]) -> tuple[np.datetime64, str, float]:
    try:
        month, rate = np.datetime64(row["month"].strip()[:7], "M"), float(row["rate"])
    except (ValueError, TypeError, AttributeError) as fault:
        raise DataError(f"{path} line {number}: a month such as 2026-04 and a rate are needed") from fault
    if np.isnat(month) or not 0 < rate < float("inf"):
        raise DataError(f"{path} line {number}: a rate is above 0, found {row['rate']}")
    return month, row["currency"].strip().upper(), rate
