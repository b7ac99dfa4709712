"""Measures the cost of features of a million customers with ten million purchases, against one plain scan.

`python -m benchmarks.features_10m` writes the seeded purchases to var/bench once, then measures one cutoff five
times, each time next to a scan; see benchmarks/against_scan.py.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from benchmarks.against_scan import compare_with_scan, every_customer, text_ids, write_cost_section, write_parquet
from benchmarks.figures import BENCH
from core.config.data_set import Config
from core.config.sources import TableSource

NAME = "features_10m"
N_LINES = 10_000_000
N_CUSTOMERS = 1_000_000
N_ITEMS = 50_000
LINES_PER_ORDER = 2.5
DAYS = 730
LINES_PER_FILE = 1_000_000
CUTOFF = date(2024, 1, 1)


def make_purchases(
    folder: Path, *, n_lines: int = N_LINES, n_customers: int = N_CUSTOMERS, n_tastes: int = 1, seed: int = 7
) -> None:
    """Write purchases sorted by time, with text ids: gamma-distributed rates, popular items, 3 % returns.

    A customer buys the items of one taste only; with one taste, any.
    """
    random = np.random.default_rng(seed)
    n_orders = int(n_lines / LINES_PER_ORDER)
    rates = random.gamma(0.8, size=n_customers)
    owners = np.concatenate(
        [np.arange(n_customers), random.choice(n_customers, n_orders - n_customers, p=rates / rates.sum())]
    )
    random.shuffle(owners)
    seconds = np.sort(random.integers(0, DAYS * 86_400, n_orders))
    sizes = 1 + random.multinomial(n_lines - n_orders, np.full(n_orders, 1 / n_orders))
    orders = np.repeat(np.arange(n_orders), sizes)
    parts = (orders[start : start + LINES_PER_FILE] for start in range(0, n_lines, LINES_PER_FILE))
    write_parquet(
        folder,
        (_lines(random, part, owners=owners[part], seconds=seconds[part], n_tastes=n_tastes) for part in parts),
    )


def _lines(
    random: np.random.Generator,
    orders: NDArray[np.int64],
    *,
    owners: NDArray[np.int64],
    seconds: NDArray[np.int64],
    n_tastes: int,
) -> pa.Table:
    n = len(orders)
    returned = random.random(n) < 0.03
    return pa.table(
        {
            "customer_id": text_ids("C", owners),
            "event_time": np.datetime64(CUTOFF, "s") - DAYS * 86_400 + seconds.astype("timedelta64[s]"),
            "amount": np.round(random.lognormal(2.5, 1.0, n), 2) * np.where(returned, -1, 1),
            "item_id": text_ids("I", _draw_items(random, owners % n_tastes, n_tastes=n_tastes)),
            "order_id": text_ids("O", orders),
            "quantity": random.integers(1, 4, n).astype(np.float64) * np.where(returned, -1, 1),
            "channel": np.array(["app", "store", "web"])[orders % 3],
        }
    )


def _draw_items(random: np.random.Generator, tastes: NDArray[np.int64], *, n_tastes: int) -> NDArray[np.int64]:
    """(n,) items, of which item i is of taste i modulo `n_tastes`."""
    ranks = (N_ITEMS // n_tastes * random.power(0.35, len(tastes))).astype(np.int64)
    return ranks * n_tastes + tastes


def shop_of(files: str) -> Config:
    """A data set of these purchases alone."""
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
    files = str(folder.resolve() / "*.parquet")
    cohort = every_customer(files, CUTOFF)
    figures = compare_with_scan(
        NAME, "features.10m", files=files, amount="amount", config=shop_of(files), cohort=cohort
    )
    data = f"{N_LINES:,} simulated purchases of {N_CUSTOMERS:,} customers at one cutoff, text ids"
    write_cost_section(NAME, "The cost of features", data=data, figures=figures)


if __name__ == "__main__":
    main()
