"""Learns when customers leave: what `kizuna train hazard` does, and `kizuna train churn` after its own model.

folds over customers choose -> tested once, out of time -> leak alarm -> fitted again on everything known by now
-> registered as challenger; Kaplan-Meier, which knows nothing of a customer, becomes champion where there is none.
"""

from __future__ import annotations

import numpy as np

from core.model_card import Comparison, ModelCard
from models.hazard.hazard import Hazard
from models.hazard.hazard_models import HAZARD_MODELS
from models.metrics.survival import MONTH_DAYS, compare_curves
from models.mlflow_store.package import ModelPackage
from models.protocols import Settings
from training.hazard.plots import hazard_plots
from training.hazard.rows import hazard_rows
from training.hazard.study import BASELINE, HazardStudy, judged_for_leaks, settings_of, study, wanted_recipes
from training.judging.gate import at_newest_window
from training.judging.leaks import too_few_to_judge
from training.run.cards import beats_all, verdict
from training.run.parallel import side_by_side
from training.run.recipe import Recipe
from training.run.registering import Trained, ship
from training.run.session import Session
from training.run.tracking import TrackedRun, git_state

KIND = "hazard"
MOST_EXPLAINED = 300
"Rows whose contributions tell the importance of features."


def train_hazard(session: Session, only: str | None = None, changes: Settings | None = None) -> Trained:
    """Train, judge and register a hazard.

    `only` names the model to register instead of the one that validation chooses; `changes` are other settings for
    it. Raises NotEnoughHistory, UnknownName for a model or setting that there is not, and whatever the tables raise.
    """
    recipes = wanted_recipes(session, only, changes or {})
    with session.tracking.run(session.registry.name(KIND), only or "all models") as run:
        found = study(session, recipes, only)
        with session.progress.during(f"fitting {found.chosen} on everything known by now"):
            model, package = shipped(session, found, found.chosen)
        log_study(run, found, model)
        return ship(session, run, package, lambda: shipped(session, found, BASELINE, baseline=True)[1])


def shipped(session: Session, found: HazardStudy, name: str, baseline: bool = False) -> tuple[Hazard, ModelPackage]:
    """One of the study's models, fitted on everything known by now, and what is registered of it."""
    model = found.rows.fit_on_everything(found.recipes[name])
    card = hazard_card(session, found, name, model, baseline)
    return model, ModelPackage(card, model.to_artifact(), model.columns_)


def hazard_card(session: Session, found: HazardStudy, name: str, model: Hazard, baseline: bool) -> ModelCard:
    """The card of one of the study's models."""
    rows, cutoffs = found.rows, found.rows.cutoffs
    others = [] if name == BASELINE else [BASELINE]
    comparisons = tuple(
        compare_curves(name, other, found.test[name], found.test[other], found.outcomes) for other in others
    )
    used = {column.name for column in model.columns_}
    return ModelCard(
        kind=KIND,
        data_set=session.config.name,
        model=name,
        created_at=session.now,
        cutoff=max(cutoffs.refit),
        training_cutoffs=cutoffs.refit,
        test_cutoff=cutoffs.test,
        horizon_days=cutoffs.horizon_days,
        gap_days=rows.outcomes.gap_days,
        cohort=rows.cohort,
        label=rows.outcomes.definition,
        n_rows=len(rows),
        n_customers=len(set(rows.outcomes.customer_ids)),
        base_rate=float(found.outcomes.churned.mean()),
        settings=found.recipes[name].settings,
        features={column.name: column.digest for column in model.columns_},
        as_of_today=tuple(column.name for column in model.columns_ if column.as_of_today),
        metrics=found.metrics,
        comparisons=comparisons,
        verdict=verdict(name, comparisons, (BASELINE,), stands_in=baseline),
        beats_baselines=beats_all(comparisons),
        is_baseline=baseline,
        leaks=tuple(leak for leak in found.leaks if leak.feature in used),
        limits=limits_of(session, found, model),
        data_digest=session.tables.digest,
        git=git_state(),
    )


def limits_of(session: Session, found: HazardStudy, model: Hazard) -> tuple[str, ...]:
    """What a reader of the figures must know."""
    cutoffs, asked = found.rows.cutoffs, settings_of(session).horizon_months
    shorter = f"The history reaches to judge {cutoffs.horizon_days} days ahead, not the {asked} months asked for."
    causes = f"Causes told apart: {', '.join(model.causes_)}; learnt from who stated one." if model.causes_ else (
        "No causes are told apart: too few who left stated one."
    )  # fmt: skip
    return (
        f"The figures are the recipe's: fitted on what was known before {cutoffs.known_by_test} of cutoffs up to "
        f"{max(cutoffs.train)}, tested once at {cutoffs.test}; what is shipped is the same recipe, fitted again on "
        "everything known by now.",
        *([shorter] if cutoffs.horizon_days + model.period_days <= asked * MONTH_DAYS else []),
        causes,
        *too_few_to_judge(judged_for_leaks(found.rows, session.config.churn.horizon_days)),
        "A month is 30 days in these figures. Validation: folds over customers inside the training cutoffs.",
        "Intervals are 90 % and resample customers; they do not cover a change of the world after the test cutoff.",
    )


def log_study(run: TrackedRun, found: HazardStudy, model: Hazard) -> None:
    """The cutoffs, the importance of each feature in log-odds, and the pictures."""
    cutoffs = found.rows.cutoffs
    run.log_json({"train": cutoffs.train, "test": cutoffs.test, "later": cutoffs.later}, "cutoffs.json")
    importance = model.importance(found.rows.features.take(np.flatnonzero(found.rows.test)[:MOST_EXPLAINED]))
    run.log_json(importance, "feature_importance.json")
    run.log_plots(hazard_plots(found.test, found.outcomes, found.chosen, importance))


def compare_hazard_recipes(session: Session, champion: ModelCard | None, challenger: ModelCard) -> Comparison:
    """Both recipes, fitted anew and compared at the newest window that can judge them; see training/judging/gate.py.

    Without a champion, the challenger is compared with Kaplan-Meier.
    """
    asked = Recipe.of_card(challenger)
    opponent = Recipe.of_card(champion) if champion else Recipe(BASELINE, HAZARD_MODELS[BASELINE]().settings)
    with session.progress.during("features and lifetimes"):
        rows = hazard_rows(at_newest_window(session.tables), settings_of(session))
    one, other = side_by_side(
        lambda recipe: rows.fit_and_tell(recipe, rows.train, rows.test), [asked, opponent], session.progress, "both"
    )
    against = f"the champion {opponent.model}" if champion else opponent.model
    return compare_curves(asked.model, against, one, other, rows.outcomes.take(rows.test))
