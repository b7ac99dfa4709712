"""Train churn models on a cross-section data set, which has no dates: the steps of `kizuna train churn`, in order.

    leak detection, until it finds nothing more -> 5 folds of customers, repeated 4 times, choose a model
    -> final fit on every customer -> challenger in the registry

The base rate becomes champion where there is none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.errors import BadInput
from core.model_card import Comparison, Metric, ModelCard
from core.model_kinds import CHURN
from models.churn.additive import CHURN_MODELS
from models.metrics.classification import compare
from models.mlflow_store.package import ModelPackage
from models.protocols import ChurnModel, Settings
from tables.cross_section import CrossSection
from training.churn.pipeline import select_recipes
from training.churn.trials import Trials, choose
from training.cross_section.rows import (
    N_FOLDS,
    N_REPEATS,
    CleanRows,
    cross_section_recipes,
    cross_validate,
    drop_leaks,
)
from training.run.cards import Evaluation, build_card, outcome_facts
from training.run.pipeline import TrainingPipeline
from training.run.plots import churn_plots
from training.run.recipe import Recipe, default_recipe
from training.run.registering import TrainingResult, register
from training.run.session import Session

BASELINE = CHURN.constant_model


@dataclass(frozen=True, kw_only=True)
class CrossSectionStudy:
    """The evaluation of every recipe, before the final fit."""

    data: CrossSection
    rows: CleanRows
    recipes: dict[str, Recipe]
    trials: Trials
    metrics: tuple[Metric, ...]
    chosen: str


def train_cross_section(
    session: Session, model: str | None = None, *, settings: Settings | None = None
) -> TrainingResult:
    """Train, evaluate and register a churn model of a cross-section data set (compare `train_churn`)."""
    recipes = cross_section_recipes(select_recipes(session, model, settings=settings or {}))
    if model is not None and model not in recipes:
        raise BadInput(
            f"{model} needs dates, which a cross-section data set does not have; choose one of {', '.join(recipes)}"
        )
    data = cross_section_of(session)
    with session.tracking.run(
        session.registry.name(CHURN.name), model or "all models", continued=session.continued_run
    ) as run:
        study = evaluate(session, data, recipes=recipes, model=model)
        with session.progress.during(f"fitting {study.chosen} on every customer"):
            fitted, package = fit_final(session, study, name=study.chosen)
        importance = fitted.importance(study.rows.features)
        run.log_parameters({"folds": f"{N_FOLDS} of customers, {N_REPEATS} times"})
        run.log_json(importance, "feature_importance.json")
        trials = study.trials
        run.log_plots(churn_plots(trials.scores, trials.outcomes, registered=study.chosen, importance=importance))
        return register(
            session,
            run,
            challenger=package,
            first_champion=lambda: fit_final(session, study, name=BASELINE, is_first_champion=True)[1],
        )


def cross_section_of(session: Session) -> CrossSection:
    """The session's cross-section. Raises BadInput where its tables have dates."""
    if session.cross_section is None:
        raise BadInput(f"{session.config.name} has dates; its churn models are trained on cutoffs")
    return session.cross_section


def evaluate(
    session: Session, data: CrossSection, *, recipes: dict[str, Recipe], model: str | None
) -> CrossSectionStudy:
    """Drop leaks, cross-validate every recipe, and choose one."""
    seed = session.config.seed
    with session.progress.during("leak detection"):
        rows = drop_leaks(data, seed)
    trials = cross_validate(recipes, rows, seed=seed, progress=session.progress)
    chosen = model or choose(trials.scores, trials.outcomes, seed=seed).model
    return CrossSectionStudy(
        data=data, rows=rows, recipes=recipes, trials=trials, metrics=trials.metrics(), chosen=chosen
    )


def fit_final(
    session: Session, study: CrossSectionStudy, *, name: str, is_first_champion: bool = False
) -> tuple[ChurnModel, ModelPackage]:
    """Fit one of the recipes on every customer; returns the model and what is registered of it."""
    rows, outcomes = study.rows, study.rows.outcomes
    model = rows.fit(study.recipes[name], np.ones(len(outcomes), bool))
    day = outcomes.cutoffs[0].astype(object)
    evaluation = Evaluation(
        recipe=study.recipes[name],
        baselines=(BASELINE,),
        metrics=study.metrics,
        comparisons=study.trials.compare_with(name, (BASELINE,)),
        measured="on held-out customers",
        is_first_champion=is_first_champion,
    )
    card = build_card(
        session,
        CHURN,
        evaluation=evaluation,
        cutoff=day,
        training_cutoffs=(day,),
        test_cutoff=None,
        horizon_days=outcomes.horizon_days,
        cohort=study.data.cohort,
        base_rate=float(outcomes.churned.mean()),
        features=rows.features.digests,
        as_of_today=rows.features.names,
        excluded_features=rows.dropped,
        limits=limits(rows),
        data_digest=study.data.digest,
        **outcome_facts(outcomes),
    )
    return model, ModelPackage(card, model.to_artifact(), model.columns_)


def limits(rows: CleanRows) -> tuple[str, ...]:
    """What a reader of the metrics must know."""
    dropped = f"Dropped by leak detection: {', '.join(leak.feature for leak in rows.dropped)}."
    return (
        f"The data have no dates: the metrics are of {N_FOLDS} folds of customers, repeated {N_REPEATS} times, and say "
        "nothing about the future. The same folds chose the model.",
        "Every column is known as of one day only, perhaps written after the customer left.",
        *([dropped] if rows.dropped else []),
        "Intervals are 90 % and resample customers.",
    )


def compare_cross_section_recipes(session: Session, champion: ModelCard | None, challenger: ModelCard) -> Comparison:
    """Compare both recipes on the challenger's columns, by the log loss on held-out customers."""
    data, recipe = cross_section_of(session), Recipe.of_card(challenger)
    opponent = Recipe.of_card(champion) if champion else default_recipe(CHURN_MODELS, BASELINE)
    rows = CleanRows(data.features.select(list(challenger.features)), data.outcomes, ())
    both = {"challenger": recipe, "champion": opponent}
    trials = cross_validate(both, rows, seed=session.config.seed, progress=session.progress, n_repeats=1)
    return compare(
        recipe.model,
        f"the champion {opponent.model}" if champion else opponent.model,
        scores=trials.scores["challenger"],
        scores_against=trials.scores["champion"],
        outcomes=trials.outcomes,
        metric="log_loss",
    )


PIPELINE = TrainingPipeline(
    kind=CHURN,
    train=lambda session, options: train_cross_section(session, options.model, settings=options.settings),
    compare=compare_cross_section_recipes,
)
