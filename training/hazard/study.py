"""Evaluate hazard recipes: choose one on held-out rows of the training cutoffs, then test it once on a later period."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.choosing import choose_simplest
from core.config.data_set import Config
from core.config.training import HazardSettings
from core.labels import Labels
from core.model_card import Metric
from core.model_kinds import HAZARD
from core.risk_curves import RiskCurves
from models.hazard.hazard import HAZARD_MODELS
from models.metrics.survival import EvaluatedCurves, compare_curves, survival_metrics
from models.protocols import Settings
from training.hazard.rows import HazardRows, load_hazard_rows
from training.hazard.validation import HazardValidation
from training.judging.leaks import LabelledRows
from training.judging.screening import Screening, screen_features
from training.run.cards import Evaluation
from training.run.recipe import Recipe, change_settings, default_recipe
from training.run.session import Progress, Session, run_parallel

BASELINE = HAZARD.constant_model
"It uses no feature; every other model must beat it."


@dataclass(frozen=True, kw_only=True)
class HazardStudy:
    """The evaluation of every recipe, before the final fit."""

    rows: HazardRows
    recipes: dict[str, Recipe]
    chosen: str
    test: dict[str, RiskCurves]
    "By model, at the test cutoff."
    outcomes: Labels
    "Of the test rows."
    metrics: tuple[Metric, ...]
    screening: Screening
    validation: str
    "How the model was chosen, in words."

    def evaluation(self, name: str, *, is_first_champion: bool = False) -> Evaluation:
        """The metrics of every recipe, and the comparison of one of them with the baseline."""
        against = [] if name == BASELINE else [BASELINE]
        comparisons = tuple(
            compare_curves(name, other, curves=self.test[name], curves_against=self.test[other], outcomes=self.outcomes)
            for other in against
        )
        return Evaluation(
            recipe=self.recipes[name],
            baselines=(BASELINE,),
            metrics=self.metrics,
            comparisons=comparisons,
            is_first_champion=is_first_champion,
        )


def hazard_settings(session: Session) -> HazardSettings:
    """The settings of the TOML's `[hazard]`, or the defaults where it has no such section."""
    return session.config.hazard or HazardSettings()


def select_recipes(session: Session, model: str | None, *, settings: Settings) -> dict[str, Recipe]:
    """The recipes to try, simplest first: those of the TOML, or the requested one and the baseline."""
    configured = hazard_settings(session)
    for name in (*configured.models, *([model] if model else [])):
        HAZARD_MODELS[name]
    names = {BASELINE, *((model,) if model else configured.models or HAZARD_MODELS)}
    common = {"seed": session.config.seed, "period_days": configured.period_days}
    recipes = {
        name: default_recipe(HAZARD_MODELS, name).with_settings(common) for name in HAZARD_MODELS if name in names
    }
    if model:
        recipes[model] = change_settings(recipes[model], settings, catalogue=HAZARD_MODELS)
    return recipes


def evaluate(session: Session, recipes: dict[str, Recipe], *, model: str | None) -> HazardStudy:
    """Compute the rows, leave out doubtful features, choose a model on validation, test each recipe once."""
    progress = session.progress
    with progress.during("features and lifetimes"):
        all_rows = load_hazard_rows(session.tables, hazard_settings(session), kept_rows=session.kept_rows)
    with progress.during("leak detection"):
        screening = screen_hazard_features(all_rows, session.config)
        rows = all_rows.without(set(all_rows.features.names) - set(screening.kept))
    validation = HazardValidation.of(rows)
    chosen, held_out = (model, []) if model else choose(recipes, validation, progress=progress)
    curves = run_parallel(
        lambda recipe: rows.fit_and_predict(recipe, train=rows.train, test=rows.test),
        list(recipes.values()),
        progress=progress,
        label="test",
    )
    test, outcomes = dict(zip(recipes, curves, strict=True)), rows.outcomes.take(rows.test)
    metrics = [*(survival_metrics(name, one, outcomes=outcomes) for name, one in test.items()), *held_out]
    return HazardStudy(
        rows=rows,
        recipes=recipes,
        chosen=chosen,
        test=test,
        outcomes=outcomes,
        metrics=tuple(metric for of_model in metrics for metric in of_model),
        screening=screening,
        validation=validation.summary,
    )


def choose(
    recipes: Mapping[str, Recipe], validation: HazardValidation, *, progress: Progress
) -> tuple[str, list[tuple[Metric, ...]]]:
    """Choose the simplest model whose mean integrated Brier score lies within one standard error of the lowest one.

    The baseline is chosen only where it is the only one: the card of a model that does not beat it says so. Returns the
    metrics of the models that were compared, too.
    """
    names = [name for name in recipes if name != BASELINE] or [BASELINE]
    if len(names) == 1:
        return names[0], []
    steps = [(recipes[name], fold) for name in names for fold in validation.folds]
    predicted = run_parallel(
        lambda step: validation.fit_and_predict(step[0], step[1]), steps, progress=progress, label="validation"
    )
    outcomes, n_folds = validation.outcomes, len(validation.folds)
    curves = {name: _concatenate(predicted[place * n_folds :][:n_folds]) for place, name in enumerate(names)}
    gains = {name: -EvaluatedCurves.of(one, outcomes).score_rows() for name, one in curves.items()}
    metrics = [survival_metrics(name, one, outcomes=outcomes, split="validation") for name, one in curves.items()]
    return choose_simplest(outcomes.customer_ids, gains), metrics


def screen_hazard_features(rows: HazardRows, config: Config) -> Screening:
    """Leave out features that explain an implausible share of churn soon after the test cutoff."""
    horizon_days = min(config.churn.horizon_days, rows.cutoffs.horizon_days)
    later = rows.outcomes.take(rows.test).within(horizon_days)
    earlier = rows.outcomes_known_by_test(rows.train).within(later.horizon_days)
    train = np.flatnonzero(rows.train)[earlier.is_mature]
    split = (
        LabelledRows(rows.features.take(train), earlier.take(earlier.is_mature)),
        LabelledRows(rows.features.take(rows.test), later),
    )
    return screen_features([split], config)


def _concatenate(parts: list[RiskCurves]) -> RiskCurves:
    """The curves of several folds one after another, without causes, because folds may know different ones."""
    risk = np.concatenate([part.risk for part in parts])
    return RiskCurves(period_days=parts[0].period_days, risk=risk, by_cause=np.zeros((*risk.shape, 0)))
