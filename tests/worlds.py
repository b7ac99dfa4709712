"""Small hand-written data sets: one line per purchase, and their configuration."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pyarrow as pa

from core.config.data_set import Config
from tables.building import tables_from_frames
from tables.tables import Tables

NUMBERS = {"quantity", "cost"}


def config(**changes: Any) -> Config:
    """The configuration of a shop in Tokyo; `changes` replaces settings."""
    usual = {"name": "world", "time_zone": "Asia/Tokyo", "currency": "JPY", "active_days": 180, "tables": {}}
    return Config(**{**usual, **changes})


def purchase_log(*lines: str) -> pa.Table:
    """Purchases from lines such as "ada 2024-03-01", "ada 2024-03-01T18:30 -12.5 item_id=tea quantity=2".

    Customer, time, amount (10 by default), then any other column. '-' is an unknown customer.
    """
    return frame(*(_purchase(line) for line in lines))


def _purchase(line: str) -> dict[str, Any]:
    who, when, *rest = line.split()
    columns = dict(word.split("=") for word in rest if "=" in word)
    amounts = [float(word) for word in rest if "=" not in word]
    return {
        "customer_id": None if who == "-" else who,
        "event_time": when,
        "amount": amounts[0] if amounts else 10.0,
        **{name: float(value) if name in NUMBERS else value for name, value in columns.items()},
    }


def frame(*rows: dict[str, Any]) -> pa.Table:
    """A table of rows; columns whose names end in _time, _at or _from hold times, written as in ISO 8601."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    return pa.table({name: _column(name, [row.get(name) for row in rows]) for name in names})


def _column(name: str, cells: list[Any]) -> pa.Array:
    if name.endswith(("_time", "_at", "_from")):
        times = [datetime.fromisoformat(cell) if isinstance(cell, str) else cell for cell in cells]
        return pa.array(times, pa.timestamp("us"))
    return pa.array(cells)


def shop(*purchases: str, settings: Config | None = None, backend: Any = None, **frames: Any) -> Tables:
    """Tables from lines of purchases (see `purchase_log`) and other frames by name."""
    bought = {"purchases": purchase_log(*purchases)} if purchases else {}
    return tables_from_frames(settings or config(), {**bought, **frames}, backend=backend)
