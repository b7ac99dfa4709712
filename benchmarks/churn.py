"""Evaluates every churn model on one data set, on a later test period, against a baseline of one feature.

`python -m benchmarks.churn --data-set online_retail`
"""

from __future__ import annotations

from typing import Annotated

import typer

from benchmarks.data_sets import DataSet, data_set
from benchmarks.figures import publish
from benchmarks.measure import Cost, measure_cost
from benchmarks.pages import describe_comparisons, metric_figures, metric_table, write_section
from core.model_card import Comparison
from models.metrics.churn.data import log_losses
from models.metrics.classification import compare, metric_names
from tables.sources.opening import open_tables
from training.churn.rows import ChurnRows, load_churn_rows
from training.churn.trials import Trials, choose, default_recipes, score_test, validate
from training.run.recipe import Recipe
from training.run.session import NoProgress

BASELINE = "recency"


def trial_costs(recipes: dict[str, Recipe], rows: ChurnRows) -> tuple[Trials, dict[str, Cost]]:
    """Fit and score every recipe at the test cutoff, and measure each by itself."""
    scores, costs = {}, {}
    for name, recipe in recipes.items():
        with measure_cost() as costs[name]:
            scores |= score_test({name: recipe}, rows, progress=NoProgress()).scores
    return Trials(scores, rows.outcomes.take(rows.test), "test"), costs


def compare_with_baseline(trials: Trials, metric: str) -> list[Comparison]:
    """Each model's paired difference to the baseline; positive is better."""
    baseline = trials.scores[BASELINE]
    return [
        compare(model, BASELINE, scores=scores, scores_against=baseline, outcomes=trials.outcomes, metric=metric)
        for model, scores in trials.scores.items()
        if model != BASELINE
    ]


def validation_sentence(validation: Trials) -> str:
    """Which model validation chooses, and the log losses behind the choice."""
    chosen = choose(validation.scores, validation.outcomes).model
    losses = {
        model: log_losses(scores.value, validation.outcomes.churned) for model, scores in validation.scores.items()
    }
    figures = ", ".join(f"`{model}` {loss.mean():.4f}" for model, loss in losses.items())
    return (
        f"Validation log loss: {figures}. Registered: `{chosen}`, the simplest that is not "
        "significantly worse than the best."
    )


def run(public: DataSet) -> None:
    """Measure, publish the figures and write the section."""
    tables = open_tables(public.config)
    with measure_cost() as preparing:
        rows = load_churn_rows(tables)
    recipes = default_recipes(public.config)
    validation = validate(recipes, rows, progress=NoProgress())
    trials, costs = trial_costs(recipes, rows)
    metrics = trials.metrics()
    publish(f"{public.name}.churn", metric_figures(f"{public.name}.churn", metrics))
    write_section(
        f"{public.name}.churn",
        f"Churn on {public.name}",
        command=f"python -m benchmarks.churn --data-set {public.name}",
        facts={
            "Data": f"{public.description} ({public.terms})",
            "Customers": f"{rows.cohort}; {int(rows.test.sum()):,} at the test cutoff {rows.folds.test}",
            "Label": rows.outcomes.definition,
            "Training cutoffs": ", ".join(day.isoformat() for day in rows.folds.train),
            "Validation": rows.folds.summary,
            "Features": f"{len(rows.features.names)} columns of {len(rows):,} rows in {preparing.seconds:.1f} s",
        },
        parts=[
            metric_table(metrics, metric_names(), costs=costs),
            validation_sentence(validation),
            "Paired differences at the test cutoff, positive is better:",
            describe_comparisons(compare_with_baseline(trials, "auc") + compare_with_baseline(trials, "log_loss")),
            "Seconds and memory are of one fit and one scoring, without the refits for intervals of scores; memory is "
            "of the whole process.",
        ],
    )


def main(
    name: Annotated[str, typer.Option("--data-set", help="online_retail, cdnow or ravenstack")] = "online_retail",
) -> None:
    """Compare the churn models on a public data set."""
    run(data_set(name))


if __name__ == "__main__":
    typer.run(main)
