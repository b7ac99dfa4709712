"""Measures releases of large shops with Kizuna's commands: seconds, size and memory, and the start of the service.

`python -m benchmarks.release_size` writes the purchases of a million customers from 50,000 items, trains champions on a
sample of 50,000 customers, runs `kizuna release` and starts `kizuna serve`. Then the same with ten million customers,
whose release has no recommender.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import psutil
import typer

from benchmarks.figures import BenchmarkFigure, publish
from benchmarks.large_shop import LINES_PER_CUSTOMER, N_TRAINED_ON, LargeShop
from benchmarks.measure import GB, Cost
from benchmarks.pages import figure_table, table, write_section
from core.access import Scope
from serving.release.releases import Releases

NAME = "serving.release_size"
STARTS, WORKERS = 3, 2
SKIPPED_AT_TEN_MILLION = ("recommender", "report")
LINES_AT_TEN_MILLION = 3
"Purchases of each customer."
PORT = 3895


@dataclass(frozen=True)
class Measured:
    """A release and the service on it."""

    n_customers: int
    "With a churn score."
    build: Cost
    size_gb: float
    start_seconds: Sequence[float]
    "From the command until the service is ready, by start."
    pss_gb: Sequence[float]
    "Of all processes of the service once it is ready: memory with the share in mapped files, by start."


def measure_release(shop: LargeShop, n_customers: int, *, lines_per_customer: int, skip: Sequence[str] = ()) -> Measured:
    """Train on a sample, release all customers, and start the service."""
    shop.write_tables(N_TRAINED_ON)
    shop.train(recommender="recommender" not in skip)
    shop.write_tables(n_customers, lines_per_customer=lines_per_customer)
    _, cost = shop.run("release", *(option for one in skip for option in ("--skip", one)))
    shop.add_key("bench", Scope.SCORE, per_minute=1_000)
    folder = Releases(shop.places.releases)
    release_folder = folder.folder / folder.active().release_id
    size = sum(path.stat().st_size for path in release_folder.rglob("*") if path.is_file())
    seconds: list[float] = []
    pss: list[float] = []
    for _ in range(STARTS):
        began = time.perf_counter()
        with shop.serve(PORT, workers=WORKERS) as server:
            seconds.append(time.perf_counter() - began)
            pss.append(_pss_gb(server.process))
    churn = folder.open_active().churn
    return Measured(0 if churn is None else len(churn.index), cost, size / GB, seconds, pss)


def _pss_gb(process: psutil.Process) -> float:
    """Memory of a process and of those that it has started; shared memory counts once."""
    return sum(one.memory_full_info().pss for one in (process, *process.children(recursive=True))) / GB


def make_figures(measured: Measured, suffix: str) -> list[BenchmarkFigure]:
    """The figures of one release; the suffix is its number of customers."""
    release, start = f"serving.release_{suffix}", f"serving.start_{suffix}"
    single = {
        f"{release}.seconds": (measured.build.seconds, "s"),
        f"{release}.cpu_seconds": (measured.build.cpu_seconds, "CPU s"),
        f"{release}.peak_memory_gb": (measured.build.peak_memory_gb, "GB"),
        f"{release}.size_gb": (measured.size_gb, "GB"),
    }
    runs = {f"{start}.seconds": (measured.start_seconds, "s"), f"{start}.pss_gb": (measured.pss_gb, "GB")}
    return [
        *(BenchmarkFigure(figure=name, value=one, low=one, high=one, unit=unit) for name, (one, unit) in single.items()),
        *(
            BenchmarkFigure(figure=name, value=statistics.median(some), low=min(some), high=max(some), unit=unit)
            for name, (some, unit) in runs.items()
        ),
    ]
