"""Recipes scored on held-out customers, at a cost that does not grow with the number of customers.

customers      600   3,000   7,000   15,000   50,000   1,000,000
of them used   all   all     all     all      12,500   15,000 or a little less
repeats        4     4       2       1        1        1                         of 20 columns
repeats        4     1       1       1        1        1                         of 200
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from core.errors import NotEnoughHistory
from core.model_card import CROSS_VALIDATION
from core.model_kinds import CHURN
from core.scores import Scores
from models.churn.customer_folds import MIN_CUSTOMERS
from training.churn.trials import Trials, concatenate_by_model
from training.cross_section.rows import MAX_COLUMNS, CleanRows, sample_rows, stratify_folds
from training.run.recipe import Recipe
from training.run.session import Progress, run_parallel

BASELINE = CHURN.constant_model
N_FOLDS, N_REPEATS = 5, 4
MAX_SCORED = 15_000
"Customers that recipes are compared on, and customers times repeats."
MAX_CELLS = 1_000_000
"Customers times columns of one fit, times repeats."
NEEDS_DATES = ("recency", "rfm")
"Models that have no feature to use in a cross-section."
MIN_CLASS = -(-MIN_CUSTOMERS * N_FOLDS // (N_FOLDS - 1))
"Churned customers and retained ones that a model needs, so that it can be fitted without one fold of them."


def cross_section_recipes(recipes: Mapping[str, Recipe]) -> dict[str, Recipe]:
    """The recipes that need no dates.

    Folds choose the spline knots of numbers, because no windows of several lengths describe the same fact here.
    """
    return {
        name: recipe.with_settings({"n_knots": None} if "n_knots" in recipe.settings else {})
        for name, recipe in recipes.items()
        if name not in NEEDS_DATES
    }


def describe_shortage(rows: CleanRows) -> str:
    """Why nothing but the base rate can be fitted, as one clause; '' where models can be fitted."""
    churned = rows.outcomes.churned
    for n, word in ((int(churned.sum()), "churned"), (int((~churned).sum()), "stayed")):
        if n < MIN_CLASS:
            return f"{n} of {len(churned):,} customers {word}, and a model needs at least {MIN_CLASS}"
    return "" if rows.features.columns else "no column says anything about customers"


def fittable_recipes(recipes: Mapping[str, Recipe], rows: CleanRows, *, model: str | None) -> dict[str, Recipe]:
    """The recipes that these rows allow. Raises NotEnoughHistory where `model` is not among them."""
    shortage = describe_shortage(rows)
    if shortage and model not in (None, BASELINE):
        raise NotEnoughHistory(f"{model} cannot be fitted: {shortage}")
    return {name: recipe for name, recipe in recipes.items() if not shortage or name == BASELINE}


def count_repeats(n_customers: int, n_columns: int) -> int:
    """How often each customer is scored: more often where they are few, and columns too."""
    n_cells = n_customers * min(n_columns, MAX_COLUMNS)
    return int(np.clip(min(MAX_SCORED // max(n_customers, 1), MAX_CELLS // max(n_cells, 1)), 1, N_REPEATS))


def cross_validate(
    recipes: Mapping[str, Recipe], rows: CleanRows, *, seed: int, progress: Progress, n_repeats: int | None = None
) -> Trials:
    """Score each customer, once per repeat, by a model of each recipe that was fitted without them.

    Of very many customers, a random sample. Whatever a recipe chooses itself (trees, penalties, weights) is chosen on
    the customers that it is fitted on.
    """
    rows = rows.take(sample_rows(rows.outcomes.churned, limit=MAX_SCORED, seed=seed))
    n_repeats = n_repeats or count_repeats(len(rows), len(rows.features.columns))
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
    groups = np.repeat(np.arange(n_repeats), len(rows))
    by_model = concatenate_by_model(recipes, scores, n_folds=len(held_out))
    return Trials(by_model, rows.outcomes.take(order), CROSS_VALIDATION, groups=groups)
