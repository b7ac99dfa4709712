"""Fits one recommender on a split and asks it, in this process alone, so that seconds and memory are its own.

`python -m benchmarks.fit_one <split folder> <out folder> <model> <settings as JSON> <k> [--keep]`

Leaves answers.npy, cost.json and, with --keep, the artifact in the out folder. A model that refuses (too little
memory or history) says so in cost.json, and the exit code is 2.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from benchmarks.hand_over import read_split, write_items
from benchmarks.measure import measured
from core.errors import BadInput
from models.metrics.ranking.splits import generate_recommendations
from models.recommenders.catalogue import RECOMMENDERS


class FitCost(msgspec.Struct, frozen=True):
    """What one fit and its answers cost, or why there was none."""

    fit_seconds: float = 0.0
    fit_cpu_seconds: float = 0.0
    peak_memory_gb: float = 0.0
    "Of the whole process while it fits, 10^9 bytes; 0.1 of them are Python and the data."
    answer_us: float = 0.0
    "Microseconds of an answer, everybody asked in a batch."
    refused: str = ""


def fit_one(split_folder: Path, out: Path, model: str, settings: str, k: int, keep: bool = False) -> FitCost:
    """Fit, ask, and write what came of it."""
    split = read_split(split_folder)
    unfitted = RECOMMENDERS[model](**msgspec.json.decode(settings))
    with measured() as fitting:
        fitted = unfitted.fit(split.training, split.cutoff)
    with measured() as asking:
        found = generate_recommendations(fitted, split, k)
    write_items(found.items, out / "answers.npy")
    if keep:
        fitted.to_artifact().write(out / "artifact")
    return FitCost(
        fitting.seconds, fitting.cpu_seconds, fitting.peak_memory_gb, asking.seconds / max(1, len(split)) * 1e6
    )


def main(
    split_folder: Path,
    out: Path,
    model: str,
    settings: str,
    k: int,
    keep: Annotated[bool, typer.Option("--keep", help="Also write the fitted model.")] = False,
) -> None:
    """Fit one recommender on a split and ask it."""
    out.mkdir(parents=True, exist_ok=True)
    try:
        cost = fit_one(split_folder, out, model, settings, k, keep)
    except BadInput as fault:
        cost = FitCost(refused=str(fault))
    (out / "cost.json").write_bytes(msgspec.json.encode(cost))
    sys.exit(2 if cost.refused else 0)


if __name__ == "__main__":
    typer.run(main)
