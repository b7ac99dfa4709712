"""Hazard models are chosen at earlier origins, on hand-made customers whose churn days are known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pytest

from core.config.training import HazardSettings
from core.feature_table import FeatureColumn, FeatureTable
from core.labels import Labels
from core.risk_curves import RiskCurves
from models.hazard.hazard import HAZARD_MODELS
from tests.worlds import config
from training.hazard.rows import HazardRows, choose_cutoffs
from training.hazard.study import choose
from training.hazard.validation import HazardFold, HazardValidation
from training.run.recipe import Recipe, default_recipe
from training.run.session import NoProgress

START = date(2024, 1, 1)
COLUMN = FeatureColumn(name="mrr_now", family="subscription", unit="", en="", ja="", missing="never", digest="d")


def rows_of(days: int, n_customers: int = 2_000, certain_after: int = 10) -> HazardRows:
    """Customers from the first day on who churn at a constant rate, recorded for a number of days."""
    until = START + timedelta(days=days)
    cutoffs = choose_cutoffs(
        config(active_days=60),
        HazardSettings(),
        first=START,
        until=until,
        certain_after=timedelta(days=certain_after),
    )
    random = np.random.default_rng(0)
    churned_at = np.datetime64(START) + random.exponential(800, n_customers).astype("timedelta64[D]")
    ids = np.array([f"c{place:04d}" for place in range(n_customers)])
    rows = [
        (ids[churned_at >= np.datetime64(day)], churned_at[churned_at >= np.datetime64(day)], day)
        for day in cutoffs.refit
    ]
    customer_ids = np.concatenate([of_day for of_day, _, _ in rows])
    days_of_rows = np.concatenate([np.full(len(of_day), day, "datetime64[D]") for of_day, _, day in rows])
    outcomes = Labels(
        customer_ids=customer_ids,
        cutoffs=days_of_rows,
        churned=np.ones(len(customer_ids), bool),
        churned_at=np.concatenate([at for _, at, _ in rows]),
        cause=np.full(len(customer_ids), ""),
        amount_after=np.zeros(len(customer_ids)),
        observed_until=np.full(len(customer_ids), until, "datetime64[D]"),
        horizon_days=cutoffs.horizon_days,
    )
    outcomes = outcomes.within(cutoffs.horizon_days).censor(np.datetime64(until))
    values = random.normal(size=(len(customer_ids), 1))
    return HazardRows(cutoffs, FeatureTable(customer_ids, days_of_rows, values, (COLUMN,)), outcomes, "customers")


LONG = rows_of(900)


def test_no_model_is_validated_on_a_cutoff_that_it_was_fitted_on_or_on_the_test():
    validation = HazardValidation.of(LONG)

    assert len(validation.origins) > 1
    for origin, fold in zip(validation.origins, validation.folds, strict=True):
        assert LONG.outcomes.cutoffs[fold.train].max() < np.datetime64(origin) < np.datetime64(LONG.cutoffs.test)
        assert set(LONG.outcomes.cutoffs[fold.validation]) == {np.datetime64(origin)}


def test_a_fit_at_an_origin_knows_no_churn_that_was_uncertain_by_then(monkeypatch: pytest.MonkeyPatch):
    validation = HazardValidation.of(LONG)
    origin, fold = validation.origins[0], validation.folds[0]
    fitted_on: list[Labels] = []
    model = HAZARD_MODELS["kaplan_meier"]
    fit = model.fit
    monkeypatch.setattr(
        model, "fit", lambda self, features, outcomes: fitted_on.append(outcomes) or fit(self, features, outcomes)
    )

    validation.fit_and_predict(default_recipe(HAZARD_MODELS, "kaplan_meier"), fold)

    newest = fitted_on[0].churned_at[fitted_on[0].churned].max()
    assert np.datetime64(origin - timedelta(days=20)) < newest < np.datetime64(origin - timedelta(days=10))


def test_fits_and_validations_are_both_observed_for_the_whole_validation_horizon():
    validation = HazardValidation.of(LONG)
    observed = np.timedelta64(validation.horizon_days, "D")

    assert validation.horizon_days == 180
    assert validation.outcomes.is_mature.all()
    for origin, fold in zip(validation.origins, validation.folds, strict=True):
        assert LONG.outcomes.cutoffs[fold.train].min() + observed <= np.datetime64(origin - timedelta(days=10))


def test_a_short_history_is_validated_over_customers_and_the_summary_says_so():
    rows = rows_of(140)
    validation = HazardValidation.of(rows)

    assert validation.origins == ()
    assert validation.summary.startswith("3 folds over customers inside the training cutoffs, because no earlier")
    for fold in validation.folds:
        assert not set(rows.outcomes.customer_ids[fold.train]) & set(rows.outcomes.customer_ids[fold.validation])


def test_origins_with_too_little_churn_to_learn_from_are_not_used():
    assert HazardValidation.of(rows_of(900, n_customers=60)).origins == ()


def test_the_summary_names_the_origins_and_the_days():
    validation = HazardValidation.of(LONG)

    assert validation.summary == (
        f"walk-forward, at {', '.join(str(day) for day in validation.origins)}, each with models fitted on what was "
        "known by then, over 180 days"
    )


@dataclass(frozen=True)
class GivenPredictions(HazardValidation):
    """A validation in which each model predicts a given risk for those who stayed, (n,)."""

    risks: dict[str, np.ndarray] | None = None

    @property
    def outcomes(self) -> Labels:
        held_out = np.flatnonzero(LONG.test)[:400]
        stayed = replace(LONG.outcomes.take(held_out), churned=np.zeros(400, bool))
        return replace(stayed, churned_at=np.full(400, "NaT", "datetime64[D]")).within(self.horizon_days)

    def fit_and_predict(self, recipe: Recipe, fold: HazardFold) -> RiskCurves:
        risk = (self.risks or {})[recipe.model]
        return RiskCurves(period_days=30, risk=risk[:, None], by_cause=np.zeros((len(risk), 1, 0)))


@pytest.mark.parametrize(("standard_errors", "chosen"), [(0.8, "logistic_hazard"), (1.3, "boosted_hazard")])
def test_the_simplest_model_within_one_standard_error_of_the_best_is_chosen(standard_errors: float, chosen: str):
    noise = np.random.default_rng(1).normal(0, 0.01, 400)
    noise -= noise.mean()
    # Of customers who stayed, half of the squared risk is the integrated score of one period.
    by_error = standard_errors * noise.std(ddof=1) / np.sqrt(400)
    best = np.full(400, 0.09)
    one = HazardValidation.of(LONG)
    validation = GivenPredictions(
        LONG,
        (one.folds[0],),
        one.origins[:1],
        30,
        {"logistic_hazard": np.sqrt(best + noise + by_error), "boosted_hazard": np.sqrt(best)},
    )

    recipes = {name: default_recipe(HAZARD_MODELS, name) for name in HAZARD_MODELS}
    name, metrics = choose(recipes, validation, progress=NoProgress())

    assert name == chosen
    split_of = {metric.model: metric.split for of_model in metrics for metric in of_model}
    assert split_of == {"logistic_hazard": "validation", "boosted_hazard": "validation"}
