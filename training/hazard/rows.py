"""The rows that hazard models are fitted and tested on, computed once per training."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from core.churn_causes import OTHER, CauseWords
from core.config.training import HazardSettings
from core.feature_table import FeatureTable
from core.labels import Labels
from core.risk_curves import RiskCurves
from core.window import Cohort
from features.cohort import select_cohort
from features.labels.labelling import label_lifetimes
from features.pipeline import compute_features
from models.hazard.hazard import HAZARD_MODELS, Hazard
from tables.tables import Tables
from training.hazard.survival_cutoffs import SurvivalCutoffs, survival_cutoffs
from training.judging.folds import customer_folds
from training.run.recipe import Recipe

N_FOLDS = 3
NO_REASON = "chosen"
"The `end_kind` of an end that the customer wanted without stating why."


@dataclass(frozen=True)
class HazardRows:
    """Features and outcomes of each row, as far as its customer was observed."""

    cutoffs: SurvivalCutoffs
    features: FeatureTable
    outcomes: Labels
    cohort: str
    "Which customers are in it, in words."
    seed: int = 0

    def __len__(self) -> int:
        return len(self.outcomes)

    def at(self, cutoffs: Collection[date]) -> NDArray[np.bool_]:
        """The rows of these cutoffs, (n,)."""
        return np.isin(self.outcomes.cutoffs, np.array(list(cutoffs), "datetime64[D]"))

    @property
    def train(self) -> NDArray[np.bool_]:
        """The rows of cutoffs before the test, (n,)."""
        return self.at(self.cutoffs.train)

    @property
    def test(self) -> NDArray[np.bool_]:
        """The rows of the test cutoff, (n,)."""
        return self.at((self.cutoffs.test,))

    def outcomes_known_by_test(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> Labels:
        """The outcomes of some rows as a training at the test cutoff would have known them."""
        return self.outcomes.take(rows).censor(np.datetime64(self.cutoffs.known_by_test, "D"))

    def folds(self) -> list[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
        """Training rows to fit on and to validate on, without a customer in both; the test cutoff is in neither."""
        train, folds = self.train, customer_folds(self.outcomes.customer_ids, n_folds=N_FOLDS, seed=self.seed)
        return [(train & (folds != fold), train & (folds == fold)) for fold in range(N_FOLDS)]

    def fit(self, recipe: Recipe, rows: NDArray[np.bool_]) -> Hazard:
        """Fit the recipe's model on what was known of these rows at the test cutoff."""
        return recipe.build(HAZARD_MODELS).fit(self.features.take(rows), self.outcomes_known_by_test(rows))

    def fit_on_all(self, recipe: Recipe) -> Hazard:
        """Fit the recipe's model on every row and everything known of it by now."""
        return recipe.build(HAZARD_MODELS).fit(self.features, self.outcomes)

    def fit_and_predict(self, recipe: Recipe, *, train: NDArray[np.bool_], test: NDArray[np.bool_]) -> RiskCurves:
        """Fit the recipe on some rows and predict the curves of others."""
        return self.fit(recipe, train).curves(self.features.take(test))


def load_hazard_rows(tables: Tables, settings: HazardSettings) -> HazardRows:
    """Compute the rows at the cutoffs that the history allows. Raises NotEnoughHistory where it is too short."""
    return rows_at(tables, survival_cutoffs(tables, settings))


def rows_at(tables: Tables, cutoffs: SurvivalCutoffs) -> HazardRows:
    """Compute cohort, features and outcomes at these cutoffs."""
    cohort = select_cohort(tables, cutoffs.refit)
    outcomes = label_lifetimes(tables, cohort, follow_days=cutoffs.horizon_days)
    is_observed = outcomes.days_observed > 0
    observed = Cohort(cohort.customer_ids[is_observed], cohort.cutoffs[is_observed], cohort.definition)
    outcomes = with_causes(outcomes.take(is_observed), CauseWords(tables.config.causes))
    return HazardRows(cutoffs, compute_features(tables, observed), outcomes, cohort.definition, tables.config.seed)


def with_causes(outcomes: Labels, words: CauseWords) -> Labels:
    """Read the stated reasons as churn causes; a reason that matches none is `other`.

    An outcome without a reason keeps an empty cause: that the customer chose to leave is not a reason.
    """
    has_reason = ~np.isin(outcomes.cause, ("", NO_REASON))
    causes = words.causes_of(outcomes.cause)
    return replace(outcomes, cause=np.where(has_reason, np.where(causes == "", OTHER, causes), ""))
