"""Training rows of a cross-section data set, without the columns that leak detection drops."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import NotEnoughHistory
from core.feature_table import FeatureTable
from core.labels import Labels
from core.model_card import CROSS_VALIDATION, Leak
from core.scores import Scores
from models.churn.additive import CHURN_MODELS
from models.protocols import ChurnModel
from tables.cross_section import CrossSection
from training.churn.trials import Trials, concatenate_by_model
from training.judging.leaks import LabelledRows, find_leaks
from training.run.progress import Progress, run_parallel
from training.run.recipe import Recipe

N_FOLDS, N_REPEATS = 5, 4
NEEDS_DATES = ("recency",)
"Models that have no feature to use in a cross-section."


@dataclass(frozen=True)
class CleanRows:
    """A cross-section data set without the features that leak detection drops."""

    features: FeatureTable
    outcomes: Labels
    dropped: tuple[Leak, ...]

    def fit(self, recipe: Recipe, rows: NDArray[np.bool_]) -> ChurnModel:
        """Fit the recipe's model on these customers."""
        return recipe.build(CHURN_MODELS).fit(self.features.take(rows), self.outcomes.take(rows))


def cross_section_recipes(recipes: Mapping[str, Recipe]) -> dict[str, Recipe]:
    """The recipes that need no dates.

    Folds choose the spline knots of numbers, because no windows of several lengths describe the same fact here.
    """
    return {
        name: recipe.with_settings({"n_knots": None} if "n_knots" in recipe.settings else {})
        for name, recipe in recipes.items()
        if name not in NEEDS_DATES
    }


def drop_leaks(data: CrossSection, seed: int) -> CleanRows:
    """Drop the columns that leak detection finds, again and again until it finds none.

    Models of one half of the customers are measured on the other half.
    """
    features, outcomes = data.features, data.outcomes
    train = stratify_folds(outcomes.churned, n_folds=2, seed=seed) == 0
    dropped: list[Leak] = []
    while len(features.columns):
        halves = (LabelledRows(features.take(half), outcomes.take(half)) for half in (train, ~train))
        leaks = find_leaks(*halves, seed=seed)
        if not leaks:
            return CleanRows(features, outcomes, tuple(dropped))
        dropped += leaks
        features = features.select([name for name in features.names if name not in {leak.feature for leak in leaks}])
    raise NotEnoughHistory(
        f"{data.config.name}: leak detection dropped every column; list other columns in [cross_section]"
    )


def stratify_folds(churned: NDArray[np.bool_], *, n_folds: int, seed: int) -> NDArray[np.int64]:
    """The random fold of each customer, (n,), with churned customers spread as evenly as possible."""
    shuffled = np.random.default_rng(seed).permutation(len(churned))
    dealt = shuffled[np.argsort(churned[shuffled], kind="stable")]
    folds = np.empty(len(churned), np.int64)
    folds[dealt] = np.arange(len(churned)) % n_folds
    return folds


def cross_validate(
    recipes: Mapping[str, Recipe], rows: CleanRows, *, seed: int, progress: Progress, n_repeats: int = N_REPEATS
) -> Trials:
    """Score each customer, once per repeat, by a model of each recipe that was fitted without them.

    Whatever a recipe chooses itself (trees, penalties, weights) is chosen on the customers that it is fitted on.
    """
    repeats = [
        stratify_folds(rows.outcomes.churned, n_folds=N_FOLDS, seed=seed + repeat) for repeat in range(n_repeats)
    ]
    held_out = [folds == fold for folds in repeats for fold in range(N_FOLDS)]
    steps = [(recipe.with_settings({"n_resamples": 0}), mask) for recipe in recipes.values() for mask in held_out]

    def score_fold(step: tuple[Recipe, NDArray[np.bool_]]) -> Scores:
        recipe, mask = step
        return rows.fit(recipe, ~mask).score(rows.features.take(mask), rows.outcomes.horizon_days)

    scores = run_parallel(score_fold, steps, progress=progress, label="cross-validation")
    order = np.concatenate([np.flatnonzero(mask) for mask in held_out])
    groups = np.repeat(np.arange(n_repeats), len(rows.outcomes))
    by_model = concatenate_by_model(recipes, scores, n_folds=len(held_out))
    return Trials(by_model, rows.outcomes.take(order), CROSS_VALIDATION, groups=groups)
