"""Trials: churn recipes scored on the same held-out rows, to choose one and to test it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from core.choosing import choose_simplest
from core.config.data_set import Config
from core.labels import Labels
from core.model_card import Comparison, Metric
from core.retention import RetentionValues
from core.scores import Scores
from models.churn.additive import CHURN_MODELS
from models.metrics.churn.data import log_losses
from models.metrics.classification import churn_metrics, compare
from training.churn.rows import ENOUGH_CHURNED, ChurnRows
from training.run.recipe import Recipe, default_recipe
from training.run.session import Progress, run_parallel

RANKING_BASELINES = ("recency", "rfm")
BASELINES = ("base_rate", *RANKING_BASELINES)
HALF_LIFE_DAYS = 180.0
"Of the weight of older training cutoffs, where validation shows that it helps: a year ago counts a quarter."


@dataclass(frozen=True)
class Trials:
    """Scores of several recipes on the same rows, and what happened."""

    scores: dict[str, Scores]
    "By model."
    outcomes: Labels
    split: str
    groups: NDArray[np.int64] | None = None
    "(n,) the rows of one code are ranked among themselves, where customers occur several times; None ranks all."
    retention: RetentionValues | None = None
    "What the customers are worth and what a contact costs; without it, no metric is in money."

    @property
    def n_groups(self) -> int:
        """How often each customer was scored."""
        return 1 if self.groups is None else len(np.unique(self.groups))

    def metrics(self) -> tuple[Metric, ...]:
        """Every metric of every model."""
        return tuple(
            metric
            for model, scores in self.scores.items()
            for metric in churn_metrics(
                model,
                scores,
                outcomes=self.outcomes,
                split=self.split,
                groups=self.groups,
                retention=self.retention,
            )
        )

    def of(self, models: Iterable[str]) -> Trials:
        """The scores of some models."""
        return replace(self, scores={name: self.scores[name] for name in models})

    def __add__(self, other: Trials) -> Trials:
        """The same models on the rows of both, which have no groups."""
        if not len(other.outcomes):
            return self
        scores = {name: concatenate_scores([of_model, other.scores[name]]) for name, of_model in self.scores.items()}
        return Trials(scores, Labels.join([self.outcomes, other.outcomes]), "every_window")

    @property
    def period(self) -> str:
        """Where the outcomes lie, in words."""
        cutoffs = np.unique(self.outcomes.cutoffs)
        if len(cutoffs) == 1:
            return f"in the test period from {cutoffs[0]}"
        return f"over {len(cutoffs)} windows from {cutoffs[0]} to {cutoffs[-1]}"

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


def choose(scores: Mapping[str, Scores], outcomes: Labels) -> str:
    """The simplest model whose mean log loss lies within one standard error of the lowest one.

    `scores` holds each model's scores of the same held-out rows, the simplest model first.
    """
    gains = {name: -log_losses(of_model.value, outcomes.churned) for name, of_model in scores.items()}
    return choose_simplest(outcomes.customer_ids, gains)


def choose_learned(trials: Trials) -> str:
    """The model that `choose` chooses of those that are no baseline; it is compared with baselines later."""
    learned = {name: scores for name, scores in trials.scores.items() if name not in BASELINES}
    return choose(learned or trials.scores, trials.outcomes)


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
        lambda step: rows.fit_and_score(step[0], step[1].fit_rows, test=step[1].validation),
        steps,
        progress=progress,
        label=label,
    )
    held_out = np.concatenate([np.flatnonzero(fold.validation) for fold in folds])
    by_model = concatenate_by_model(recipes, scores, n_folds=len(folds))
    return Trials(by_model, rows.outcomes.take(held_out), "validation")


def score_test(recipes: Mapping[str, Recipe], rows: ChurnRows, *, progress: Progress) -> Trials:
    """Fit each recipe on the training cutoffs and score the test cutoff."""
    fit_rows = rows.select_fit_rows(rows.folds.test)
    scores = run_parallel(
        lambda recipe: rows.fit_and_score(recipe, fit_rows, test=rows.test_rows),
        list(recipes.values()),
        progress=progress,
        label="test",
    )
    return Trials(dict(zip(recipes, scores, strict=True)), rows.outcomes.take(rows.test_rows), "test")


def adjust_if_better(
    recipe: Recipe, rows: ChurnRows, *, validation: Trials, progress: Progress
) -> tuple[Recipe, Trials]:
    """Weigh newer cutoffs more, then move the level, calibrate, or both, each where the rule of `choose` says so.

    Returns the recipe, and the validation with its scores. Level and calibration follow the fit, so inside
    `share_fits` nothing is fitted again for them. Weights need fits of their own: where they do not help at the newest
    validation origin, which has the most cutoffs to weigh, they are not tried at the others.
    """
    newest, season, calibrated = {"level": "newest"}, {"level": "season"}, {"calibrated": True}
    level_and_calibration = (newest, calibrated, newest | calibrated, season, season | calibrated)
    weights, label = {"half_life_days": HALF_LIFE_DAYS}, "weights of older cutoffs"
    # Folds over customers hold out no later cutoff, which alone could show what an older one is worth.
    if rows.folds.scheme == "walk_forward" and recipe.settings.keys() >= set(weights):
        with progress.during(f"{label}, newest origin"):
            helps = _gains_at_newest(recipe, recipe.with_settings(weights), rows=rows, validation=validation)
        if helps:
            recipe, validation = _change_if_better(
                recipe, (weights,), rows=rows, validation=validation, progress=progress, label=label
            )
    return _change_if_better(
        recipe,
        level_and_calibration,
        rows=rows,
        validation=validation,
        progress=progress,
        label="level and calibration",
    )


def _gains_at_newest(recipe: Recipe, other: Recipe, *, rows: ChurnRows, validation: Trials) -> bool:
    """Whether the other recipe has a lower log loss at the newest validation origin."""
    origin = rows.validation_folds()[-1]
    scores = rows.fit_and_score(other, origin.fit_rows, test=origin.validation)
    churned = rows.outcomes.churned[origin.validation]
    before = validation.scores[recipe.model].value[-len(churned) :]
    return float(log_losses(scores.value, churned).mean()) < float(log_losses(before, churned).mean())


def _change_if_better(
    recipe: Recipe,
    changes: Sequence[Mapping[str, str | float | bool]],
    *,
    rows: ChurnRows,
    validation: Trials,
    progress: Progress,
    label: str,
) -> tuple[Recipe, Trials]:
    """The recipe or one with some changes of settings, simplest first, by the rule of `choose`; see above."""
    variants = {
        ", ".join(f"{name} {value}" for name, value in change.items()): recipe.with_settings(change)
        for change in changes
        if recipe.settings.keys() >= set(change)
    }
    trials = validate(variants, rows, progress=progress, label=label)
    scores = {recipe.model: validation.scores[recipe.model], **trials.scores}
    chosen = choose(scores, validation.outcomes)
    adjusted = replace(validation, scores={**validation.scores, recipe.model: scores[chosen]})
    return variants.get(chosen, recipe), adjusted


def every_window(
    recipes: Mapping[str, Recipe], rows: ChurnRows, *, validation: Trials, test: Trials, progress: Progress
) -> Trials:
    """The evidence for a verdict on these recipes: every later window; the test alone where there is no other.

    Where these hold few churned customers, the windows that cross the test are added, which no choice may see.
    """
    tested = test.of(recipes)
    if rows.folds.scheme != "walk_forward":
        return tested
    evidence = validation.of(recipes) + tested
    if evidence.outcomes.churned.sum() >= ENOUGH_CHURNED:
        return evidence
    return evidence + score_origins(recipes, rows, days=rows.folds.purged, progress=progress)


def score_origins(
    recipes: Mapping[str, Recipe], rows: ChurnRows, *, days: Sequence[date], progress: Progress
) -> Trials:
    """Fit each recipe on what was known on each day, and score the customers of that day."""
    origins = [(rows.select_fit_rows(day), rows.at((day,)) & rows.rows_without_contact) for day in days]
    origins = [(fit_rows, test) for fit_rows, test in origins if test.any()]
    steps = [(recipe, *origin) for recipe in recipes.values() for origin in origins]
    scores = run_parallel(
        lambda step: rows.fit_and_score(step[0], step[1], test=step[2]), steps, progress=progress, label="other windows"
    )
    places = np.concatenate([np.empty(0, np.int64), *(np.flatnonzero(test) for _, test in origins)])
    by_model = concatenate_by_model(recipes, scores, n_folds=len(origins)) if origins else {}
    return Trials(by_model, rows.outcomes.take(places), "every_window")


def score_windows(recipes: Mapping[str, Recipe], rows: ChurnRows, *, progress: Progress) -> Trials:
    """Fit and score each recipe for every later window, the test included."""
    validation = validate(recipes, rows, progress=progress)
    test = score_test(recipes, rows, progress=progress)
    return every_window(recipes, rows, validation=validation, test=test, progress=progress)


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
