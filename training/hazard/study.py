"""How hazards are compared before one is shipped: on customers that were not learnt from, then once out of time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.config.training import HazardSettings
from core.labels import Labels
from core.model_card import Leak, Metric
from core.risk_curves import RiskCurves
from models.hazard.hazard_models import HAZARD_MODELS
from models.metrics.survival import compare_curves, survival_metrics
from models.protocols import Settings
from training.hazard.rows import HazardRows, hazard_rows
from training.judging.leaks import find_leaks
from training.run.parallel import side_by_side
from training.run.progress import Progress
from training.run.recipe import Recipe
from training.run.session import Session

BASELINE = "kaplan_meier"
"It knows nothing of a customer: the bar for the others."


@dataclass(frozen=True)
class HazardStudy:
    """What was found out before anything is shipped."""

    rows: HazardRows
    recipes: dict[str, Recipe]
    chosen: str
    test: dict[str, RiskCurves]
    "By model, at the test cutoff."
    outcomes: Labels
    "Of the test rows."
    metrics: tuple[Metric, ...]
    leaks: tuple[Leak, ...]


def settings_of(session: Session) -> HazardSettings:
    """What the TOML says of hazards, or what it would mean to say nothing more than that there are any."""
    return session.config.hazard or HazardSettings()


def wanted_recipes(session: Session, only: str | None, changes: Settings) -> dict[str, Recipe]:
    """The recipes to try, simplest first: those of the TOML, or the baseline and the one that is asked for."""
    asked = settings_of(session)
    for name in (*asked.models, *([only] if only else [])):
        HAZARD_MODELS[name]
    wanted = {BASELINE, *((only,) if only else asked.models or HAZARD_MODELS)}
    common = {"seed": session.config.seed, "period_days": asked.period_days}
    recipes = {
        name: Recipe(name, kind().settings).changed(common) for name, kind in HAZARD_MODELS.items() if name in wanted
    }
    if only:
        recipes[only] = recipes[only].changed(changes)
    return recipes


def study(session: Session, recipes: dict[str, Recipe], only: str | None) -> HazardStudy:
    """Compute the rows, choose on customers that were not learnt from, test once, look for leaks."""
    with session.progress.during("features and lifetimes"):
        rows = hazard_rows(session.tables, settings_of(session))
    chosen = only or chosen_by_folds(recipes, rows, session.progress)
    told = side_by_side(
        lambda recipe: rows.fit_and_tell(recipe, rows.train, rows.test),
        list(recipes.values()),
        session.progress,
        "test",
    )
    test, outcomes = dict(zip(recipes, told, strict=True)), rows.outcomes.take(rows.test)
    metrics = tuple(metric for name, curves in test.items() for metric in survival_metrics(name, curves, outcomes))
    with session.progress.during("leak alarm"):
        leaks = leaks_in(rows, session.config.churn.horizon_days, session.config.seed)
    return HazardStudy(rows, recipes, chosen, test, outcomes, metrics, leaks)


def chosen_by_folds(recipes: Mapping[str, Recipe], rows: HazardRows, progress: Progress) -> str:
    """The simplest model that is not really worse than the one with the lowest integrated Brier score.

    The baseline is chosen only where it is alone: what learnt nothing beyond it says so on its card.
    """
    tried = [name for name in recipes if name != BASELINE] or [BASELINE]
    if len(tried) == 1:
        return tried[0]
    folds = rows.folds()
    steps = [(recipes[name], *fold) for name in tried for fold in folds]
    said = side_by_side(lambda step: rows.fit_and_tell(*step), steps, progress, "validation")
    judged = np.concatenate([np.flatnonzero(judge) for _, judge in folds])
    outcomes = rows.seen_by_test(judged)
    curves = {name: _joined(said[place * len(folds) :][: len(folds)]) for place, name in enumerate(tried)}
    best = tried[0]
    for name in tried[1:]:
        if compare_curves(name, best, curves[name], curves[best], outcomes).difference.low > 0:
            best = name
    return best


def leaks_in(rows: HazardRows, horizon_days: int, seed: int) -> tuple[Leak, ...]:
    """The features that explain an implausible share of who left soon after the test cutoff."""
    later = judged_for_leaks(rows, horizon_days)
    earlier = rows.seen_by_test(rows.train).within(later.horizon_days)
    learn = np.flatnonzero(rows.train)[earlier.mature]
    return find_leaks(
        rows.features.take(learn), earlier.take(earlier.mature), rows.features.take(rows.test), later, seed=seed
    )


def judged_for_leaks(rows: HazardRows, horizon_days: int) -> Labels:
    """Who left soon after the test cutoff: what the leak alarm judges features by."""
    return rows.outcomes.take(rows.test).within(min(horizon_days, rows.cutoffs.horizon_days))


def _joined(parts: list[RiskCurves]) -> RiskCurves:
    """Curves one after another; causes are left out, for folds may not tell the same ones apart."""
    risk = np.concatenate([part.risk for part in parts])
    return RiskCurves(parts[0].period_days, risk, np.zeros((*risk.shape, 0)))
