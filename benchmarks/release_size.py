"""Measures the release of a large shop and the start of the service, with Kizuna's commands: seconds, size and memory.

`python -m benchmarks.release_size` writes the purchases of a million customers from 50,000 items, trains champions on a
sample of 50,000 customers, and runs `kizuna release` on all. `kizuna serve` starts on that release, and on one of ten
million customers. The latter has churn scores alone, and is made by the classes of `kizuna release` from random scores.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.figures import BenchmarkFigure, publish
from benchmarks.large_shop import N_TRAINED_ON, LargeShop
from benchmarks.measure import GB, Cost
from benchmarks.pages import figure_table, write_section
from benchmarks.score_release import ACTIVATION, score_release
from core.access import Scope
from serving.release.releases import Releases
from serving.release.stored_answers import store_answers

NAME = "serving.release_size"
STARTS, WORKERS = 3, 2
SETTLE_SECONDS = 5.0
"Ready is when one worker answers; the memory is measured when both do."
PER_MINUTE = 1_000
PORT = 3895


@dataclass(frozen=True)
class Start:
    """One start of the service, with two workers."""

    seconds: float
    "From the command until it is ready."
    pss_gb: float
    "Memory of all its processes; what they share, pages of the release as well, counts once."


def write_scores(releases: Path, n_customers: int) -> None:
    """Publish a release of random churn scores."""
    Releases(releases).publish(store_answers(score_release(n_customers)), ACTIVATION)


def measure_starts(shop: LargeShop) -> list[Start]:
    """Start the service on the active release several times."""
    starts: list[Start] = []
    for _ in range(STARTS):
        began = time.perf_counter()
        with shop.serve(PORT, workers=WORKERS) as server:
            seconds = time.perf_counter() - began
            time.sleep(SETTLE_SECONDS)
            starts.append(Start(seconds, server.pss_gb()))
    return starts


def measure_size_gb(shop: LargeShop) -> float:
    """Bytes of the active release on the disk, 10^9."""
    releases = Releases(shop.places.releases)
    folder = releases.folder / releases.active().release_id
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / GB


def release_shop(shop: LargeShop, n_customers: int) -> Cost:
    """Train on a sample, and release all customers; the cost of the latter."""
    shop.write_tables(N_TRAINED_ON)
    shop.train()
    shop.write_tables(n_customers)
    _, cost = shop.run("release")
    return cost


def count_customers(shop: LargeShop) -> int:
    """Customers with a churn score in the active release."""
    churn = Releases(shop.places.releases).open_active().churn
    return 0 if churn is None else len(churn.index)


def make_figures(
    cost: Cost, sizes: Mapping[str, float], *, starts: Mapping[str, Sequence[Start]]
) -> list[BenchmarkFigure]:
    """The figures; sizes and starts are by number of customers, as names of figures have it."""
    runs = {
        "serving.release_1m.seconds": ([cost.seconds], "s"),
        "serving.release_1m.cpu_seconds": ([cost.cpu_seconds], "CPU s"),
        "serving.release_1m.peak_memory_gb": ([cost.peak_memory_gb], "GB"),
        **{f"serving.release_{name}.size_gb": ([size], "GB") for name, size in sizes.items()},
    }
    for name, some in starts.items():
        runs[f"serving.start_{name}.seconds"] = ([one.seconds for one in some], "s")
        runs[f"serving.start_{name}.pss_gb"] = ([one.pss_gb for one in some], "GB")
    return [
        BenchmarkFigure(figure=name, value=statistics.median(values), low=min(values), high=max(values), unit=unit)
        for name, (values, unit) in runs.items()
    ]


def main(
    customers: Annotated[int, typer.Option(help="Customers that `kizuna release` releases.")] = 1_000_000,
    most: Annotated[int, typer.Option(help="Customers of the release with churn scores alone.")] = 10_000_000,
) -> None:
    """Make both releases, start the service, publish the figures and write the section."""
    sizes: dict[str, float] = {}
    starts: dict[str, list[Start]] = {}
    with tempfile.TemporaryDirectory(dir=".") as place:
        shop = LargeShop(Path(place).resolve())
        cost = release_shop(shop, customers)
        n_scored = count_customers(shop)
        shop.add_key("bench", Scope.SCORE, per_minute=PER_MINUTE)
        sizes["1m"], starts["1m"] = measure_size_gb(shop), measure_starts(shop)
    with tempfile.TemporaryDirectory(dir=".") as place, ProcessPoolExecutor(1, get_context("spawn")) as writer:
        shop = LargeShop(Path(place).resolve())
        shop.write_configuration()
        # In a process of its own, whose memory is free again when the service starts.
        writer.submit(write_scores, shop.places.releases, most).result()
        writer.shutdown()
        shop.add_key("bench", Scope.SCORE, per_minute=PER_MINUTE)
        sizes["10m"], starts["10m"] = measure_size_gb(shop), measure_starts(shop)
    figures = make_figures(cost, sizes, starts=starts)
    publish(NAME, figures)
    facts = {
        "Shop": f"{customers:,} customers with ten purchases each of 50,000 items, as Parquet; {n_scored:,} have a "
        f"churn score; a logistic churn model and item_knn, trained on {N_TRAINED_ON:,} customers",
        "Release": "`kizuna release`: churn scores with reasons and stored answers, segments, recommended actions, the "
        "report, and the best items of every customer; one run. Memory is the peak resident size of the command",
        "Ten million": f"{most:,} customers with churn scores, reasons and stored answers alone, made by the classes "
        "of `kizuna release` and not by the command, which would need more memory than this machine has",
        "Start": f"`kizuna serve` with {WORKERS} workers and a key, {STARTS} times, from the command until /readyz "
        f"answers 200; memory (PSS) of all its processes {SETTLE_SECONDS:.0f} s later, in which pages of the release "
        "that workers have read count once, and can be dropped",
    }
    write_section(
        NAME,
        "Releases of a million customers, and the start on ten million",
        command="python -m benchmarks.release_size",
        facts=facts,
        parts=[figure_table(figures)],
    )


if __name__ == "__main__":
    typer.run(main)
