"""Each recommender of a benchmark, fitted and asked in a process of its own; what has not changed is not done again."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec

from benchmarks.figures import BENCH
from benchmarks.fit_one import FitCost
from benchmarks.hand_over import digest_of, read_answers, write_split
from core.recommendations import Recommendations
from models.metrics.ranking.splits import Split
from training.run.recipe import Recipe

CODE = ("core", "models")
"What an answer depends on, beside data and settings."


@dataclass(frozen=True)
class Fit:
    """One recipe on one split."""

    recipe: Recipe
    cost: FitCost
    answer: Recommendations | None
    "None where it was refused."
    artifact: Path


@dataclass(frozen=True)
class SplitFiles:
    """A split handed over as files below `var/bench`."""

    split: Split
    folder: Path

    @classmethod
    def of(cls, split: Split, name: str) -> SplitFiles:
        """Write the split below `var/bench/splits`."""
        return cls(split, write_split(split, BENCH / "splits" / name))

    def fit(self, recipe: Recipe, k: int, keep: bool = False) -> Fit:
        """Fit and ask a model of our shelf; a fault in it is told as its refusal, and the others go on."""
        settings = msgspec.json.encode(recipe.settings).decode()
        sources = [path for room in CODE for path in Path(room).rglob("*.py")]
        data = [self.folder / name for name in ("learnt_from.npz", "asking.npz", "asked.npz")]
        out = self.folder / recipe.model / digest_of([*sources, *data], recipe.model, settings, str(k), str(keep))
        if not (out / "cost.json").exists():
            command = [sys.executable, "-m", "benchmarks.fit_one", self.folder, out, recipe.model, settings, str(k)]
            run_apart([*map(str, command), *(["--keep"] if keep else [])], out)
        return self.found(recipe, out)

    def found(self, recipe: Recipe, out: Path) -> Fit:
        """What a process left in its folder."""
        cost = msgspec.json.decode((out / "cost.json").read_bytes(), type=FitCost)
        answer = None if cost.refused else read_answers(out / "answers.npy", self.split)
        return Fit(recipe, cost, answer, out / "artifact")


def run_apart(command: list[str], out: Path, environment: dict[str, str] | None = None) -> None:
    """Run one process; where it ends without a cost, its end is written there as the reason of its refusal."""
    out.mkdir(parents=True, exist_ok=True)
    ended = subprocess.run(command, check=False, env=environment)
    if not (out / "cost.json").exists():
        refused = FitCost(refused=f"its process ended with {ended.returncode} before it answered")
        (out / "cost.json").write_bytes(msgspec.json.encode(refused))
