"""Fits each recommender of a benchmark in its own process, and keeps the result until code, data or settings change."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec

from benchmarks.figures import BENCH
from benchmarks.fit_one import FitCost
from benchmarks.split_files import digest_of_files, read_answers, write_split
from core.recommendations import Recommendations
from models.metrics.ranking.splits import Split
from training.run.recipe import Recipe

CODE = ("core", "models")
"Packages that results depend on, besides data and settings."


@dataclass(frozen=True)
class Fit:
    """One recipe fitted on one split, and its recommendations."""

    recipe: Recipe
    cost: FitCost
    answer: Recommendations | None
    "None where fitting failed."
    artifact: Path


@dataclass(frozen=True)
class SplitFiles:
    """A split, written to files in `var/bench` for other processes."""

    split: Split
    folder: Path

    @classmethod
    def of(cls, split: Split, name: str) -> SplitFiles:
        """Write the split to `var/bench/splits`."""
        return cls(split, write_split(split, BENCH / "splits" / name))

    def fit(self, recipe: Recipe, k: int, *, keep: bool = False) -> Fit:
        """Fit one of our models and get its recommendations. If it fails, the result says why and others go on."""
        settings = msgspec.json.encode(recipe.settings).decode()
        sources = [path for room in CODE for path in Path(room).rglob("*.py")]
        data = [self.folder / name for name in ("training.npz", "histories.npz", "request.npz")]
        out = self.folder / recipe.model / digest_of_files([*sources, *data], recipe.model, settings, str(k), str(keep))
        if not (out / "cost.json").exists():
            command = [sys.executable, "-m", "benchmarks.fit_one", self.folder, out, recipe.model, settings, str(k)]
            run_process([*map(str, command), *(["--keep"] if keep else [])], out)
        return self.read_fit(recipe, out)

    def read_fit(self, recipe: Recipe, out: Path) -> Fit:
        """Read what a process wrote to its folder."""
        cost = msgspec.json.decode((out / "cost.json").read_bytes(), type=FitCost)
        answer = None if cost.refused else read_answers(out / "answers.npy", self.split)
        return Fit(recipe, cost, answer, out / "artifact")


def run_process(command: list[str], out: Path, *, environment: dict[str, str] | None = None) -> None:
    """Run one process. If it ends without writing its cost, write the exit code there as the reason of the failure."""
    out.mkdir(parents=True, exist_ok=True)
    ended = subprocess.run(command, check=False, env=environment)
    if not (out / "cost.json").exists():
        refused = FitCost(refused=f"its process ended with {ended.returncode} before it answered")
        (out / "cost.json").write_bytes(msgspec.json.encode(refused))
