"""Compares our recommenders with RecTools and implicit on online_retail II: one tuning budget, one evaluation.

`make bench-peers` creates .venv-peers and runs this. Every model, ours too, gets the same number of settings drawn at
random from its ranges. The settings with the best NDCG@10 at the validation cutoff are evaluated at the test cutoff.
Settings without a range keep their defaults, and so do the parts of a blend.
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

from benchmarks.figures import publish
from benchmarks.fits import Fit, SplitFiles, run_process
from benchmarks.pages import describe_comparisons, write_section
from benchmarks.ranking_report import RankingResults, compare_with_baselines, evaluate, figures_of, summary
from benchmarks.ranking_tasks import online_retail_time
from benchmarks.split_files import digest_of_files
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
"As implicit advises: with BLAS threads, its ALS takes several times as long."
K = 20
SELECTION_METRIC = "ndcg@10"

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
"The settings that are tuned for each, besides the weights of its input."


@dataclass(frozen=True)
class PeerComparison:
    """The two splits as files, and how our models and the peers are fitted on them."""

    validation: SplitFiles
    test: SplitFiles
    ours: Mapping[str, Recipe]

    def fit(self, files: SplitFiles, recipe: Recipe) -> Fit:
        """Fit one recipe in its own process: ours in this environment, peers in theirs."""
        if recipe.model in self.ours:
            return files.fit(recipe, K)
        settings = msgspec.json.encode(recipe.settings).decode()
        out = files.folder / recipe.model / digest_of_files([SCRIPT, files.folder / "training.npz"], settings)
        if not (out / "cost.json").exists():
            run_process(
                [*map(str, (PYTHON, SCRIPT, files.folder, out, recipe.model)), settings, str(K)],
                out,
                environment=ENVIRONMENT,
            )
        return files.read_fit(recipe, out)

    def tune(self, name: str, trials: int) -> tuple[Fit, Fit]:
        """Fit some drawn settings at the validation cutoff, and the best of them at the test cutoff."""
        defaults = self.ours[name].settings if name in self.ours else {}
        ranges = RECOMMENDERS[name].ranges if name in self.ours else {**WEIGHTED, **PEERS[name]}
        fits = [
            self.fit(self.validation, Recipe(name, defaults | settings)) for settings in draw_settings(ranges, trials)
        ]
        best = max(fits, key=self._ndcg)
        Console(stderr=True).print(f"{name}: {self._ndcg(best):.4f} on validation with {best.recipe.settings}")
        return best, self.fit(self.test, best.recipe)

    def _ndcg(self, fit: Fit) -> float:
        if fit.answer is None:
            return -1.0
        split = self.validation.split
        metrics = ranking_metrics(
            "any", fit.answer, truth=split.truth, past=split.training.histories, ks=(10,), n_resamples=1
        )
        return next(metric.estimate.value for metric in metrics if metric.name == SELECTION_METRIC)


def draw_settings(ranges: Ranges, trials: int, *, seed: int = 7) -> list[Settings]:
    """Draw settings at random, each independently; the same seed gives the same settings."""
    random = np.random.default_rng(seed)
    return [{name: _draw(span, random) for name, span in ranges.items()} for _ in range(trials)]


def _draw(span: Between | OneOf, random: np.random.Generator) -> str | int | float | bool | None:
    if isinstance(span, OneOf):
        return span.values[random.integers(len(span.values))]
    drawn = random.uniform(*np.log([span.low, span.high])) if span.log else random.uniform(span.low, span.high)
    number = float(np.exp(drawn) if span.log else drawn)
    return round(number) if span.whole else number


def main(
    trials: Annotated[int, typer.Option(min=1, help="Settings tried for each model.")] = 12,
    models: Annotated[str, typer.Option(help="Of ours: all, or names with commas")] = "all",
) -> None:
    """Tune all models with one budget and publish the comparison."""
    if not PYTHON.exists():
        raise SourceUnavailable(f"no {PYTHON}; `make bench-peers` installs it")
    benchmark = online_retail_time()
    ours = {name: benchmark.recipes[name] for name in (benchmark.recipes if models == "all" else models.split(","))}
    comparison = PeerComparison(
        SplitFiles.of(benchmark.validation, f"{NAME}.validation"), SplitFiles.of(benchmark.test, f"{NAME}.test"), ours
    )
    tune = {name: comparison.tune(name, trials) for name in (*ours, *PEERS)}
    benchmark = replace(benchmark, section=NAME, place=NAME, baselines=tuple(PEERS))
    validation, test = ({name: pair[place] for name, pair in tune.items()} for place in (0, 1))
    results = evaluate(benchmark, validation=validation, test=test)
    typer.echo(summary(results))
    publish_peers(results, list(ours), trials=trials)


def publish_peers(results: RankingResults, ours: list[str], *, trials: int) -> None:
    """Write the figures and the section."""
    single, peer = results.best(ours), results.best(PEERS)
    benchmark = replace(results.benchmark, baselines=(peer,))
    against_peer = compare_with_baselines(replace(results, benchmark=benchmark))
    publish(NAME, figures_of(results), printed=False)
    write_section(
        NAME,
        "Against RecTools and implicit, on online_retail",
        command=f"make bench-peers (python -m benchmarks.peers --trials {trials} --models {','.join(ours)})",
        facts={
            "Data": benchmark.data,
            "Evaluation": f"{len(benchmark.test):,} customers, all items ranked: {benchmark.evaluation}",
            "Budget": f"{trials} settings per model, drawn at random from its ranges, ours too; settings without a "
            "range keep their defaults, and so do the parts of a blend, whose defaults were tuned on earlier months "
            f"of this shop. Chosen by {SELECTION_METRIC}: {benchmark.selection}",
            "Peers": "RecTools 0.19.0 and the implicit 0.7.3 it installs (pm-implicit), `requirements-peers.lock`: "
            "the weights of their input (count, its logarithm or none, and age) are tuned too",
        },
        parts=[
            summary(results),
            f"Validation chooses `{single}` among ours and `{peer}` among the peers. Paired differences of ours to the "
            "latter, positive is better:",
            describe_comparisons([one for one in against_peer if one.model in ours]),
            "`models/metrics` evaluates both on the same truth, which no fitting process reads.",
        ],
    )


if __name__ == "__main__":
    typer.run(main)
