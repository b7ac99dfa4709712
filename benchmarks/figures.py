"""The figures that benchmarks measure, written to `var/bench` as JSON and printed as a table."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

BENCH = Path("var/bench")


class BenchmarkFigure(msgspec.Struct, frozen=True, kw_only=True):
    """One number with the bounds of its interval, or of its runs; without either, the bounds equal the value."""

    figure: str
    "Name with dots: data set, subject, model, metric."
    value: float
    low: float
    high: float
    unit: str


def publish(name: str, figures: Iterable[BenchmarkFigure], *, folder: Path = BENCH, printed: bool = True) -> Path:
    """Write `<folder>/<name>.json` and, unless the table would be too long to read, print it."""
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
