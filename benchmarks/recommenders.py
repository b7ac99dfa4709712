"""Compares recommenders on public data: all items are ranked, and each model has its own process.

`python -m benchmarks.recommenders --data-set gowalla|online_retail|... --models all|a,b,c [--protocol ...]`

With `--models all`, the section of docs/results.md and the figures in var/bench/ are also written.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.fits import Fit, SplitFiles
from benchmarks.pages import RESULTS
from benchmarks.ranking_report import RankingResults, evaluate, publish_ranking, summary
from benchmarks.ranking_tasks import RANKING_BENCHMARKS, RankingBenchmark
from core.catalogue import Catalogue
from core.errors import UnknownName, did_you_mean
from training.run.recipe import Recipe


def select_recipes(recipes: Mapping[str, Recipe], models: str) -> dict[str, Recipe]:
    """The recipes of these models: all, or names with commas. Raises UnknownName for a model that does not exist."""
    names = list(recipes) if models == "all" else models.split(",")
    for name in names:
        if name not in recipes:
            raise UnknownName(f"no recommender '{name}'{did_you_mean(name, recipes)}")
    return {name: recipes[name] for name in recipes if name in names}


def run(benchmark: RankingBenchmark, *, models: str = "all") -> RankingResults:
    """Fit every model on both splits and evaluate its recommendations."""
    recipes = select_recipes(benchmark.recipes, models)
    splits = {"validation": benchmark.validation, "test": benchmark.test}
    fits: dict[str, dict[str, Fit]] = {}
    for split, data in splits.items():
        files, fits[split] = SplitFiles.of(data, f"{benchmark.section}.{split}"), {}
        for name, recipe in recipes.items():
            fits[split][name] = files.fit(recipe, benchmark.ks[-1], keep=split == "test")
            Console(stderr=True).print(f"{benchmark.section} {split}: {name} {fits[split][name].cost}")
    return evaluate(benchmark, validation=fits["validation"], test=fits["test"])


def main(
    name: Annotated[str, typer.Option("--data-set", help="|".join(RANKING_BENCHMARKS))] = "online_retail",
    models: Annotated[str, typer.Option(help="all, or names with commas")] = "all",
    protocol: Annotated[str, typer.Option(help="all, or one of the data set's")] = "all",
) -> None:
    """Compare recommenders on a public data set."""
    protocols = Catalogue("benchmarks", RANKING_BENCHMARKS)[name]
    chosen = list(protocols) if protocol == "all" else [protocol]
    for one in chosen:
        benchmark = Catalogue(f"benchmarks of {name}", protocols)[one]()
        results = run(benchmark, models=models)
        typer.echo(summary(results))
        if models == "all":
            publish_ranking(results, data_set=name, protocol=one)
        else:
            typer.echo(f"{RESULTS} is unchanged: its section needs --models all")


if __name__ == "__main__":
    typer.run(main)
