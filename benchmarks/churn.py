"""Evaluates every churn model on one data set, on a later test period, against a baseline of four features.

`python -m benchmarks.churn --data-set online_retail`
"""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from benchmarks.data_sets import DataSet, data_set
from benchmarks.figures import publish
from benchmarks.measure import Cost, measure_cost
from benchmarks.pages import describe_comparisons, metric_figures, metric_table, write_section
from core.model_card import Comparison
from models.churn.shared_fits import share_fits
from models.metrics.churn.data import log_losses
from models.metrics.classification import compare, metric_names
from tables.sources.opening import open_tables
from training.churn.rows import ChurnRows, load_churn_rows
from training.churn.trials import Trials, adjust_if_better, choose_learned, default_recipes, score_test, validate
from training.run.recipe import Recipe
from training.run.session import NoProgress

LEVELS = {
    "training": "the level of all cutoffs",
    "newest": "the level of the newest cutoffs",
    "season": "the level of the same season a year earlier",
}
BASELINE = "rfm"


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


def validation_sentence(validation: Trials, registered: Recipe) -> str:
    """Which model validation chooses, and the log losses behind the choice."""
    losses = {
        model: log_losses(scores.value, validation.outcomes.churned) for model, scores in validation.scores.items()
    }
    figures = ", ".join(f"`{model}` {loss.mean():.4f}" for model, loss in losses.items())
    return (
        f"Validation log loss: {figures}. Registered: `{registered.model}`, the simplest within one standard error of "
        f"the best; {describe_adjustment(registered)}."
    )


def describe_adjustment(recipe: Recipe) -> str:
    """How its probabilities are adjusted after the fit, in words."""
    settings = recipe.settings
    half_life = f"half weight after {settings['half_life_days']:g} days, " if settings["half_life_days"] else ""
    platt = "with" if settings.get("calibrated") else "without"
    return f"{half_life}{LEVELS[str(settings['level'])]}, {platt} Platt scaling"


def run(public: DataSet) -> None:
    """Measure, publish the figures and write the section."""
    tables = open_tables(public.config)
    with measure_cost() as preparing:
        rows = load_churn_rows(tables)
    recipes = default_recipes(public.config)
    with share_fits():
        validation = validate(recipes, rows, progress=NoProgress())
        champion = choose_learned(validation)
        recipes[champion], validation = adjust_if_better(
            recipes[champion], rows, validation=validation, progress=NoProgress()
        )
    trials, costs = trial_costs(recipes, rows)
    metrics = trials.metrics()
    of_champion = [msgspec.structs.replace(metric, model="champion") for metric in metrics if metric.model == champion]
    publish(f"{public.name}.churn", metric_figures(f"{public.name}.churn", (*metrics, *of_champion)))
    write_section(
        f"{public.name}.churn",
        f"Churn on {public.name}",
        command=f"python -m benchmarks.churn --data-set {public.name}",
        facts={
            "Data": f"{public.description} ({public.terms})",
            "Customers": f"{rows.cohort}; {int(rows.test.sum()):,} at the test cutoff {rows.folds.test}",
            "Label": rows.outcomes.definition,
            "Training cutoffs": ", ".join(day.isoformat() for day in rows.folds.train),
            "Validation": rows.validation_summary,
            "Features": f"{len(rows.features.names)} columns of {len(rows):,} rows in {preparing.seconds:.1f} s",
        },
        parts=[
            metric_table(metrics, metric_names(), costs=costs),
            validation_sentence(validation, recipes[champion]),
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
