"""Our recommenders beside RecTools and implicit on online_retail II, tuned with one budget, judged by one judge.

`make bench-peers` makes .venv-peers and runs this. Every model, ours too, gets the same number of settings drawn at
random from its ranges; the best NDCG@10 at the validation cutoff is asked once at the test cutoff. What has no range
stays at its default, as do the parts of a blend.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
import typer
from rich.console import Console

from benchmarks.comparison import plain_sentences
from benchmarks.figures import publish
from benchmarks.fits import Fit, SplitFiles, run_apart
from benchmarks.hand_over import digest_of
from benchmarks.pages import write_section
from benchmarks.ranking_report import Judged, differences, figures_of, judge, summary
from benchmarks.ranking_tasks import online_retail_time
from core.errors import SourceUnavailable
from models.metrics.ranking.evaluation import ranking_metrics
from models.protocols import Settings
from models.recommenders.catalogue import RECOMMENDERS
from models.recommenders.engine.search_ranges import HALF_LIVES, Between, OneOf, Ranges
from training.run.recipe import Recipe

NAME = "online_retail.peers"
PYTHON = Path(".venv-peers/bin/python")
SCRIPT = Path(__file__).with_name("peer_models.py")
ENVIRONMENT = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
"As implicit advises: with BLAS threads of their own, its ALS takes several times as long."
K = 20
CHOSEN_BY = "ndcg@10"

WEIGHTED: Ranges = {"weights": OneOf(("binary", "count", "log")), "half_life_days": HALF_LIVES}
NEIGHBOURS = Between(20, 500, log=True, whole=True)
FACTORS = OneOf((32, 64, 128, 256))
ALS: Ranges = {
    "factors": FACTORS,
    "regularization": Between(0.01, 100, log=True),
    "alpha": Between(0.3, 40, log=True),
}
PEERS: Mapping[str, Ranges] = {
    "rectools.popular": {"period_days": Between(7, 120, log=True, whole=True)},
    "implicit.tfidf": {"K": NEIGHBOURS},
    "implicit.bm25": {"K": NEIGHBOURS, "K1": Between(0.1, 200, log=True), "B": Between(0.0, 1.0)},
    "implicit.als": ALS,
    "implicit.bpr": {
        "factors": FACTORS,
        "learning_rate": Between(0.003, 0.1, log=True),
        "regularization": Between(0.001, 0.1, log=True),
        "iterations": OneOf((50, 100, 200)),
    },
    "rectools.item_knn": {"K": NEIGHBOURS},
    "rectools.als": ALS,
    "rectools.ease": {"regularization": Between(10, 3000, log=True)},
    "rectools.pure_svd": {"factors": FACTORS},
}
"What is tried for each, beside how its input is weighted."


@dataclass(frozen=True)
class Arena:
    """The two splits as files, and how models of both houses are fitted on them."""

    validation: SplitFiles
    test: SplitFiles
    ours: Mapping[str, Recipe]

    def fit(self, files: SplitFiles, recipe: Recipe) -> Fit:
        """One recipe in a process of its own, in the environment of its house."""
        if recipe.model in self.ours:
            return files.fit(recipe, K)
        settings = msgspec.json.encode(recipe.settings).decode()
        out = files.folder / recipe.model / digest_of([SCRIPT, files.folder / "learnt_from.npz"], settings)
        if not (out / "cost.json").exists():
            run_apart(
                [*map(str, (PYTHON, SCRIPT, files.folder, out, recipe.model)), settings, str(K)], out, ENVIRONMENT
            )
        return files.found(recipe, out)

    def tuned(self, name: str, trials: int) -> tuple[Fit, Fit]:
        """The best of some drawn settings at the validation cutoff, and the same at the test cutoff."""
        usual = self.ours[name].settings if name in self.ours else {}
        ranges = RECOMMENDERS[name].ranges if name in self.ours else {**WEIGHTED, **PEERS[name]}
        tried = [self.fit(self.validation, Recipe(name, usual | settings)) for settings in drawn(ranges, trials)]
        best = max(tried, key=self._ndcg)
        Console(stderr=True).print(f"{name}: {self._ndcg(best):.4f} on validation with {best.recipe.settings}")
        return best, self.fit(self.test, best.recipe)

    def _ndcg(self, fit: Fit) -> float:
        if fit.answer is None:
            return -1.0
        split = self.validation.split
        metrics = ranking_metrics(
            "any", fit.answer, truth=split.truth, past=split.training.histories, ks=(10,), n_resamples=1
        )
        return next(metric.estimate.value for metric in metrics if metric.name == CHOSEN_BY)


def drawn(ranges: Ranges, trials: int, seed: int = 7) -> list[Settings]:
    """Settings drawn at random, each by itself; the same seed, the same settings."""
    random = np.random.default_rng(seed)
    return [{name: _one(span, random) for name, span in ranges.items()} for _ in range(trials)]


def _one(span: Between | OneOf, random: np.random.Generator) -> str | int | float | bool | None:
    if isinstance(span, OneOf):
        return span.values[random.integers(len(span.values))]
    found = random.uniform(*np.log([span.low, span.high])) if span.log else random.uniform(span.low, span.high)
    number = float(np.exp(found) if span.log else found)
    return round(number) if span.whole else number


def main(
    trials: Annotated[int, typer.Option(min=1, help="Settings tried for each model.")] = 12,
    models: Annotated[str, typer.Option(help="Of ours: all, or names with commas")] = "all",
) -> None:
    """Tune everybody with one budget and publish."""
    if not PYTHON.exists():
        raise SourceUnavailable(f"{PYTHON} is not there; `make bench-peers` installs it")
    benchmark = online_retail_time()
    ours = {name: benchmark.recipes[name] for name in (benchmark.recipes if models == "all" else models.split(","))}
    arena = Arena(
        SplitFiles.of(benchmark.validation, f"{NAME}.validation"), SplitFiles.of(benchmark.test, f"{NAME}.test"), ours
    )
    tuned = {name: arena.tuned(name, trials) for name in (*ours, *PEERS)}
    benchmark = replace(benchmark, section=NAME, place=NAME, bars=tuple(PEERS))
    validation, test = ({name: pair[place] for name, pair in tuned.items()} for place in (0, 1))
    judged = judge(benchmark, validation, test)
    typer.echo(summary(judged))
    publish_peers(judged, list(ours), trials)


def publish_peers(judged: Judged, ours: list[str], trials: int) -> None:
    """Write the figures and the section."""
    single, peer = judged.best(ours), judged.best(PEERS)
    benchmark = replace(judged.benchmark, bars=(peer,))
    against_peer = differences(replace(judged, benchmark=benchmark))
    publish(NAME, figures_of(judged), printed=False)
    write_section(
        NAME,
        "Beside RecTools and implicit, on online_retail",
        f"make bench-peers (python -m benchmarks.peers --trials {trials} --models {','.join(ours)})",
        {
            "Data": benchmark.data,
            "Judged": f"{len(benchmark.test):,} customers, all items ranked: {benchmark.judged}",
            "Budget": f"{trials} settings a model, drawn at random from its ranges, ours too; what has no "
            "range stays at its default, and so do the parts of a blend, whose defaults were tuned on earlier months "
            f"of this shop. Chosen by {CHOSEN_BY}: {benchmark.validated}",
            "Peers": "RecTools 0.19.0 and the implicit 0.7.3 it installs (pm-implicit), `requirements-peers.lock`: "
            "their input may be weighted by count, its logarithm or not, and by age, as is best for each",
        },
        [
            summary(judged),
            f"Validation prefers `{single}` among ours and `{peer}` among the peers. Paired differences of ours to the "
            "latter, positive is better:",
            plain_sentences([one for one in against_peer if one.model in ours]),
            "Answers of both are judged by `models/metrics` on the same truth, which no process that fits can read.",
        ],
    )


if __name__ == "__main__":
    typer.run(main)
