"""The rows that churn models are fitted on, chosen by and tested on, computed once per training."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from copy import copy
from dataclasses import dataclass, replace
from datetime import date
from typing import cast

import numpy as np
from numpy.typing import NDArray

from core.errors import NotEnoughHistory
from core.feature_names import DAYS_SINCE_LAST_PURCHASE, FeatureFamily
from core.feature_table import FeatureColumn, FeatureTable
from core.labels import Labels
from core.model_kinds import CHURN
from core.scores import Scores
from core.window import Cohort
from features.cohort import select_cohort
from features.event_history import add_event_history
from features.labels.labelling import label_outcomes
from features.pipeline import compute_features
from models.churn.additive import CHURN_MODELS, AdditiveModel
from models.churn.level import Level
from models.protocols import ChurnModel
from models.shared_fits import SameObject, fit_once
from tables.tables import Tables
from training.churn.contacts import MAX_SHARE_LEFT_OUT, find_contacted
from training.judging.folds import Fold, Folds, describe_walk_forward, folds_of
from training.judging.leaks import LabelledRows
from training.run.kept_rows import KeptRows
from training.run.recipe import Recipe

MAX_DAYS = 3
"Cutoffs that a message names."
MIN_ORIGIN_CUSTOMERS = 12
"Of each class, to fit a model at a validation origin: with fewer it says little about one fitted on the whole history."
MIN_ORIGINS, ENOUGH_CHURNED = 3, 1_000
"""Validation origins that are used where there are as many, and churned rows at them that make more of them needless:
older origins cost a fit of every model each and resemble today least."""


@dataclass(frozen=True)
class FitRows:
    """What a model can be fitted on: some of the rows, (n,), and the outcomes of all as they were known then."""

    rows: NDArray[np.bool_]
    outcomes: Labels


@dataclass(frozen=True)
class ValidationFold:
    """What recipes are fitted on and the rows, (n,), that they are compared on."""

    name: str
    fit_rows: FitRows
    validation: NDArray[np.bool_]


@dataclass(frozen=True)
class ChurnRows:
    """Features and outcomes at every cutoff of the folds, aligned row by row.

    Rows that are not mature are fitted on only, where the label is known day by day, with what was known of them then.
    """

    folds: Folds
    features: FeatureTable
    outcomes: Labels
    cohort: str
    "Which customers are in it, in words."
    contacted: NDArray[np.bool_]
    "Rows with a retention contact within the horizon, (n,)."

    def __len__(self) -> int:
        return len(self.outcomes)

    def at(self, cutoffs: Collection[date]) -> NDArray[np.bool_]:
        """The rows of these cutoffs, (n,)."""
        return np.isin(self.outcomes.cutoffs, np.array(list(cutoffs), "datetime64[D]"))

    def select_fit_rows(self, day: date, cutoffs: Collection[date] = ()) -> FitRows:
        """What a training on this day could be fitted on: the rows of these cutoffs, or of all, and their outcomes.

        All rows where none of the cutoffs had outcomes by then. Of open windows, what was certain by that day is known.
        """
        of_cutoffs = self.at(cutoffs or (*self.folds.train, *self.folds.purged))
        outcomes, rows = self.outcomes, self.folds.is_labelled_by(self.outcomes.cutoffs, day)
        if outcomes.is_daily:
            certain_until = np.datetime64(day, "D") - np.timedelta64(self.folds.delay_days, "D")
            outcomes = outcomes.censor(np.where(rows, outcomes.observed_until, certain_until))
            rows = outcomes.is_usable & (outcomes.cutoffs < np.datetime64(day, "D"))
        if cutoffs and not (rows & of_cutoffs).any():
            return self.select_fit_rows(day)
        return FitRows(rows & of_cutoffs, outcomes)

    @property
    def leaves_out_contacted(self) -> bool:
        """Whether rows with a retention contact are left out of fitting and tests; not where they are the majority."""
        is_minority = 0 < self.contacted.mean() <= MAX_SHARE_LEFT_OUT if len(self) else False
        return is_minority and bool((self.test & ~self.contacted).any())

    @property
    def rows_without_contact(self) -> NDArray[np.bool_]:
        """The rows whose labels no retention contact may have changed, (n,); all rows where these are too few."""
        return ~self.contacted if self.leaves_out_contacted else np.ones(len(self), np.bool_)

    @property
    def test_rows(self) -> NDArray[np.bool_]:
        """The rows of the test cutoff on which models are tested, (n,)."""
        return self.test & self.rows_without_contact

    @property
    def train(self) -> NDArray[np.bool_]:
        """The rows whose labels end by the test cutoff, (n,)."""
        return self.at(self.folds.train)

    @property
    def test(self) -> NDArray[np.bool_]:
        """The rows of the test cutoff, (n,)."""
        return self.at((self.folds.test,))

    @property
    def all_fit_rows(self) -> FitRows:
        """Every row of the folds' cutoffs; the registered model is fitted on them."""
        return FitRows(self.at(self.folds.refit), self.outcomes)

    @property
    def mature_outcomes(self) -> Labels:
        """The outcomes whose horizon is over."""
        return self.outcomes.take(self.outcomes.is_mature)

    def validation_folds(self) -> list[ValidationFold]:
        """The folds that recipes are compared on before the test.

        Walk-forward folds with too few churned customers to learn from are left out while others remain. Of the rest,
        the newest `MIN_ORIGINS` are used, and older ones until all of them hold `ENOUGH_CHURNED` churned rows.
        """
        folds = [
            ValidationFold(fold.name, self._select_fit_rows_of(fold), fold.validation & self.rows_without_contact)
            for fold in self.folds.validation(self.outcomes.customer_ids, self.outcomes.cutoffs)
        ]
        usable = [fold for fold in folds if self._can_be_fitted(fold.fit_rows)] or folds[-1:]
        return usable[-self._count_origins(usable) :] if self.folds.scheme == "walk_forward" else usable

    def _select_fit_rows_of(self, fold: Fold) -> FitRows:
        if fold.day is None:
            return FitRows(fold.train, self.outcomes)
        return self.select_fit_rows(fold.day, self.folds.train)

    @property
    def validation_summary(self) -> str:
        """The validation scheme in words, with the origins that are used."""
        if self.folds.scheme == "walk_forward":
            return describe_walk_forward([fold.name for fold in self.validation_folds()])
        return self.folds.summary

    def _count_origins(self, folds: list[ValidationFold]) -> int:
        """How many of the newest folds are enough."""
        churned = np.cumsum([(fold.validation & self.outcomes.churned).sum() for fold in reversed(folds)])
        return max(MIN_ORIGINS, int(np.searchsorted(churned, ENOUGH_CHURNED)) + 1)

    def _can_be_fitted(self, fit_rows: FitRows) -> bool:
        train, churned = fit_rows.rows & self.rows_without_contact, fit_rows.outcomes.churned
        classes = (train & churned, train & ~churned)
        return all(len(np.unique(self.outcomes.customer_ids[rows])) >= MIN_ORIGIN_CUSTOMERS for rows in classes)

    def take_labelled(self, rows: NDArray[np.bool_]) -> LabelledRows:
        """Features and outcomes of some rows."""
        return LabelledRows(self.features.take(rows), self.outcomes.take(rows))

    def without(self, names: Collection[str]) -> ChurnRows:
        """The same rows without some features."""
        return replace(self, features=self.features.select([one for one in self.features.names if one not in names]))

    def fit(self, recipe: Recipe, fit_rows: FitRows) -> AdditiveModel:
        """Fit the recipe's model on what is known, without the rows that a retention contact may have changed.

        The level is no part of a fit, so recipes that differ in it share one inside `share_fits`.
        """
        others = fit_rows.rows & self.rows_without_contact
        # Both classes are needed; a few contacted rows are better than no model.
        rows = others if len(np.unique(fit_rows.outcomes.churned[others])) == 2 else fit_rows.rows
        outcomes = fit_rows.outcomes.take(rows)
        settings = tuple((name, value) for name, value in recipe.settings.items() if name != "level")
        fitted = fit_once(
            ("churn model", recipe.model, settings, SameObject(self.features)),
            (rows, outcomes.churned, outcomes.observed_until),
            fit=lambda: recipe.build(CHURN_MODELS).fit(self.features.take(rows), outcomes),
        )
        model = copy(fitted)
        model.level = cast("Level", recipe.settings["level"])
        return model

    def score(self, model: ChurnModel, rows: NDArray[np.bool_]) -> Scores:
        """Score these rows by a fitted model."""
        return model.score(self.features.take(rows), self.outcomes.horizon_days)

    def fit_and_score(self, recipe: Recipe, fit_rows: FitRows, *, test: NDArray[np.bool_]) -> Scores:
        """Fit the recipe on what is known and score other rows, without score intervals, which cost many refits."""
        return self.score(self.fit(recipe.with_settings({"n_resamples": 0}), fit_rows), test)


