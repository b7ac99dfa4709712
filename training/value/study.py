"""Evaluate value recipes: choose one as of earlier days, then test it once on a later window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.choosing import choose_simplest
from core.customer_value import ValueForecast, ValueOutcomes, stack_rows
from core.errors import NotEnoughHistory
from core.model_card import Metric
from features.customer_value import ValueSources
from models.metrics.value import PredictedTotals, compare_forecasts, value_metrics
from models.mlflow_store.registry import load_hazard_champion
from models.protocols import Settings
from models.shared_fits import share_fits
from models.value.value_model import VALUE_MODELS, ValueModel
from training.judging.folds import describe_walk_forward
from training.run.cards import Evaluation
from training.run.recipe import Recipe, change_settings, default_recipe
from training.run.session import Progress, Session, run_parallel
from training.value.rows import ValueRows, load_value_rows

BASELINE, SUBSCRIPTIONS_ONLY = "last_year", "survival"
"The baseline knows only the last year; every other model must beat it."

Forecasts = dict[str, ValueForecast]


@dataclass(frozen=True, kw_only=True)
class ValueStudy:
    """The evaluation of every recipe, before the final fit."""

    rows: ValueRows
    recipes: dict[str, Recipe]
    "Those that could be fitted."
    unfitted: Mapping[str, str]
    "Why other models could not."
    chosen: str
    test: Forecasts
    "By model, as of the test cutoff."
    outcomes: ValueOutcomes
    metrics: tuple[Metric, ...]
    validation: str
    "How the model was chosen, in words."

    def evaluation(self, name: str, *, is_first_champion: bool = False) -> Evaluation:
        """The metrics of every recipe, and the comparison of one of them with the baseline."""
        comparisons = tuple(
            compare_forecasts(
                name, other, forecast=self.test[name], forecast_against=self.test[other], outcomes=self.outcomes
            )
            for other in ([] if name == BASELINE else [BASELINE])
        )
        return Evaluation(
            recipe=self.recipes[name],
            baselines=(BASELINE,),
            metrics=self.metrics,
            comparisons=comparisons,
            is_first_champion=is_first_champion,
        )


def select_value_recipes(session: Session, model: str | None, *, settings: Settings) -> dict[str, Recipe]:
    """The recipes to try, simplest first: those of the TOML, or the requested one and the baseline."""
    configured = session.config.value.models
    for name in (*configured, *([model] if model else [])):
        VALUE_MODELS[name]
    sources = ValueSources.of(session.tables)
    fitting = [name for name in VALUE_MODELS if (name == SUBSCRIPTIONS_ONLY) != sources.purchases]
    names = {BASELINE, *((model,) if model else configured or fitting)}
    common: Settings = {"seed": session.config.seed, "yearly_discount": session.config.money.yearly_discount}
    champion = load_hazard_champion(session.registry) if sources.subscriptions else None
    if champion is not None:
        common |= {"hazard": champion[0].name, "hazard_settings": msgspec.json.encode(champion[0].settings).decode()}
    recipes = {name: default_recipe(VALUE_MODELS, name).with_settings(common) for name in VALUE_MODELS if name in names}
    if model:
        recipes[model] = change_settings(recipes[model], settings, catalogue=VALUE_MODELS)
    return recipes


def evaluate_value(session: Session, recipes: Mapping[str, Recipe], *, model: str | None) -> ValueStudy:
    """Compute the rows, choose a model as of earlier days, test each recipe once.

    Models that the history cannot fit are left out; where only the baseline remains, it is chosen.
    """
    progress = session.progress
    with progress.during("features and orders"):
        rows = load_value_rows(session.tables, session.config.exclude_features)
        for day in (*rows.cutoffs.validation, rows.cutoffs.test, rows.cutoffs.until):
            rows.at(day)  # here, because the engine serves one thread at a time
            rows.training_at(day)
    with share_fits():
        forecasts = [forecast_as_of(rows, recipes, day=day, progress=progress) for day in rows.cutoffs.validation]
        test = forecast_as_of(rows, recipes, day=rows.cutoffs.test, progress=progress)
    unfitted = {name: result for one in (*forecasts, test) for name, result in one.items() if isinstance(result, str)}
    if model in unfitted:
        raise NotEnoughHistory(unfitted[model])
    fitted = {name: recipe for name, recipe in recipes.items() if name not in unfitted}
    predicted = {name: one for name, one in test.items() if isinstance(one, ValueForecast) and name in fitted}
    outcomes = rows.outcomes(rows.cutoffs.test, rows.cutoffs.horizon_days)
    metrics = [value_metrics(name, one, outcomes=outcomes, seed=session.config.seed) for name, one in predicted.items()]
    metrics += validation_metrics(rows, forecasts, names=list(predicted), seed=session.config.seed)
    return ValueStudy(
        rows=rows,
        recipes=fitted,
        unfitted=unfitted,
        chosen=model or choose_value_model(rows, forecasts, names=list(fitted)),
        test=predicted,
        outcomes=outcomes,
        metrics=tuple(metric for of_model in metrics for metric in of_model),
        validation=describe_validation(rows),
    )


def forecast_as_of(
    rows: ValueRows, recipes: Mapping[str, Recipe], *, day: date, progress: Progress
) -> dict[str, ValueForecast | str]:
    """The forecast of each recipe fitted as of a day, or why it could not be fitted."""

    def forecast(recipe: Recipe) -> ValueForecast | str:
        try:
            return rows.fit_and_forecast(recipe, day)
        except NotEnoughHistory as fault:
            return str(fault)

    results = run_parallel(forecast, list(recipes.values()), progress=progress, label=f"models as of {day}")
    return dict(zip(recipes, results, strict=True))


def choose_value_model(rows: ValueRows, forecasts: list[dict[str, ValueForecast | str]], *, names: list[str]) -> str:
    """The simplest model whose error is within one standard error of the lowest, over all validation days.

    The baseline is chosen only where it is the only one: the card of a model that does not beat it says so. Without a
    validation day the last model of the catalogue is taken, which includes the others.
    """
    learners = [name for name in names if name != BASELINE] or [BASELINE]
    if len(learners) == 1 or not forecasts:
        return learners[-1]
    outcomes = [rows.outcomes(day, rows.cutoffs.horizon_days) for day in rows.cutoffs.validation]
    gains = {
        name: np.concatenate([_gain(one[name], of_day) for one, of_day in zip(forecasts, outcomes, strict=True)])
        for name in learners
    }
    return choose_simplest(np.concatenate([of_day.customer_ids for of_day in outcomes]), gains)


def validation_metrics(
    rows: ValueRows, forecasts: list[dict[str, ValueForecast | str]], *, names: list[str], seed: int
) -> list[tuple[Metric, ...]]:
    """The metrics of each model over the rows of all validation days; none without such a day."""
    if not forecasts:
        return []
    outcomes = stack_rows([rows.outcomes(day, rows.cutoffs.horizon_days) for day in rows.cutoffs.validation])
    return [
        value_metrics(name, stack_rows(predicted), outcomes=outcomes, split="validation", seed=seed)
        for name in names
        if (predicted := [one for of_day in forecasts if isinstance(one := of_day[name], ValueForecast)])
    ]


def describe_validation(rows: ValueRows) -> str:
    """The scheme in words, for the card."""
    days = [day.isoformat() for day in rows.cutoffs.validation]
    if not days:
        return "none, because the history before the test is too short for it; the model is not chosen by data"
    return f"{describe_walk_forward(days)}, over {rows.cutoffs.horizon_days} days"


def fit_final_value(study: ValueStudy, name: str) -> ValueModel:
    """Fit a recipe as of the last day of the record."""
    return study.rows.fit(study.recipes[name], study.rows.cutoffs.until)


def _gain(forecast: ValueForecast | str, outcomes: ValueOutcomes) -> NDArray[np.float64]:
    """The negative error of each customer, as a share of the mean value, so that days count alike."""
    assert isinstance(forecast, ValueForecast)
    totals = PredictedTotals(forecast.at(forecast.margin, outcomes.horizon_days), outcomes.margin)
    return -totals.errors / max(float(outcomes.margin.mean()), 1e-12)
