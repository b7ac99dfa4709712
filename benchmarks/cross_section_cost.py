"""The cost of `kizuna train churn` on a cross-section of 51,047 customers and 56 columns, with all that it registers.

`python -m benchmarks.cross_section_cost`

The customers are invented: 36 amounts with 1 % missing, 19 columns of a few words and one of 747 areas, as a telephone
company has them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv

from benchmarks.figures import BenchmarkFigure, publish
from benchmarks.pages import figure_table, write_section

NAME = "cross_section_cost"
N_CUSTOMERS, N_AMOUNTS, N_CLASSES, N_AREAS = 51_047, 36, 19, 747
SAMPLE_SECONDS = 0.2
GB = 1e9
TOML = """
name = "telephone"
time_zone = "UTC"
currency = "USD"
var = "{folder}/var"

[churn]
horizon_days = 60

[cross_section]
cutoff = 2026-01-01
label = {{ table = "customers", column = "Churn", equals = "Yes" }}

[cross_section.tables.customers]
path = "customers.csv"
customer_id = "CustomerID"
"""


def write_customers(folder: Path, *, n: int, seed: int = 5) -> Path:
    """Write the file and its TOML."""
    random = np.random.default_rng(seed)
    factors, log_odds = random.normal(size=(n, 8)), np.full(n, -1.0)
    cells: dict[str, NDArray[np.object_]] = {"CustomerID": np.char.mod("%07d", np.arange(n)).astype(object)}
    for place in range(N_AMOUNTS):
        amount = 40 * np.exp(0.6 * factors[:, place % 8] + random.normal(0, 0.7, n))
        text = np.char.mod("%.2f", amount).astype(object)
        text[random.random(n) < 0.01] = "NA"
        cells[f"Amount{place}"] = text
    words = np.array(["Yes", "No", "Other", "A", "B", "C", "D"], dtype=object)
    for place in range(N_CLASSES):
        codes = random.integers(0, 2 if place < 12 else 2 + place % 6, n)
        log_odds += 0.15 * (codes == 0) * (place % 3 == 0)
        cells[f"Class{place}"] = words[codes]
    areas = random.zipf(1.4, n) % N_AREAS
    cells["Area"] = np.char.mod("AREA%d", areas).astype(object)
    log_odds += 0.35 * factors[:, 0] - 0.3 * factors[:, 1] + 0.25 * np.abs(factors[:, 2])
    log_odds += 0.2 * factors[:, 3] * factors[:, 4] + random.normal(0, 0.4, N_AREAS)[areas]
    cells["Churn"] = np.where(random.random(n) < 1 / (1 + np.exp(-log_odds)), "Yes", "No").astype(object)
    csv.write_csv(
        pa.table({name: pa.array(column.tolist()) for name, column in cells.items()}), folder / "customers.csv"
    )
    toml = folder / "telephone.toml"
    toml.write_text(TOML.format(folder=folder), encoding="utf-8")
    return toml


def measure_training(toml: Path) -> tuple[float, float]:
    """CPU minutes and peak memory in GB of the command, from start to end."""
    command = [sys.executable, "-m", "kizuna", "train", "churn", "--config", str(toml)]
    process = subprocess.Popen(command, env={**os.environ, "NO_COLOR": "1"})
    watched, peak = psutil.Process(process.pid), 0.0
    try:
        while process.poll() is None:
            # A process that has just ended has no memory.
            with suppress(psutil.NoSuchProcess):
                peak = max(peak, watched.memory_info().rss / GB)
            with suppress(subprocess.TimeoutExpired):
                process.wait(SAMPLE_SECONDS)
    finally:
        process.kill()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with exit code {process.returncode}")
    used = os.times()
    return (used.children_user + used.children_system) / 60, peak


def main() -> None:
    """Train once in a process of its own and publish the figures."""
    with tempfile.TemporaryDirectory() as folder:
        cpu_minutes, peak_gb = measure_training(write_customers(Path(folder), n=N_CUSTOMERS))
    figures = [
        BenchmarkFigure(figure=f"training.cross_section_50k.{name}", value=value, low=value, high=value, unit=unit)
        for name, value, unit in (("cpu_minutes", cpu_minutes, "minutes"), ("peak_memory", peak_gb, "GB"))
    ]
    publish(NAME, figures)
    write_section(
        NAME,
        "Training on a cross-section of 51,047 customers",
        command="python -m benchmarks.cross_section_cost",
        facts={"Data": f"{N_CUSTOMERS:,} invented customers and {N_AMOUNTS + N_CLASSES + 1} columns"},
        parts=[figure_table(figures)],
    )


if __name__ == "__main__":
    main()
