"""Trials: churn recipes scored on the same held-out rows, to choose one and to test it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.config.data_set import Config
from core.intervals import N_RESAMPLES
from core.labels import Labels
from core.model_card import Comparison, Metric
from core.scores import Scores
from models.churn.additive import CHURN_MODELS
from models.metrics.churn.data import log_losses
from models.metrics.classification import churn_metrics, compare
from training.churn.rows import ChurnRows
from training.run.recipe import Recipe, default_recipe
from training.run.session import Progress, run_parallel

BASELINES = ("base_rate", "recency")


@dataclass(frozen=True)
class Trials:
    """Scores of several recipes on the same rows, and what happened."""

    scores: dict[str, Scores]
    "By model."
    outcomes: Labels
    split: str
    groups: NDArray[np.int64] | None = None
    "(n,) the rows of one code are ranked among themselves, where customers occur several times; None ranks all."

    @property
    def n_groups(self) -> int:
        """How often each customer was scored."""
        return 1 if self.groups is None else len(np.unique(self.groups))

    def metrics(self) -> tuple[Metric, ...]:
        """Every metric of every model."""
        return tuple(
            metric
            for model, scores in self.scores.items()
            for metric in churn_metrics(model, scores, outcomes=self.outcomes, split=self.split, groups=self.groups)
        )

    def compare_with(self, model: str, others: Sequence[str]) -> tuple[Comparison, ...]:
        """How much lower a model's log loss is than that of each other model."""
        return tuple(self.compare(model, other) for other in others if other != model)

    def compare(self, model: str, against: str) -> Comparison:
        """How much lower the first model's log loss is; positive means that it is better."""
        return compare(
            model,
            against,
            scores=self.scores[model],
            scores_against=self.scores[against],
            outcomes=self.outcomes,
            metric="log_loss",
        )


@dataclass(frozen=True)
class Choice:
    """The model that is registered, and why."""

    model: str
    comparisons: tuple[Comparison, ...]
    "In log loss, of the model with the lowest one with each other model, simplest first."


def choose(
    validation: Mapping[str, Scores], outcomes: Labels, *, n_resamples: int = N_RESAMPLES, seed: int = 0
) -> Choice:
    """Choose the simplest model that is not significantly worse than the one with the lowest log loss.

    `validation` holds each model's scores of the same held-out rows, the simplest model first. A model is
    significantly worse where the 90 % interval of the paired difference excludes 0. A calibrated recipe comes after
    the same recipe without calibration, so it is chosen only where calibration lowers the log loss significantly.
    """
    losses = {name: np.mean(log_losses(scores.value, outcomes.churned)) for name, scores in validation.items()}
    lowest = min(losses, key=lambda name: losses[name])
    comparisons = {
        name: compare(
            lowest,
            name,
            scores=validation[lowest],
            scores_against=scores,
            outcomes=outcomes,
            metric="log_loss",
            n_resamples=n_resamples,
            seed=seed,
        )
        for name, scores in validation.items()
        if name != lowest
    }
    equals = [name for name in validation if name == lowest or not comparisons[name].is_significant]
    return Choice(equals[0], tuple(comparisons.values()))


def default_recipes(config: Config) -> dict[str, Recipe]:
    """Every churn model with its default settings and the data set's seed, simplest first."""
    return {name: default_recipe(CHURN_MODELS, name).with_settings({"seed": config.seed}) for name in CHURN_MODELS}


def validate(
    recipes: Mapping[str, Recipe], rows: ChurnRows, *, progress: Progress, label: str = "validation"
) -> Trials:
    """Fit and score each recipe on every validation fold; the rows of the folds follow one another."""
    folds = rows.validation_folds()
    steps = [(recipe, fold) for recipe in recipes.values() for fold in folds]
    scores = run_parallel(
        lambda step: rows.fit_and_score(step[0], train=step[1].train, test=step[1].validation),
        steps,
        progress=progress,
        label=label,
    )
    held_out = np.concatenate([np.flatnonzero(fold.validation) for fold in folds])
    by_model = concatenate_by_model(recipes, scores, n_folds=len(folds))
    return Trials(by_model, rows.outcomes.take(held_out), "validation")


def score_test(recipes: Mapping[str, Recipe], rows: ChurnRows, *, progress: Progress) -> Trials:
    """Fit each recipe on the training cutoffs and score the test cutoff."""
    scores = run_parallel(
        lambda recipe: rows.fit_and_score(recipe, train=rows.train, test=rows.test_rows),
        list(recipes.values()),
        progress=progress,
        label="test",
    )
    return Trials(dict(zip(recipes, scores, strict=True)), rows.outcomes.take(rows.test_rows), "test")


def calibrate_if_better(recipe: Recipe, rows: ChurnRows, *, validation: Trials, progress: Progress) -> Recipe:
    """Switch calibration on where it lowers the validation log loss significantly."""
    if "calibrated" not in recipe.settings:
        return recipe
    calibrated = recipe.with_settings({"calibrated": True})
    trial = validate({recipe.model: calibrated}, rows, progress=progress, label="calibration")
    both = {"uncalibrated": validation.scores[recipe.model], "calibrated": trial.scores[recipe.model]}
    return calibrated if choose(both, validation.outcomes).model == "calibrated" else recipe


def concatenate_by_model(models: Mapping[str, Recipe], scores: Sequence[Scores], *, n_folds: int) -> dict[str, Scores]:
    """One model's scores of all folds after another, from scores in the order of (model, fold)."""
    parts = (scores[start : start + n_folds] for start in range(0, len(scores), n_folds))
    return {model: concatenate_scores(of_model) for model, of_model in zip(models, parts, strict=True)}


def concatenate_scores(parts: Sequence[Scores]) -> Scores:
    """Scores of several sets of rows as scores of all of them."""
    return replace(
        parts[0],
        customer_ids=np.concatenate([part.customer_ids for part in parts]),
        cutoffs=np.concatenate([part.cutoffs for part in parts]),
        value=np.concatenate([part.value for part in parts]),
    )
