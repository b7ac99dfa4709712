"""What the categories of items add to recommendations: `python -m benchmarks.categories`.

Each model is fitted twice, with the categories of the items and without any. How much the categories weigh is fitted on
the model's own fold, before the validation and the test.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta

import numpy as np
import typer

from benchmarks.figures import BenchmarkFigure, publish
from benchmarks.fit_one import DISCOVERY
from benchmarks.pages import format_interval, table, write_section
from benchmarks.ranking_tasks import benchmark_of_simulated_shop, completejourney_baskets
from core.intervals import Estimate
from models.metrics.ranking.evaluation import compare_rankings, ranking_metrics
from models.metrics.ranking.protocols.global_time_split import GlobalTimeSplit
from models.metrics.ranking.splits import Split, generate_recommendations
from models.recommenders.catalogue import RECOMMENDERS
from simulation.shop.assortments import NEWEST_MONTH, changing_assortment
from training.run.recipe import Recipe

NAME = "categories"
COMMAND = "python -m benchmarks.categories"
METRICS = ("ndcg@10", "new_recall@10")
NO_CATEGORIES = np.empty(0, dtype=np.int32)
HORIZON_DAYS = 20
"Of the shop whose assortment changes."


def main() -> None:
    """Print and publish the figures, and write the section."""
    rows, figures = list[list[str]](), list[BenchmarkFigure]()
    for name, splits, recipe in tasks():
        for which, split in splits.items():
            metrics, differences = measure(split, recipe)
            for metric in METRICS:
                cells = (f"{metrics[metric]:.4f}", format_interval(differences[metric]))
                rows.append([name, recipe.model, which, f"{len(split):,}", metric, *cells])
                figures.append(_figure(f"{NAME}.{name}.{recipe.model}.{which}.{metric}.gain", differences[metric]))
            typer.echo(f"{name} {recipe.model} {which}: {differences}")
    publish(NAME, figures)
    write_section(
        NAME,
        "What the categories of items add",
        command=COMMAND,
        facts={
            "Data": "`completejourney` (Complete Journey, CC0), last basket out, category: `product_category`; "
            "`completejourney_new`, the same under `repeat_policy = never`; `simulated_shop`, by time; "
            "`changing_assortment`, a simulated shop with other items each month, of two categories of eight for each "
            "customer",
            "Settings": "defaults; the weight of the categories is fitted on each model's own fold",
        },
        parts=[
            table(["data", "model", "split", "customers", "metric", "with categories", "gain"], rows),
            "The gain is the paired difference from the same model without categories. `blend` is not measured on "
            "`completejourney`: with 20,000 items, each of its fits takes minutes.",
        ],
    )


def tasks() -> Iterator[tuple[str, Mapping[str, Split], Recipe]]:
    """Name of the data, its splits and the recipe to measure on them."""
    groceries, shop = completejourney_baskets(), benchmark_of_simulated_shop()
    baskets = {"validation": groceries.validation, "test": groceries.test}
    yield "completejourney", baskets, groceries.recipes["next_basket"]
    only_new = groceries.recipes["next_basket"].with_settings({"only_new": True})
    yield "completejourney_new", {which: split.mask_seen() for which, split in baskets.items()}, only_new
    for model in ("next_basket", "blend"):
        yield "simulated_shop", {"validation": shop.validation, "test": shop.test}, shop.recipes[model]
    months = changing_assortment(1500)
    splits = {
        which: GlobalTimeSplit(day, HORIZON_DAYS).split(months)
        for which, day in (("validation", NEWEST_MONTH - timedelta(days=30)), ("test", NEWEST_MONTH))
    }
    for model in ("next_basket", "blend"):
        yield "changing_assortment", splits, shop.recipes[model]


def measure(split: Split, recipe: Recipe) -> tuple[dict[str, float], dict[str, Estimate]]:
    """The metrics with categories, and the paired differences from the same model without."""
    past = split.training.histories
    answers = []
    for training in (split.training, replace(split.training, item_categories=NO_CATEGORIES)):
        model = recipe.build(RECOMMENDERS).fit(training, split.cutoff)
        answers.append(generate_recommendations(model, split, k=10, discovery=DISCOVERY, explains=False))
    metrics = ranking_metrics(recipe.model, answers[0], truth=split.truth, past=past, ks=(10,))
    differences = {
        name: compare_rankings(
            "with", "without", recommendations=answers[0], recommendations_against=answers[1], truth=split.truth,
            past=past, name=name,
        ).difference
        for name in METRICS
    }  # fmt: skip
    return {metric.name: metric.estimate.value for metric in metrics}, differences


def _figure(name: str, estimate: Estimate) -> BenchmarkFigure:
    return BenchmarkFigure(figure=name, value=estimate.value, low=estimate.low, high=estimate.high, unit="difference")


if __name__ == "__main__":
    typer.run(main)
