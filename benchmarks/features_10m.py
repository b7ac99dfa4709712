"""What the features of a million customers cost, against one plain scan of their ten million purchases.

`python -m benchmarks.features_10m` makes the purchases once below var/bench (seeded), then measures one cutoff five
times, each time beside a scan: `GROUP BY customer_id` with a count, a sum and a maximum over the same Parquet files,
by the same engine with the same threads. CPU is that of the whole process, memory its largest resident size.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.figures import BENCH, Figure, publish
from benchmarks.measure import Cost, measured
from benchmarks.pages import figure_table, write_section
from core.cohort import Cohort
from core.config import Config, TableSource
from features.engine import texts
from features.pipeline import compute_features
from features.sources.opening import open_tables

NAME = "features_10m"
N_LINES = 10_000_000
N_CUSTOMERS = 1_000_000
N_ITEMS = 50_000
LINES_AN_ORDER = 2.5
DAYS = 730
LINES_A_FILE = 1_000_000
RUNS = 5
CUTOFF = date(2024, 1, 1)


def make_purchases(folder: Path, n_lines: int = N_LINES, n_customers: int = N_CUSTOMERS, seed: int = 7) -> None:
    """Parquet files of purchases in the order of time, all ids as text: gamma rates, popular items, 3 % returns."""
    folder.mkdir(parents=True)
    random = np.random.default_rng(seed)
    n_orders = int(n_lines / LINES_AN_ORDER)
    rates = random.gamma(0.8, size=n_customers)
    owners = np.concatenate(
        [np.arange(n_customers), random.choice(n_customers, n_orders - n_customers, p=rates / rates.sum())]
    )
    random.shuffle(owners)
    seconds = np.sort(random.integers(0, DAYS * 86_400, n_orders))
    sizes = 1 + random.multinomial(n_lines - n_orders, np.full(n_orders, 1 / n_orders))
    orders = np.repeat(np.arange(n_orders), sizes)
    for start in range(0, n_lines, LINES_A_FILE):
        part = orders[start : start + LINES_A_FILE]
        lines = _lines(random, part, owners[part], seconds[part])
        pq.write_table(lines, folder / f"{start // LINES_A_FILE:03d}.parquet")


def _lines(random: np.random.Generator, orders: np.ndarray, owners: np.ndarray, seconds: np.ndarray) -> pa.Table:
    n = len(orders)
    returned = random.random(n) < 0.03
    return pa.table(
        {
            "customer_id": _ids("C", owners),
            "event_time": np.datetime64(CUTOFF, "s") - DAYS * 86_400 + seconds.astype("timedelta64[s]"),
            "amount": np.round(random.lognormal(2.5, 1.0, n), 2) * np.where(returned, -1, 1),
            "item_id": _ids("I", (N_ITEMS * random.power(0.35, n)).astype(np.int64)),
            "order_id": _ids("O", orders),
            "quantity": random.integers(1, 4, n).astype(np.float64) * np.where(returned, -1, 1),
            "channel": np.array(["app", "store", "web"])[orders % 3],
        }
    )


def _ids(letter: str, numbers: np.ndarray) -> pa.Array:
    return pa.array([f"{letter}{number:09d}" for number in numbers.tolist()])


def scan(files: str) -> Cost:
    """One GROUP BY over the files, in a session of its own."""
    session = duckdb.connect()
    with measured() as cost:
        session.sql(
            "SELECT customer_id, count(*), sum(amount), max(event_time) FROM read_parquet(?) GROUP BY 1", params=[files]
        ).to_arrow_table()
    return cost


def features(config: Config, cohort: Cohort) -> Cost:
    """All features of everybody at one cutoff, from opened tables to the matrix."""
    tables = open_tables(config)
    with measured() as cost:
        compute_features(tables, cohort)
    return cost


def everybody(folder: Path) -> Cohort:
    """All customers of the files at the cutoff."""
    column = pq.read_table(folder, columns=["customer_id"])["customer_id"]
    ids = np.unique(texts(pa.chunked_array([column.unique()])))
    return Cohort(ids, np.full(len(ids), np.datetime64(CUTOFF, "D")), "every customer on record")


def shop_of(files: str) -> Config:
    """A data set of nothing but these purchases."""
    return Config(
        name="bench",
        time_zone="Europe/London",
        currency="GBP",
        active_days=365,
        tables={"purchases": TableSource(path=files)},
    )


def main() -> None:
    """Measure and publish."""
    folder = BENCH / "purchases_10m"
    if not folder.exists():
        make_purchases(folder)
    files, cohort = str(folder.resolve() / "*.parquet"), everybody(folder)
    config = shop_of(files)
    pairs = [(scan(files), features(config, cohort)) for _ in range(RUNS)]
    scans = [found.cpu_seconds / plain.cpu_seconds for plain, found in pairs]
    peaks = [found.peak_memory_gb for _, found in pairs]
    figures = [
        Figure("features.10m.cpu_vs_scan", float(np.median(scans)), min(scans), max(scans), "scans"),
        Figure("features.10m.peak_memory_gb", max(peaks), min(peaks), max(peaks), "GB"),
    ]
    publish(NAME, figures)
    made = f"{N_LINES:,} simulated purchases of {N_CUSTOMERS:,} customers at one cutoff, text ids"
    facts = {"Data": made, "Scan": "one GROUP BY over the same files, in the same run", "Runs": f"{RUNS}, interleaved"}
    write_section(NAME, "The cost of features", "python -m benchmarks.features_10m", facts, [figure_table(figures)])


if __name__ == "__main__":
    main()
