"""Every churn model on one data set, out of time, beside the bar of one feature.

`python -m benchmarks.churn --data-set online_retail`
"""

from __future__ import annotations

from typing import Annotated

import typer

from benchmarks.comparison import measured_figures, metric_table, plain_sentences
from benchmarks.data_sets import DataSet, data_set
from benchmarks.figures import publish
from benchmarks.measure import Cost, measured
from benchmarks.pages import write_section
from core.model_card import Comparison
from models.metrics.classification import NAMES, compare, log_losses
from tables.sources.opening import open_tables
from training.churn.rows import ChurnRows, load_churn_rows
from training.churn.trials import Trials, choose, default_recipes, score_test, validate
from training.run.progress import NoProgress
from training.run.recipe import Recipe

BAR = "recency"


def trial_costs(recipes: dict[str, Recipe], rows: ChurnRows) -> tuple[Trials, dict[str, Cost]]:
    """Every recipe at the test cutoff, each measured by itself."""
    scores, costs = {}, {}
    for name, recipe in recipes.items():
        with measured() as costs[name]:
            scores |= score_test({name: recipe}, rows, progress=NoProgress()).scores
    return Trials(scores, rows.outcomes.take(rows.test), "test"), costs


def against_bar(trials: Trials, metric: str) -> list[Comparison]:
    """Each model's paired difference to the bar; positive is better."""
    bar = trials.scores[BAR]
    return [
        compare(model, BAR, scores=scores, scores_against=bar, outcomes=trials.outcomes, metric=metric)
        for model, scores in trials.scores.items()
        if model != BAR
    ]


def chosen_sentence(validation: Trials) -> str:
    """Which model validation chooses, and the log losses that it goes by."""
    chosen = choose(validation.scores, validation.outcomes).model
    losses = {
        model: log_losses(scores.value, validation.outcomes.churned) for model, scores in validation.scores.items()
    }
    told = ", ".join(f"`{model}` {loss.mean():.4f}" for model, loss in losses.items())
    return (
        f"Validation log loss: {told}. Registered: `{chosen}`, the simplest that is not really worse than the lowest."
    )


def run(found: DataSet) -> None:
    """Measure, publish the figures and write the section."""
    tables = open_tables(found.config)
    with measured() as preparing:
        rows = load_churn_rows(tables)
    recipes = default_recipes(found.config)
    validation = validate(recipes, rows, progress=NoProgress())
    trials, costs = trial_costs(recipes, rows)
    metrics = trials.metrics()
    publish(f"{found.name}.churn", measured_figures(f"{found.name}.churn", metrics))
    write_section(
        f"{found.name}.churn",
        f"Churn on {found.name}",
        f"python -m benchmarks.churn --data-set {found.name}",
        {
            "Data": f"{found.what} ({found.terms})",
            "Customers": f"{rows.cohort}; {int(rows.test.sum()):,} at the test cutoff {rows.folds.test}",
            "Label": rows.outcomes.definition,
            "Training cutoffs": ", ".join(day.isoformat() for day in rows.folds.train),
            "Validation": rows.folds.summary,
            "Features": f"{len(rows.features.names)} columns of {len(rows):,} rows in {preparing.seconds:.1f} s",
        },
        [
            metric_table(metrics, NAMES, costs),
            chosen_sentence(validation),
            "Paired differences at the test cutoff, positive is better:",
            plain_sentences(against_bar(trials, "auc") + against_bar(trials, "log_loss")),
            "Seconds and memory are of one fit and one scoring, without the refits behind an interval of a score; "
            "memory is of the whole process.",
        ],
    )


def main(
    name: Annotated[str, typer.Option("--data-set", help="online_retail, cdnow or ravenstack")] = "online_retail",
) -> None:
    """Compare the churn models on a public data set."""
    run(data_set(name))


if __name__ == "__main__":
    typer.run(main)
