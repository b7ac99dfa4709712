"""What features cost in plain scans: the same files, one `GROUP BY customer_id`, the same engine and threads.

CPU is that of the whole process, memory its largest resident size. Runs take turns, so that a busy machine slows both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.figures import Figure, publish
from benchmarks.measure import Cost, measured
from benchmarks.pages import figure_table, write_section
from core.cohort import Cohort
from core.config.data_set import Config
from features.pipeline import compute_features
from tables.engines.arrays import texts
from tables.sources.opening import open_tables

RUNS = 5


def scan(files: str, amount: str = "amount") -> Cost:
    """One GROUP BY over the files, a count, a sum and a maximum, in a session of its own."""
    session = duckdb.connect()
    with measured() as cost:
        lines = session.read_parquet(files)
        lines.aggregate(f"customer_id, count(*), sum({amount}), max(event_time)", "customer_id").to_arrow_table()
    return cost


def features(config: Config, cohort: Cohort) -> Cost:
    """All features of everybody at one cutoff, from opened tables to the matrix."""
    tables = open_tables(config)
    with measured() as cost:
        compute_features(tables, cohort)
    return cost


def everybody(files: str, cutoff: date) -> Cohort:
    """All customers of the files at the cutoff."""
    found = duckdb.connect().sql("SELECT DISTINCT customer_id FROM read_parquet(?) ORDER BY 1", params=[files])
    ids = texts(pa.chunked_array(found.to_arrow_table()["customer_id"].chunks))
    return Cohort(ids, np.full(len(ids), np.datetime64(cutoff, "D")), "every customer on record")


def compare(name: str, prefix: str, files: str, amount: str, config: Config, cohort: Cohort) -> list[Figure]:
    """Measure both in turns and publish `<prefix>.cpu_vs_scan` and `<prefix>.peak_memory_gb`."""
    pairs = [(scan(files, amount), features(config, cohort)) for _ in range(RUNS)]
    scans = [found.cpu_seconds / plain.cpu_seconds for plain, found in pairs]
    peaks = [found.peak_memory_gb for _, found in pairs]
    figures = [
        Figure(f"{prefix}.cpu_vs_scan", float(np.median(scans)), min(scans), max(scans), "scans"),
        Figure(f"{prefix}.peak_memory_gb", max(peaks), min(peaks), max(peaks), "GB"),
    ]
    publish(name, figures)
    return figures


def tell(name: str, title: str, command: str, facts: Mapping[str, str], figures: list[Figure]) -> None:
    """The section of the results."""
    said = {**facts, "Scan": "one GROUP BY over the same files, in the same run", "Runs": f"{RUNS}, interleaved"}
    write_section(name, title, command, said, [figure_table(figures)])


def write_parts(folder: Path, parts: Iterable[pa.Table]) -> None:
    """Tables as numbered Parquet files."""
    folder.mkdir(parents=True)
    for number, part in enumerate(parts):
        pq.write_table(part, folder / f"{number:03d}.parquet")


def ids(letter: str, numbers: np.ndarray) -> pa.Array:
    """Text ids, as companies have them."""
    return pa.array([f"{letter}{number:09d}" for number in numbers.tolist()])
