"""The cutoffs and rows at which hazard models are fitted and tested, and how far ahead they predict.

    train     train     train            test                            watermark
    |========= observed ===============)  |======== observed =============)
                                       ^ what was known by then

A customer who is still observed already carries information, unlike a label of one fixed horizon. So rows are not
purged; they are used as they were known at the test cutoff. The horizon is the longest of 12, 6, 3 and 1 months that
the history allows both to fit and to test. The rows are computed once per training.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from core.churn_causes import OTHER, CauseWords
from core.config.data_set import Config
from core.config.training import HazardSettings
from core.errors import NotEnoughHistory
from core.feature_table import FeatureTable
from core.labels import Labels
from core.model_kinds import HAZARD
from core.risk_curves import RiskCurves
from core.window import DAYS_PER_HORIZON_MONTH, Cohort
from features.cohort import select_cohort
from features.labels.labelling import confirmation_delay, label_lifetimes, label_watermark, record_start
from features.pipeline import compute_features
from models.hazard.hazard import HAZARD_MODELS, Hazard
from models.metrics.survival import EVALUATED_MONTHS
from tables.tables import Tables
from training.run.kept_rows import KeptRows
from training.run.recipe import Recipe

NO_REASON = "chosen"
"The `end_kind` of an end that the customer wanted without stating why."


@dataclass(frozen=True, kw_only=True)
class SurvivalCutoffs:
    """The cutoffs of one training."""

    train: tuple[date, ...]
    test: date
    "Used once."
    later: tuple[date, ...]
    "After the test, for the final fit."
    horizon_days: int
    "How far ahead is predicted and measured."
    period_days: int
    "The horizon is a multiple of it."
    known_by_test: date
    "Ends before this day were certain for a training at the test cutoff."
    known_until: date
    "Ends before this day are certain for the final fit."

    @property
    def certain_after(self) -> timedelta:
        """How long after its day an end is certain."""
        return self.test - self.known_by_test

    @property
    def refit(self) -> tuple[date, ...]:
        """Every cutoff: the registered model is fitted on all of them."""
        return (*self.train, self.test, *self.later)


def horizons(longest_days: int, *, period_days: int) -> list[int]:
    """The longest horizon and those of 12, 6, 3 and 1 months within it, in whole periods; the longest first."""
    months = [days for one in EVALUATED_MONTHS if (days := one * DAYS_PER_HORIZON_MONTH) < longest_days]
    whole = {days // period_days * period_days for days in (longest_days, *months)}
    return sorted(whole - {0}, reverse=True)


def survival_cutoffs(tables: Tables, settings: HazardSettings) -> SurvivalCutoffs:
    """The cutoffs that the recorded history allows. Raises NotEnoughHistory with what would be needed."""
    return choose_cutoffs(
        tables.config,
        settings,
        first=record_start(tables),
        until=label_watermark(tables),
        certain_after=confirmation_delay(tables),
    )


def choose_cutoffs(
    config: Config, settings: HazardSettings, *, first: date, until: date, certain_after: timedelta
) -> SurvivalCutoffs:
    """Choose the cutoffs of a history that begins on `first` and is certain before `until`.

    An end is certain `certain_after` it happened. Raises NotEnoughHistory with what would be needed.
    """
    gap, earliest = timedelta(days=config.churn.gap_days), first + timedelta(days=config.active_days)
    longest = settings.horizon_months * DAYS_PER_HORIZON_MONTH
    for horizon_days in horizons(longest, period_days=settings.period_days):
        ahead = timedelta(days=horizon_days)
        test = until - ahead - gap
        known_by_test = test - certain_after
        if earliest > known_by_test - ahead - gap:
            continue
        return cutoffs_before(
            test,
            settings,
            earliest=earliest,
            gap=gap,
            horizon_days=horizon_days,
            known_by_test=known_by_test,
            known_until=until,
        )
    raise NotEnoughHistory(
        f"the history from {first} to {until} is too short for a hazard model: it needs active_days "
        f"({config.active_days}) and two months of observation, one to fit and one to test"
    )


def cutoffs_before(
    test: date,
    settings: HazardSettings,
    *,
    earliest: date,
    gap: timedelta,
    horizon_days: int,
    known_by_test: date,
    known_until: date,
) -> SurvivalCutoffs:
    """The training cutoffs before a test cutoff, and the later ones for the final fit."""
    period = timedelta(days=settings.period_days) + gap
    return SurvivalCutoffs(
        train=_evenly_spaced(settings, earliest=earliest, last=min(known_by_test - period, test - timedelta(days=1))),
        test=test,
        later=_evenly_spaced(settings, earliest=test + timedelta(days=settings.step_days), last=known_until - period),
        horizon_days=horizon_days,
        period_days=settings.period_days,
        known_by_test=known_by_test,
        known_until=known_until,
    )


def _evenly_spaced(settings: HazardSettings, *, earliest: date, last: date) -> tuple[date, ...]:
    """Days `step_days` apart that end on `last`; where there are too many, an even choice that keeps both ends."""
    n_steps = (last - earliest).days // settings.step_days
    days: Sequence[date] = [last - timedelta(days=step * settings.step_days) for step in range(n_steps, -1, -1)]
    if len(days) > settings.max_cutoffs:
        places = np.linspace(len(days) - 1, 0, settings.max_cutoffs).round().astype(int)[::-1]
        days = [days[place] for place in places]
    return tuple(days)


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

    def without(self, names: Collection[str]) -> HazardRows:
        """The same rows without some features."""
        return replace(self, features=self.features.select([one for one in self.features.names if one not in names]))

    def outcomes_known_by_test(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> Labels:
        """The outcomes of some rows as a training at the test cutoff would have known them."""
        return self.outcomes_known_by(self.cutoffs.known_by_test, rows)

    def outcomes_known_by(self, day: date, rows: NDArray[np.bool_] | NDArray[np.int64]) -> Labels:
        """The outcomes of some rows as far as they were observed before the day."""
        return self.outcomes.take(rows).censor(np.datetime64(day, "D"))

    def fit(self, recipe: Recipe, rows: NDArray[np.bool_]) -> Hazard:
        """Fit the recipe's model on what was known of these rows at the test cutoff."""
        return recipe.build(HAZARD_MODELS).fit(self.features.take(rows), self.outcomes_known_by_test(rows))

    def fit_on_all(self, recipe: Recipe) -> Hazard:
        """Fit the recipe's model on every row and everything known of it by now."""
        return recipe.build(HAZARD_MODELS).fit(self.features, self.outcomes)

    def fit_and_predict(self, recipe: Recipe, *, train: NDArray[np.bool_], test: NDArray[np.bool_]) -> RiskCurves:
        """Fit the recipe on some rows and predict the curves of others."""
        return self.fit(recipe, train).curves(self.features.take(test))


def load_hazard_rows(tables: Tables, settings: HazardSettings, *, kept_rows: KeptRows | None = None) -> HazardRows:
    """Compute the rows at the cutoffs that the history allows. Raises NotEnoughHistory where it is too short."""
    cutoffs = survival_cutoffs(tables, settings)
    return (kept_rows or KeptRows()).get(HAZARD.name, tables, cutoffs=cutoffs, compute=lambda: rows_at(tables, cutoffs))


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
