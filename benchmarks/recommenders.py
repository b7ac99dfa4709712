"""Recommenders beside each other on public data: all items ranked, each model in a process of its own.

`python -m benchmarks.recommenders --data-set gowalla|online_retail|simulated_shop --models all|a,b,c [--protocol ...]`

With `--models all` the table is also written to docs/results.md's section and the figures to var/bench/.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.fits import Fit, SplitFiles
from benchmarks.pages import RESULTS
from benchmarks.ranking_report import Judged, judge, publish_ranking, summary
from benchmarks.ranking_tasks import RANKING_BENCHMARKS, RankingBenchmark
from core.catalogue import Catalogue
from core.errors import UnknownName, did_you_mean
from training.run.recipe import Recipe


def chosen_recipes(recipes: Mapping[str, Recipe], models: str) -> dict[str, Recipe]:
    """All recipes, or those whose names stand there with commas; UnknownName for one that is not on the shelf."""
    names = list(recipes) if models == "all" else models.split(",")
    for name in names:
        if name not in recipes:
            raise UnknownName(f"no recommender '{name}'{did_you_mean(name, recipes)}")
    return {name: recipes[name] for name in recipes if name in names}


def run(benchmark: RankingBenchmark, models: str = "all") -> Judged:
    """Fit and ask every model on both splits, and judge the answers."""
    recipes = chosen_recipes(benchmark.recipes, models)
    splits = {"validation": benchmark.validation, "test": benchmark.test}
    fits: dict[str, dict[str, Fit]] = {}
    for split, found in splits.items():
        files, fits[split] = SplitFiles.of(found, f"{benchmark.section}.{split}"), {}
        for name, recipe in recipes.items():
            fits[split][name] = files.fit(recipe, benchmark.ks[-1], keep=split == "test")
            Console(stderr=True).print(f"{benchmark.section} {split}: {name} {fits[split][name].cost}")
    return judge(benchmark, fits["validation"], fits["test"])


def main(
    name: Annotated[str, typer.Option("--data-set", help="|".join(RANKING_BENCHMARKS))] = "online_retail",
    models: Annotated[str, typer.Option(help="all, or names with commas")] = "all",
    protocol: Annotated[str, typer.Option(help="all, or one of the data set's")] = "all",
) -> None:
    """Compare recommenders on a public data set."""
    protocols = Catalogue("benchmarks", RANKING_BENCHMARKS)[name]
    wanted = list(protocols) if protocol == "all" else [protocol]
    for one in wanted:
        benchmark = Catalogue(f"benchmarks of {name}", protocols)[one]()
        judged = run(benchmark, models)
        typer.echo(summary(judged))
        if models == "all":
            publish_ranking(judged, name, one)
        else:
            typer.echo(f"{RESULTS} keeps its section: it is written with --models all")


if __name__ == "__main__":
    typer.run(main)
