"""Figures: what a benchmark measured, written below `var/bench` and shown as a table."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

BENCH = Path("var/bench")


class Figure(msgspec.Struct, frozen=True):
    """One number with the bounds of its interval (or of its runs); equal to it where there is none."""

    figure: str
    "Dotted: data set, thing, model, metric."
    value: float
    low: float
    high: float
    unit: str


def publish(name: str, figures: Iterable[Figure], folder: Path = BENCH, printed: bool = True) -> Path:
    """Write `<folder>/<name>.json` and print the same as a table, unless it is too long to be read."""
    figures = tuple(figures)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    path.write_bytes(msgspec.json.format(msgspec.json.encode(figures)))
    if not printed:
        return path
    table = Table("figure", "value", "low", "high", "unit", title=name)
    for figure in figures:
        table.add_row(
            figure.figure, *(f"{number:.4g}" for number in (figure.value, figure.low, figure.high)), figure.unit
        )
    Console().print(table)
    return path
