"""The rows that churn models learn from, are chosen by and are tested on, computed once for a training."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np

from core.cohort import Cohort
from core.feature_table import FeatureTable
from core.labels import Labels
from core.scores import Scores
from features.cohort import select_cohort
from features.labels.labelling import label_outcomes
from features.pipeline import compute_features
from models.churn.catalogue import CHURN_MODELS
from models.protocols import ChurnModel
from tables.tables import Tables
from training.judging.folds import Fold, Folds, folds_of
from training.run.recipe import Recipe


@dataclass(frozen=True)
class ChurnRows:
    """Features and outcomes at every cutoff of the folds, aligned row by row; mature rows only."""

    folds: Folds
    features: FeatureTable
    outcomes: Labels
    cohort: str
    "Who is in it, in words."

    def __len__(self) -> int:
        return len(self.outcomes)

    def at(self, cutoffs: Collection[date]) -> np.ndarray:
        """(n,) bool: the rows of these cutoffs."""
        return np.isin(self.outcomes.cutoffs, np.array(list(cutoffs), "datetime64[D]"))

    def learnable(self, cutoffs: Collection[date]) -> np.ndarray:
        """(n,) bool: the rows of these cutoffs whose labels end by the test cutoff; the training rows if none do."""
        found = self.at(cutoffs) & self.folds.learnable(self.outcomes.cutoffs, self.folds.test)
        return found if found.any() else self.train

    @property
    def train(self) -> np.ndarray:
        """(n,) bool: rows whose labels end by the test cutoff."""
        return self.at(self.folds.train)

    @property
    def test(self) -> np.ndarray:
        """(n,) bool: rows of the test cutoff."""
        return self.at((self.folds.test,))

    @property
    def everything(self) -> np.ndarray:
        """(n,) bool: every mature row of the folds' cutoffs, for the model that is shipped."""
        return self.at(self.folds.refit)

    def validation(self) -> list[Fold]:
        """How the recipes are compared before the test."""
        return self.folds.validation(self.outcomes.customer_ids, self.outcomes.cutoffs)

    def fit(self, recipe: Recipe, rows: np.ndarray) -> ChurnModel:
        """The recipe's model, fitted on these rows."""
        model = recipe.unfitted(CHURN_MODELS)
        return model.fit(self.features.take(rows), self.outcomes.take(rows))

    def score(self, model: ChurnModel, rows: np.ndarray) -> Scores:
        """What a fitted model says of these rows."""
        return model.score(self.features.take(rows), self.outcomes.horizon_days)

    def fit_and_score(self, recipe: Recipe, learn: np.ndarray, judge: np.ndarray) -> Scores:
        """What the recipe, fitted on some rows, says of others; without bounds, which cost many refits."""
        return self.score(self.fit(recipe.changed({"n_resamples": 0}), learn), judge)


def churn_rows(tables: Tables, earlier: Iterable[date] = ()) -> ChurnRows:
    """Cohort, features and outcomes at the cutoffs that the folds need, and at earlier ones that are asked for.

    Raises NotEnoughHistory where the history does not reach.
    """
    folds = folds_of(tables)
    cohort = select_cohort(tables, [*folds.refit, *(day for day in earlier if day < folds.test)])
    outcomes = label_outcomes(tables, cohort)
    mature = outcomes.mature
    known = Cohort(cohort.customer_ids[mature], cohort.cutoffs[mature], cohort.definition)
    return ChurnRows(folds, compute_features(tables, known), outcomes.take(mature), cohort.definition)
