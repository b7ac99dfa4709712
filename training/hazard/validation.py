"""The held-out rows by which hazard models are chosen before the test.

    train      train      |origin                       |test
    |==== observed ======)|======== observed ===========)|        fitted on what was known at the origin

Rolling origin: a training cutoff validates models that were fitted on earlier cutoffs, on what was known of them by
then. Models are fitted and compared for the longest of 12, 6, 3 and 1 months that both the fits and the validations
were observed for. Where no origin leaves a month for both, folds over customers inside the training cutoffs are used
instead, and the card says so. Neither uses the test cutoff.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from core.labels import Labels
from core.risk_curves import RiskCurves
from models.hazard.hazard import HAZARD_MODELS
from training.hazard.rows import HazardRows, SurvivalCutoffs, horizons
from training.judging.folds import customer_folds, describe_walk_forward
from training.run.recipe import Recipe

N_CUSTOMER_FOLDS = 3
MAX_ORIGINS = 4
"Validation cutoffs at most, spread evenly: each costs a fit of every model."
MIN_ORIGIN_CUSTOMERS = 25
"That churned before an origin, or after it: with fewer it says little about a model of the whole history."


@dataclass(frozen=True)
class HazardFold:
    """Rows to fit on, as they were known on a day, and rows to validate on; both masks are (n,)."""

    train: NDArray[np.bool_]
    validation: NDArray[np.bool_]
    known_by: date
    "Ends before this day were certain for the fit."


@dataclass(frozen=True)
class HazardValidation:
    """The folds of one training."""

    rows: HazardRows
    folds: tuple[HazardFold, ...]
    origins: tuple[date, ...]
    "Empty for folds over customers."
    horizon_days: int
    "How far ahead models are fitted and compared; at most the horizon of the training."

    @classmethod
    def of(cls, rows: HazardRows) -> HazardValidation:
        """The folds that the training cutoffs allow."""
        for horizon_days in horizons(rows.cutoffs.horizon_days, period_days=rows.cutoffs.period_days):
            folds = {
                day: fold
                for day in origins_of(rows.cutoffs, gap_days=rows.outcomes.gap_days, horizon_days=horizon_days)
                if _has_enough(rows, fold := _fold_at(rows, day), horizon_days=horizon_days)
            }
            if folds:
                days = _choose_evenly(list(folds))
                return cls(rows, tuple(folds[day] for day in days), tuple(days), horizon_days)
        return cls(rows, _over_customers(rows), (), rows.cutoffs.horizon_days)

    @property
    def summary(self) -> str:
        """The scheme in words, for the card."""
        if self.origins:
            days = describe_walk_forward([day.isoformat() for day in self.origins])
            return f"{days}, over {self.horizon_days} days"
        return (
            f"{N_CUSTOMER_FOLDS} folds over customers inside the training cutoffs, because no earlier cutoff leaves "
            "a month of observation, with enough churn, both to fit and to validate"
        )

    @property
    def outcomes(self) -> Labels:
        """The outcomes of the validation rows, one fold after another, as a training at the test cutoff knew them."""
        held_out = np.concatenate([np.flatnonzero(fold.validation) for fold in self.folds])
        return self.rows.outcomes_known_by_test(held_out).within(self.horizon_days)

    def fit_and_predict(self, recipe: Recipe, fold: HazardFold) -> RiskCurves:
        """Fit a recipe on a fold and predict the curves of its validation rows."""
        rows = self.rows
        outcomes = rows.outcomes_known_by(fold.known_by, fold.train).within(self.horizon_days)
        model = recipe.build(HAZARD_MODELS).fit(rows.features.take(fold.train), outcomes)
        return model.curves(rows.features.take(fold.validation))


def origins_of(cutoffs: SurvivalCutoffs, *, gap_days: int, horizon_days: int) -> list[date]:
    """The training cutoffs that were followed for a horizon by the test, as an earlier one was by the origin."""
    observed = timedelta(days=gap_days + horizon_days)
    return [
        day
        for day in cutoffs.train
        if min(cutoffs.train) + observed <= day - cutoffs.certain_after and day + observed <= cutoffs.known_by_test
    ]


def _fold_at(rows: HazardRows, day: date) -> HazardFold:
    earlier = [cutoff for cutoff in rows.cutoffs.train if cutoff < day]
    return HazardFold(rows.at(earlier), rows.at((day,)), day - rows.cutoffs.certain_after)


def _has_enough(rows: HazardRows, fold: HazardFold, *, horizon_days: int) -> bool:
    """Whether enough customers churned before the origin and after it."""
    both = (rows.outcomes_known_by(fold.known_by, fold.train), rows.outcomes_known_by_test(fold.validation))
    churned = (labels.customer_ids[labels.within(horizon_days).churned] for labels in both)
    return all(len(np.unique(customer_ids)) >= MIN_ORIGIN_CUSTOMERS for customer_ids in churned)


def _choose_evenly(days: list[date]) -> list[date]:
    """The newest day and others evenly before it, at most `MAX_ORIGINS`."""
    if len(days) <= MAX_ORIGINS:
        return days
    return [days[round(place)] for place in np.linspace(0, len(days) - 1, MAX_ORIGINS)]


def _over_customers(rows: HazardRows) -> tuple[HazardFold, ...]:
    train, known_by_test = rows.train, rows.cutoffs.known_by_test
    folds = customer_folds(rows.outcomes.customer_ids, n_folds=N_CUSTOMER_FOLDS, seed=rows.seed)
    return tuple(
        HazardFold(train & (folds != fold), train & (folds == fold), known_by_test) for fold in range(N_CUSTOMER_FOLDS)
    )
