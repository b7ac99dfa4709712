"""Every recommender on one data set, out of time, all items ranked, beside what everybody buys.

`python -m benchmarks.recommenders --data-set online_retail`
"""

from __future__ import annotations

from typing import Annotated

import typer

from benchmarks.comparison import measured_figures, metric_table, plain_sentences
from benchmarks.data_sets import DataSet, data_set
from benchmarks.figures import publish
from benchmarks.measure import Cost, measured
from benchmarks.pages import write_section
from core.card import Metric
from core.recommendations import Recommendations
from features.interactions import interactions_of
from features.sources.opening import open_tables
from models.metrics.ranking import BY_CUSTOMER
from training.ranking_rows import RankingTask, ranking_cutoffs, ranking_task
from training.recipe import Recipe
from training.recommender import BASELINE, JUDGED_AT, best, recipes_of

NAMES = tuple(f"{name}@{k}" for k in JUDGED_AT for name in (*BY_CUSTOMER, "coverage"))


def judge(
    task: RankingTask, recipes: dict[str, Recipe], split: str
) -> tuple[dict[str, Recommendations], dict[str, Cost], tuple[Metric, ...]]:
    """What every recipe answers at the task's cutoff, what that cost, and how good it is."""
    answers, costs, metrics = {}, {}, []
    for name, recipe in recipes.items():
        with measured() as costs[name]:
            answers[name] = task.answer(recipe)
        metrics += task.metrics(name, answers[name], split, JUDGED_AT)
    return answers, costs, tuple(metrics)


def run(found: DataSet) -> None:
    """Measure, publish the figures and write the section."""
    tables = open_tables(found.config)
    everything = interactions_of(tables)
    validation, test = (ranking_task(tables, everything, cutoff) for cutoff in ranking_cutoffs(tables))
    recipes = recipes_of(found.config)
    _, _, validated = judge(validation, recipes, "validation")
    answers, costs, metrics = judge(test, recipes, "test")
    publish(f"{found.name}.recommender", measured_figures(f"{found.name}.recommender", metrics))
    differences = [
        test.compare(name, BASELINE, answer, answers[BASELINE]) for name, answer in answers.items() if name != BASELINE
    ]
    days = found.config.recommender.horizon_days
    write_section(
        f"{found.name}.recommender",
        f"Recommendations on {found.name}",
        f"python -m benchmarks.recommenders --data-set {found.name}",
        {
            "Data": f"{found.what} ({found.terms})",
            "Judged": f"{len(test.truth):,} customers with a history who bought an item in the {days} days from "
            f"{test.cutoff}; all {len(test.known.item_ids):,} items are ranked, repeat purchases count",
        },
        [
            metric_table(metrics, NAMES, costs),
            f"Validation, at {validation.cutoff}, chooses `{best(list(validated))}` by NDCG@10.",
            "Paired differences at the test cutoff, positive is better:",
            plain_sentences(differences),
            "Seconds are of one fit and of answering everybody; memory is of the whole process.",
        ],
    )


def main(name: Annotated[str, typer.Option("--data-set", help="online_retail")] = "online_retail") -> None:
    """Compare the recommenders on a public data set."""
    run(data_set(name))


if __name__ == "__main__":
    typer.run(main)