def fit_few_rows(model: ChurnModel) -> ChurnModel:
    """Fit a model on some made-up customers, which shows within a second whether its settings can be used."""
    n_rows = 120
    column = FeatureColumn(
        name=DAYS_SINCE_LAST_PURCHASE, family=FeatureFamily.RECENCY, unit="days", en="", ja="", missing="", digest=""
    )
    ids = np.array([f"c{row:03d}" for row in range(n_rows)])
    cutoffs = np.full(n_rows, np.datetime64("2026-01-01", "D"))
    values = np.random.default_rng(0).random((n_rows, 1))
    outcomes = Labels(
        customer_ids=ids,
        cutoffs=cutoffs,
        churned=values[:, 0] + 0.5 * (np.arange(n_rows) % 2) > 0.75,
        churned_at=np.full(n_rows, np.datetime64("NaT", "D")),
        cause=np.full(n_rows, ""),
        amount_after=np.zeros(n_rows),
        observed_until=cutoffs + 30,
        horizon_days=30,
    )
    return model.fit(FeatureTable(ids, cutoffs, values, (column,)), outcomes)


def load_churn_rows(
    tables: Tables, extra_cutoffs: Iterable[date] = (), *, kept_rows: KeptRows | None = None
) -> ChurnRows:
    """Compute cohort, features and outcomes at the cutoffs of the folds, and at extra cutoffs before the test.

    Raises NotEnoughHistory where the history is too short.
    """
    folds = folds_of(tables)
    cutoffs = {*folds.refit, *(day for day in extra_cutoffs if day < folds.test)}
    return (kept_rows or KeptRows()).get(
        CHURN.name, tables, cutoffs=cutoffs, compute=lambda: _compute_rows(tables, folds, cutoffs=cutoffs)
    )


