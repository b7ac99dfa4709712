"""Fits one recommender on a split, alone in this process, so that seconds and memory are its own.

`python -m benchmarks.fit_one <split folder> <out folder> <model> <settings as JSON> <k> [--keep]`

Writes answers.npy, cost.json and, with --keep, the artifact to the out folder. If the model cannot be fitted (too
little memory or history), cost.json has the reason and the exit code is 2.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from benchmarks.measure import measure_cost
from benchmarks.split_files import read_split, write_items
from core.config.training import RecommenderSettings
from core.errors import BadInput
from models.metrics.ranking.splits import generate_recommendations
from models.recommenders.catalogue import RECOMMENDERS

DISCOVERY = RecommenderSettings().discovery
"As the lists of a release have it by default."


class FitCost(msgspec.Struct, frozen=True, kw_only=True):
    """The cost of fitting one model and of its recommendations, or why it failed."""

    fit_seconds: float = 0.0
    fit_cpu_seconds: float = 0.0
    peak_memory_gb: float = 0.0
    "Of the whole process while it fits, 10^9 bytes; Python and the data take 0.1 of them."
    answer_us: float = 0.0
    "Microseconds per customer, all customers in one batch."
    refused: str = ""
    "Why it failed."


def fit_one(split_folder: Path, out: Path, *, model: str, settings: str, k: int, keep: bool = False) -> FitCost:
    """Fit the model, write its recommendations of k items, and measure both."""
    split = read_split(split_folder)
    unfitted = RECOMMENDERS[model](**msgspec.json.decode(settings))
    with measure_cost() as fitting:
        recommender = unfitted.fit(split.training, split.cutoff)
    with measure_cost() as answering:
        recommendations = generate_recommendations(recommender, split, k=k, discovery=DISCOVERY)
    write_items(recommendations.items, out / "answers.npy")
    if keep:
        recommender.to_artifact().write(out / "artifact")
    return FitCost(
        fit_seconds=fitting.seconds,
        fit_cpu_seconds=fitting.cpu_seconds,
        peak_memory_gb=fitting.peak_memory_gb,
        answer_us=answering.seconds / max(1, len(split)) * 1e6,
    )


def main(
    split_folder: Path,
    out: Path,
    model: str,
    settings: str,
    k: int,
    keep: Annotated[bool, typer.Option("--keep", help="Also write the fitted model.")] = False,
) -> None:
    """Fit one recommender on a split."""
    out.mkdir(parents=True, exist_ok=True)
    try:
        cost = fit_one(split_folder, out, model=model, settings=settings, k=k, keep=keep)
    except BadInput as fault:
        cost = FitCost(refused=str(fault))
    (out / "cost.json").write_bytes(msgspec.json.encode(cost))
    sys.exit(2 if cost.refused else 0)


if __name__ == "__main__":
    typer.run(main)
