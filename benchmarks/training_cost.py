"""What training costs: `python -m benchmarks.training_cost`.

`training.shop_500k.cpu_minutes` is the CPU time of `kizuna train churn` and `kizuna train recommender`, as their own
processes, on a simulated shop of about 500,000 order lines. Without a terminal, so the printed progress is shown too.
"""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

import typer
from rich.console import Console

from benchmarks.figures import BENCH, BenchmarkFigure, publish
from benchmarks.pages import figure_table, write_section
from simulation.shop.simulate import ShopWorld, simulate_shop

WORLD = ShopWorld(n_customers=21_500, n_items=3_000)
"A shop of 513,521 order lines in two years."
NAME, PLACE = "training_cost", "training.shop_500k"
KINDS = ("churn", "recommender")


def main() -> None:
    """Measure and publish the cost of each training, and of both together."""
    folder = BENCH / "shop_500k"
    shutil.rmtree(folder, ignore_errors=True)
    config = simulate_shop(WORLD).write(folder)
    costs = {kind: train(kind, config) for kind in KINDS}
    figures = [_figure(f"{PLACE}.cpu_minutes", sum(minutes for minutes, _ in costs.values()), "min")]
    for kind, (minutes, seconds) in costs.items():
        figures.append(_figure(f"{PLACE}.{kind}.cpu_minutes", minutes, "min"))
        figures.append(_figure(f"{PLACE}.{kind}.seconds", seconds, "s"))
    publish(NAME, figures)
    write_section(
        NAME,
        "Training on 500,000 order lines",
        command="python -m benchmarks.training_cost",
        facts={
            "Data": f"a simulated shop of {WORLD.n_customers:,} customers, two years and 513,521 order lines",
            "Measured": "`kizuna train` of each kind as its own process, from start to end",
        },
        parts=[figure_table(figures)],
    )


def train(kind: str, config: Path) -> tuple[float, float]:
    """Train one kind in a process of its own; returns its CPU minutes and its seconds."""
    command = Path(sys.executable).with_name("kizuna")
    before, started = _children_cpu_seconds(), time.monotonic()
    subprocess.run([command, "train", kind, "--config", config], check=True)
    seconds, cpu_seconds = time.monotonic() - started, _children_cpu_seconds() - before
    Console(stderr=True).print(f"{kind}: {cpu_seconds:.0f} CPU seconds, {seconds:.0f} s")
    return cpu_seconds / 60, seconds


def _children_cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _figure(name: str, value: float, unit: str) -> BenchmarkFigure:
    return BenchmarkFigure(figure=name, value=value, low=value, high=value, unit=unit)


if __name__ == "__main__":
    typer.run(main)