def _compute_rows(tables: Tables, folds: Folds, *, cutoffs: Collection[date]) -> ChurnRows:
    cohort = select_cohort(tables, cutoffs)
    outcomes = label_outcomes(tables, cohort)
    if outcomes.is_daily:
        outcomes = outcomes.censor(outcomes.observed_until)
    usable = outcomes.is_usable
    usable_cohort = Cohort(cohort.customer_ids[usable], cohort.cutoffs[usable], cohort.definition)
    outcomes = outcomes.take(usable)
    refuse_empty_cutoffs(folds, outcomes, cohort=cohort.definition)
    contacted = find_contacted(tables, outcomes) if tables.event is None else np.zeros(len(outcomes), np.bool_)
    features = add_event_history(compute_features(tables, usable_cohort), tables)
    return ChurnRows(folds, features, outcomes, cohort.definition, contacted)


def refuse_empty_cutoffs(folds: Folds, outcomes: Labels, *, cohort: str) -> None:
    """Raise NotEnoughHistory where no customer is in the cohort at any training cutoff, or none at the test cutoff."""
    present = set(outcomes.cutoffs.astype(object).tolist())
    for name, days in (("train", folds.train), ("test", (folds.test,))):
        if not present & set(days):
            raise NotEnoughHistory(
                f"at {', '.join(str(day) for day in days[:MAX_DAYS])} there is no customer ({cohort}); set {name} in "
                "[cutoffs] to days with customers, or leave it out to have them chosen"
            )
