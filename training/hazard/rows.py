"""The rows that hazards learn from and are tested on, computed once for a training."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from core.churn_causes import OTHER, CauseWords
from core.cohort import Cohort
from core.config.training import HazardSettings
from core.feature_table import FeatureTable
from core.labels import Labels
from core.risk_curves import RiskCurves
from features.cohort import select_cohort
from features.labels.labelling import label_lifetimes
from features.pipeline import compute_features
from models.hazard.hazard import Hazard
from models.hazard.hazard_models import HAZARD_MODELS
from tables.tables import Tables
from training.hazard.survival_cutoffs import FollowedCutoffs, followed_cutoffs
from training.judging.folds import customer_folds
from training.run.recipe import Recipe

N_FOLDS = 3
NO_REASON = "chosen"
"What end_kind says of an end that the customer wanted, without saying why."


@dataclass(frozen=True)
class HazardRows:
    """Features and what became of each row, as far as it was followed."""

    cutoffs: FollowedCutoffs
    features: FeatureTable
    outcomes: Labels
    cohort: str
    "Who is in it, in words."
    seed: int = 0

    def __len__(self) -> int:
        return len(self.outcomes)

    def at(self, cutoffs: Collection[date]) -> np.ndarray:
        """(n,) bool: the rows of these cutoffs."""
        return np.isin(self.outcomes.cutoffs, np.array(list(cutoffs), "datetime64[D]"))

    @property
    def train(self) -> np.ndarray:
        """(n,) bool: rows of cutoffs before the test."""
        return self.at(self.cutoffs.train)

    @property
    def test(self) -> np.ndarray:
        """(n,) bool: rows of the test cutoff."""
        return self.at((self.cutoffs.test,))

    def seen_by_test(self, rows: np.ndarray) -> Labels:
        """What a training at the test cutoff knew of some rows."""
        return self.outcomes.take(rows).known_at(np.datetime64(self.cutoffs.known_by_test, "D"))

    def folds(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Training rows to learn from and to judge by, no customer in both; the test stays untouched."""
        train, folds = self.train, customer_folds(self.outcomes.customer_ids, N_FOLDS, self.seed)
        return [(train & (folds != fold), train & (folds == fold)) for fold in range(N_FOLDS)]

    def fit(self, recipe: Recipe, rows: np.ndarray) -> Hazard:
        """The recipe's model, fitted on what was known of these rows at the test cutoff."""
        return recipe.unfitted(HAZARD_MODELS).fit(self.features.take(rows), self.seen_by_test(rows))

    def fit_on_everything(self, recipe: Recipe) -> Hazard:
        """The recipe's model, fitted on every row and all that is known of it by now."""
        return recipe.unfitted(HAZARD_MODELS).fit(self.features, self.outcomes)

    def fit_and_tell(self, recipe: Recipe, learn: np.ndarray, judge: np.ndarray) -> RiskCurves:
        """What the recipe, fitted on some rows, says of others."""
        return self.fit(recipe, learn).curves(self.features.take(judge))


def hazard_rows(tables: Tables, settings: HazardSettings) -> HazardRows:
    """Cohort, features and outcomes at every cutoff. Raises NotEnoughHistory where the history does not reach."""
    return rows_at(tables, followed_cutoffs(tables, settings))


def rows_at(tables: Tables, cutoffs: FollowedCutoffs) -> HazardRows:
    """Cohort, features and outcomes at these cutoffs."""
    cohort = select_cohort(tables, cutoffs.refit)
    outcomes = label_lifetimes(tables, cohort, follow_days=cutoffs.horizon_days)
    there = outcomes.days_observed > 0
    known = Cohort(cohort.customer_ids[there], cohort.cutoffs[there], cohort.definition)
    outcomes = with_causes(outcomes.take(there), CauseWords(tables.config.causes))
    return HazardRows(cutoffs, compute_features(tables, known), outcomes, cohort.definition, tables.config.seed)


def with_causes(outcomes: Labels, words: CauseWords) -> Labels:
    """The stated reasons as causes; what fits none of them is `other`.

    What was not stated stays so: that an end was chosen is no reason.
    """
    stated = ~np.isin(outcomes.cause, ("", NO_REASON))
    said = words.of_words(outcomes.cause)
    return replace(outcomes, cause=np.where(stated, np.where(said == "", OTHER, said), ""))
