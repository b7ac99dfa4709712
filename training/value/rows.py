"""The cutoffs and rows at which value models are fitted and tested.

    as of a day:    c1 |== window ==)       last |== window ==)|      history of today's customers: until the day
                                                               |
                                                        the day on which a model is fitted

A test fits a model as of the test cutoff, as a training on that day would have, and predicts what happened after it.
Windows are as long as the horizon, or half of the history before the day where that is shorter: a window needs as long
a past as future to learn from. The horizon of the test is the longest that leaves twice as much history before it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property

import msgspec
import numpy as np

from core.config.training import ValueSettings
from core.customer_value import ValueForecast, ValueHistory, ValueOutcomes
from core.errors import NotEnoughHistory
from core.feature_table import FeatureTable
from core.labels import Labels
from core.window import DAYS_PER_HORIZON_MONTH, Cohort
from features.cohort import select_cohort
from features.customer_value import (
    ValueSources,
    measure_outcomes,
    summarise_history,
    value_record_start,
    value_watermark,
)
from features.labels.labelling import label_lifetimes
from features.pipeline import compute_features
from models.value.value_model import VALUE_MODELS, ValueModel, ValueTraining, ValueWindow
from tables.tables import Tables
from training.run.recipe import Recipe

HORIZONS = (365, 270, 180, 120, 90, 60, 30)
"Of tests, where the history is too short for the configured one."
MIN_WINDOW_DAYS = 14
ALWAYS_DAYS = 36_500
"A hundred years: longer than any record."
MIN_HISTORY_DAYS = 90
"To fit on a window, to test on another, and to know something before both."


@dataclass(frozen=True, kw_only=True)
class ValueCutoffs:
    """The days of one training."""

    first: date
    "Of the record."
    validation: tuple[date, ...]
    "Models are fitted as of these days to choose one."
    test: date
    "Used once."
    until: date
    "The registered model is fitted as of this day."
    horizon_days: int
    "Of the test."


@dataclass(frozen=True)
class CutoffRows:
    """The customers of one cutoff."""

    features: FeatureTable
    history: ValueHistory
    cohort: str

    def without(self, names: Collection[str]) -> CutoffRows:
        """The same rows without some features."""
        return replace(self, features=self.features.select([one for one in self.features.names if one not in names]))


@dataclass
class ValueRows:
    """Computes the rows of each cutoff once."""

    tables: Tables
    sources: ValueSources
    cutoffs: ValueCutoffs
    settings: ValueSettings
    excluded: frozenset[str] = frozenset()
    "Features to leave out."
    _cutoff_rows: dict[date, CutoffRows] = field(default_factory=dict)
    _outcomes: dict[tuple[date, int], ValueOutcomes] = field(default_factory=dict)
    _trainings: dict[date, ValueTraining] = field(default_factory=dict)

    def at(self, cutoff: date) -> CutoffRows:
        """The customers of a cutoff with features and history."""
        if cutoff not in self._cutoff_rows:
            cohort = select_cohort(self.tables, [cutoff])
            features = compute_features(self.tables, cohort, vocabularies=self._vocabularies)
            rows = CutoffRows(
                features, summarise_history(self.tables, cohort.customer_ids, cutoff=cutoff), cohort.definition
            )
            self._cutoff_rows[cutoff] = rows.without(self.excluded)
        return self._cutoff_rows[cutoff]

    def outcomes(self, cutoff: date, horizon_days: int) -> ValueOutcomes:
        """What the customers of a cutoff brought in within a horizon."""
        key = (cutoff, horizon_days)
        if key not in self._outcomes:
            ids = self.at(cutoff).history.customer_ids
            self._outcomes[key] = measure_outcomes(self.tables, ids, cutoff=cutoff, horizon_days=horizon_days)
        return self._outcomes[key]

    def window_days(self, day: date) -> int:
        """How long the windows of a training on this day are."""
        return min(self.settings.horizon_days, max((day - self.cutoffs.first).days // 2, 1))

    def window_cutoffs(self, day: date) -> list[date]:
        """The cutoffs of the windows that are complete on this day, oldest first."""
        length, step = timedelta(days=self.window_days(day)), timedelta(days=self.settings.step_days)
        earliest = self.cutoffs.first + length / 2
        cutoffs = [day - length - number * step for number in range(self.settings.max_cutoffs)]
        return sorted(cutoff for cutoff in cutoffs if cutoff >= earliest or cutoff == cutoffs[0])

    def training_at(self, day: date) -> ValueTraining:
        """What a training on this day knows."""
        if day not in self._trainings:
            self._trainings[day] = self._collect_training(day)
        return self._trainings[day]

    def _collect_training(self, day: date) -> ValueTraining:
        length, cutoffs = self.window_days(day), self.window_cutoffs(day)
        windows = tuple(
            ValueWindow(self.at(cutoff).features, self.at(cutoff).history, self.outcomes(cutoff, length))
            for cutoff in cutoffs
            if len(self.at(cutoff).history)
        )
        if not windows:
            raise NotEnoughHistory(
                f"at {', '.join(str(cutoff) for cutoff in cutoffs)} there is no customer; raise active_days in the TOML"
            )
        return ValueTraining(
            windows=windows,
            now=self._summarise_all(day),
            at_last=self._summarise_all(cutoffs[-1]),
            has_purchases=self.sources.purchases,
            lifetimes=self._lifetimes(day, cutoffs, length=length) if self.sources.subscriptions else None,
        )

    def fit(self, recipe: Recipe, day: date) -> ValueModel:
        """Fit the recipe's model as of a day."""
        return recipe.build(VALUE_MODELS).fit(self.training_at(day))

    def fit_and_forecast(self, recipe: Recipe, day: date) -> ValueForecast:
        """Fit the recipe's model as of a day, and predict that day's customers over the horizon of the test."""
        return self.forecast(self.fit(recipe, day), day)

    def forecast(self, model: ValueModel, day: date) -> ValueForecast:
        """The forecast of a day's customers over the horizon of the test."""
        rows = self.at(day)
        return model.forecast(rows.features, rows.history, days=np.array([self.cutoffs.horizon_days]))

    def _summarise_all(self, day: date) -> ValueHistory:
        """The history of all customers on record, active or not."""
        config = msgspec.structs.replace(self.tables.config, active_days=ALWAYS_DAYS)
        ids = select_cohort(replace(self.tables, config=config), [day]).customer_ids
        return summarise_history(self.tables, ids, cutoff=day)

    def _lifetimes(self, day: date, cutoffs: list[date], *, length: int) -> tuple[FeatureTable, Labels] | None:
        """How long the subscribers of the windows stayed, as known on a day; None without subscribers."""
        parts = [self.at(cutoff).features for cutoff in cutoffs]
        features = replace(
            parts[-1],
            customer_ids=np.concatenate([part.customer_ids for part in parts]),
            cutoffs=np.concatenate([part.cutoffs for part in parts]),
            values=np.concatenate([part.values for part in parts]),
        )
        months = max(length // DAYS_PER_HORIZON_MONTH, 1)
        labels = label_lifetimes(
            self._ask_for_ends,
            Cohort(features.customer_ids, features.cutoffs),
            follow_days=months * DAYS_PER_HORIZON_MONTH,
        ).censor(np.datetime64(day, "D"))
        rows = labels.days_observed > 0
        return (features.take(rows), labels.take(rows)) if rows.any() else None

    @cached_property
    def _ask_for_ends(self) -> Tables:
        """The tables with the end of subscriptions as their definition of churn."""
        churn = msgspec.structs.replace(self.tables.config.churn, definition="subscription_ended", gap_days=0)
        return replace(self.tables, config=msgspec.structs.replace(self.tables.config, churn=churn))

    @cached_property
    def _vocabularies(self) -> dict[str, tuple[str, ...]]:
        """Of the test cutoff, so that all cutoffs have the same columns and codes."""
        cohort = select_cohort(self.tables, [self.cutoffs.test])
        return compute_features(self.tables, cohort).vocabularies


def load_value_rows(tables: Tables, excluded: Collection[str] = ()) -> ValueRows:
    """The rows at the cutoffs that the history allows. Raises NotEnoughHistory where it is too short."""
    sources = ValueSources.of(tables)
    cutoffs = choose_value_cutoffs(
        tables.config.value, first=value_record_start(tables, sources), until=value_watermark(tables, sources)
    )
    return ValueRows(tables, sources, cutoffs, tables.config.value, frozenset(excluded))


def choose_value_cutoffs(settings: ValueSettings, *, first: date, until: date) -> ValueCutoffs:
    """The cutoffs of a history that is complete from `first` until `until`.

    Raises NotEnoughHistory with what would be needed.
    """
    n_days = (until - first).days
    candidates = [settings.horizon_days, *(days for days in HORIZONS if days < settings.horizon_days)]
    horizon_days = next((days for days in candidates if n_days >= 3 * days), None)
    if horizon_days is None or n_days < MIN_HISTORY_DAYS:
        raise NotEnoughHistory(
            f"value needs {max(MIN_HISTORY_DAYS, 3 * min(candidates))} days of purchases or subscriptions, to fit on a "
            f"window and to test on another; the tables record {n_days}, from {first} to {until}"
        )
    horizon = timedelta(days=horizon_days)
    test = until - horizon
    validation = [test - horizon, test - horizon * 3 // 2]
    enough = timedelta(days=max(horizon_days // 2, 2 * MIN_WINDOW_DAYS))
    return ValueCutoffs(
        first=first,
        validation=tuple(day for day in validation if day - first >= enough),
        test=test,
        until=until,
        horizon_days=horizon_days,
    )
