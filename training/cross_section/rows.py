"""Training rows of a cross-section data set, without the columns that leak detection drops."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.errors import NotEnoughHistory
from core.feature_table import FeatureTable
from core.labels import Labels
from core.model_card import CROSS_VALIDATION, Leak
from core.scores import Scores
from models.churn.catalogue import CHURN_MODELS
from models.protocols import ChurnModel
from tables.cross_section import CrossSection
from training.churn.trials import Trials, joined
from training.judging.leaks import find_leaks
from training.run.parallel import side_by_side
from training.run.progress import Progress
from training.run.recipe import Recipe

N_FOLDS, N_REPEATS = 5, 4
NEEDS_TIMES = ("recency",)
"Models that a cross-section data set has nothing for."


@dataclass(frozen=True)
class CleanRows:
    """A flat data set without what the leak alarm found."""

    features: FeatureTable
    outcomes: Labels
    left_out: tuple[Leak, ...]

    def fit(self, recipe: Recipe, rows: np.ndarray) -> ChurnModel:
        """The recipe's model, fitted on these customers."""
        return recipe.unfitted(CHURN_MODELS).fit(self.features.take(rows), self.outcomes.take(rows))


def cross_section_recipes(recipes: Mapping[str, Recipe]) -> dict[str, Recipe]:
    """The recipes that need no times; numbers may bend, since no windows tell the same thing in several ways."""
    found = {name: recipe for name, recipe in recipes.items() if name not in NEEDS_TIMES}
    return {
        name: recipe.changed({"bends": None} if "bends" in recipe.settings else {}) for name, recipe in found.items()
    }


def honest_rows(data: CrossSection, seed: int) -> CleanRows:
    """The data without the columns that the leak alarm finds; it rings again until nothing is left to find.

    The half of the customers that is learnt from tells about the other half.
    """
    features, outcomes = data.features, data.outcomes
    learn = stratified_folds(outcomes.churned, 2, seed) == 0
    left_out: list[Leak] = []
    while len(features.columns):
        found = find_leaks(
            features.take(learn), outcomes.take(learn), features.take(~learn), outcomes.take(~learn), seed=seed
        )
        if not found:
            return CleanRows(features, outcomes, tuple(left_out))
        left_out += found
        features = features.select([name for name in features.names if name not in {leak.feature for leak in found}])
    raise NotEnoughHistory(
        f"{data.config.name}: the leak alarm left no column to learn from; list others in [cross_section]"
    )


def stratified_folds(churned: np.ndarray, n_folds: int, seed: int) -> np.ndarray:
    """(n,) int64: the fold of each customer, dealt at random with as many leavers in each as can be."""
    shuffled = np.random.default_rng(seed).permutation(len(churned))
    dealt = shuffled[np.argsort(churned[shuffled], kind="stable")]
    folds = np.empty(len(churned), np.int64)
    folds[dealt] = np.arange(len(churned)) % n_folds
    return folds


def cross_validated(
    recipes: Mapping[str, Recipe], rows: CleanRows, seed: int, progress: Progress, n_repeats: int = N_REPEATS
) -> Trials:
    """What each recipe says of customers that it did not learn from; every customer is told of once a repeat.

    Whatever a recipe chooses for itself (trees, penalties, weights) it chooses on the customers that it learns from.
    """
    dealt = [stratified_folds(rows.outcomes.churned, N_FOLDS, seed + repeat) for repeat in range(n_repeats)]
    masks = [folds == fold for folds in dealt for fold in range(N_FOLDS)]
    steps = [(recipe.changed({"n_resamples": 0}), judged) for recipe in recipes.values() for judged in masks]

    def said(step: tuple[Recipe, np.ndarray]) -> Scores:
        model = rows.fit(step[0], ~step[1])
        return model.score(rows.features.take(step[1]), rows.outcomes.horizon_days)

    told = side_by_side(said, steps, progress, "cross-validation")
    parts = (told[start : start + len(masks)] for start in range(0, len(told), len(masks)))
    scores = {name: joined(of_model) for name, of_model in zip(recipes, parts, strict=True)}
    order = np.concatenate([np.flatnonzero(judged) for judged in masks])
    repeats = np.repeat(np.arange(n_repeats), len(rows.outcomes))
    return Trials(scores, rows.outcomes.take(order), CROSS_VALIDATION, together=repeats)
