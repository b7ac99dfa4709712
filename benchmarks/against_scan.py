"""Measures the cost of features in units of a plain scan: one `GROUP BY customer_id` over the same files and engine.

CPU is that of the whole process, memory its peak resident size. Both run in turns, so that a busy machine slows both.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmarks.figures import BenchmarkFigure, publish
from benchmarks.measure import Cost, measure_cost
from benchmarks.pages import figure_table, write_section
from core.config.data_set import Config
from core.window import Cohort
from features.pipeline import compute_features
from tables.engines.arrays import texts
from tables.sources.opening import open_tables

RUNS = 5


def measure_scan(files: str, amount: str = "amount") -> Cost:
    """Measure one GROUP BY over the files: a count, a sum and a maximum, in its own session."""
    session = duckdb.connect()
    with measure_cost() as cost:
        lines = session.read_parquet(files)
        lines.aggregate(f"customer_id, count(*), sum({amount}), max(event_time)", "customer_id").to_arrow_table()
    return cost


def measure_features(config: Config, cohort: Cohort) -> Cost:
    """Measure all features of the cohort, from opened tables to the matrix."""
    tables = open_tables(config)
    with measure_cost() as cost:
        compute_features(tables, cohort)
    return cost


def every_customer(files: str, cutoff: date) -> Cohort:
    """All customers of the files, at the cutoff."""
    rows = duckdb.connect().sql("SELECT DISTINCT customer_id FROM read_parquet(?) ORDER BY 1", params=[files])
    ids = texts(pa.chunked_array(rows.to_arrow_table()["customer_id"].chunks))
    return Cohort(ids, np.full(len(ids), np.datetime64(cutoff, "D")), "every customer on record")


def compare_with_scan(
    name: str, prefix: str, *, files: str, amount: str, config: Config, cohort: Cohort
) -> list[BenchmarkFigure]:
    """Measure both in turns and publish `<prefix>.cpu_vs_scan` and `<prefix>.peak_memory_gb`."""
    pairs = [(measure_scan(files, amount), measure_features(config, cohort)) for _ in range(RUNS)]
    scans = [features.cpu_seconds / scan.cpu_seconds for scan, features in pairs]
    peaks = [features.peak_memory_gb for _, features in pairs]
    figures = [
        BenchmarkFigure(
            figure=f"{prefix}.cpu_vs_scan", value=float(np.median(scans)), low=min(scans), high=max(scans), unit="scans"
        ),
        BenchmarkFigure(
            figure=f"{prefix}.peak_memory_gb", value=max(peaks), low=min(peaks), high=max(peaks), unit="GB"
        ),
    ]
    publish(name, figures)
    return figures


def write_cost_section(name: str, title: str, *, data: str, figures: list[BenchmarkFigure]) -> None:
    """Write the section of the results."""
    facts = {"Data": data, "Scan": "one GROUP BY over the same files, in the same run", "Runs": f"{RUNS}, interleaved"}
    write_section(name, title, command=f"python -m benchmarks.{name}", facts=facts, parts=[figure_table(figures)])


def write_parquet(folder: Path, parts: Iterable[pa.Table]) -> None:
    """Write tables as numbered Parquet files."""
    folder.mkdir(parents=True)
    for number, part in enumerate(parts):
        pq.write_table(part, folder / f"{number:03d}.parquet")


def text_ids(letter: str, numbers: NDArray[np.integer]) -> pa.Array:
    """Ids as text, as companies have them."""
    return pa.array([f"{letter}{number:09d}" for number in numbers.tolist()])
