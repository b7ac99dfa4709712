"""Train churn models on a cross-section data set, which has no dates: the steps of `kizuna train churn`, in order.

    leak detection -> folds of customers, repeated where these are few, choose a model
    -> final fit on every customer -> challenger in the registry

The base rate becomes champion where there is none, and is all that is fitted where too few customers left or stayed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from threadpoolctl import threadpool_limits

from core.errors import BadInput
from core.model_card import Metric
from core.model_kinds import CHURN
from models.churn.additive import CHURN_MODELS
from models.churn.shared_fits import share_fits
from models.mlflow_store.package import ModelPackage
from models.protocols import ChurnModel, Settings
from tables.cross_section import CrossSection
from training.churn.money import measure_money, use_stated_value
from training.churn.pipeline import select_recipes
from training.churn.trials import Trials, choose
from training.cross_section.gate import compare_cross_section_recipes, cross_section_of, hash_customers
from training.cross_section.rows import MAX_ROWS, CleanRows, clean_rows, sample_rows
from training.cross_section.trials import (
    BASELINE,
    N_FOLDS,
    cross_section_recipes,
    cross_validate,
    describe_shortage,
    fittable_recipes,
)
from training.judging.screening import doubt_model
from training.run.cards import Evaluation, build_card, feature_facts, outcome_facts
from training.run.pipeline import TrainingPipeline, TrainingResult, register, track_training
from training.run.plots import churn_plots
from training.run.recipe import Recipe, default_recipe
from training.run.session import Session

MANY_ROWS, FEW_REFITS = 20_000, 10
"Customers above which the intervals of scores come from few refits: they are narrow, and each refit takes long."
MAX_EXPLAINED = 5_000
"Customers that the importance of features is computed from."


@dataclass(frozen=True, kw_only=True)
class CrossSectionStudy:
    """The evaluation of every recipe, before the final fit."""

    data: CrossSection
    rows: CleanRows
    recipes: dict[str, Recipe]
    trials: Trials
    metrics: tuple[Metric, ...]
    chosen: str
    shortage: str
    "Why nothing but the base rate could be fitted; '' where models could."


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
    with track_training(session, CHURN, continued=session.continued_run) as run:
        study = evaluate(session, data, recipes=recipes, model=model)
        with session.progress.during(f"fitting {study.chosen} on every customer"):
            fitted, package = fit_final(session, study, name=study.chosen)
        is_explained = sample_rows(study.rows.outcomes.churned, limit=MAX_EXPLAINED, seed=session.config.seed)
        importance = fitted.importance(study.rows.features.take(is_explained))
        trials = study.trials
        run.log_parameters({"folds": f"{N_FOLDS} of customers, {trials.n_groups} times"})
        run.log_json(importance, "feature_importance.json")
        run.log_plots(churn_plots(trials.scores, trials.outcomes, registered=study.chosen, importance=importance))
        return register(
            session,
            run,
            challenger=package,
            first_champion=lambda: fit_final(session, study, name=BASELINE, is_first_champion=True)[1],
            notes=(f"only the base rate was fitted: {study.shortage}",) if study.shortage else (),
        )


def evaluate(
    session: Session, data: CrossSection, *, recipes: dict[str, Recipe], model: str | None
) -> CrossSectionStudy:
    """Drop leaks, cross-validate every recipe that the rows allow, and choose one."""
    seed = session.config.seed
    with session.progress.during("leak detection"):
        rows = clean_rows(data)
    recipes = fittable_recipes(recipes, rows, model=model)
    with share_fits():
        trials = cross_validate(recipes, rows, seed=seed, progress=session.progress)
    trials = replace(trials, retention=use_stated_value(session.config, len(trials.outcomes)))
    chosen = model or choose(trials.scores, trials.outcomes)
    return CrossSectionStudy(
        data=data,
        rows=rows,
        recipes=recipes,
        trials=trials,
        metrics=trials.metrics(),
        chosen=chosen,
        shortage=describe_shortage(rows),
    )


def fit_final(
    session: Session, study: CrossSectionStudy, *, name: str, is_first_champion: bool = False
) -> tuple[ChurnModel, ModelPackage]:
    """Fit one of the recipes on every customer; returns the model and what is registered of it."""
    rows, outcomes = study.rows, study.rows.outcomes
    is_fitted = sample_rows(outcomes.churned, limit=MAX_ROWS, seed=session.config.seed)
    # Threads that wait for each other on busy cores cost more than they give.
    with threadpool_limits(1):
        model = rows.fit(with_few_refits(study.recipes[name], len(rows)), is_fitted)
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
        leaks=doubt_model(study.metrics, name, columns=model.columns_, allowed=session.config.allow_features),
        money=measure_money(session.config, study.trials, metrics=study.metrics, model=name),
        excluded_features=rows.dropped,
        limits=limits(study, n_fitted=int(is_fitted.sum())),
        data_digest=study.data.digest,
        **outcome_facts(outcomes),
        **feature_facts(model.columns_),
    )
    customers = hash_customers(outcomes.customer_ids[is_fitted])
    return model, ModelPackage(card, model.to_artifact(), model.columns_, customers)


def with_few_refits(recipe: Recipe, n_customers: int) -> Recipe:
    """The recipe with fewer bootstrap refits where intervals are narrow, unless their number was asked for."""
    n_resamples = default_recipe(CHURN_MODELS, recipe.model).settings["n_resamples"]
    is_default = recipe.settings["n_resamples"] == n_resamples
    return recipe.with_settings({"n_resamples": FEW_REFITS}) if is_default and n_customers > MANY_ROWS else recipe


def limits(study: CrossSectionStudy, *, n_fitted: int) -> tuple[str, ...]:
    """What a reader of the metrics must know."""
    rows, trials = study.rows, study.trials
    n, n_scored = len(rows), len(trials.outcomes) // trials.n_groups
    dropped = f"Left out by leak detection: {', '.join(leak.feature for leak in rows.dropped)}."
    sample = f"Recipes were compared on a random sample of {n_scored:,} of {n:,} customers."
    fitted = f"The registered model is fitted on a random sample of {n_fitted:,} of {n:,} customers."
    times = "once" if trials.n_groups == 1 else f"repeated {trials.n_groups} times"
    return (
        f"The data have no dates: the metrics are of {N_FOLDS} folds of customers, {times}, and say "
        "nothing about the future. The same folds chose the model.",
        "Every column is known as of one day only, perhaps written after the customer left.",
        *([f"Only the base rate was fitted: {study.shortage}."] if study.shortage else []),
        *([sample] if n_scored < n else []),
        *([fitted] if n_fitted < n else []),
        *([dropped] if rows.dropped else []),
        *rows.notes,
        "Intervals are 90 % and resample customers.",
        *([f"Intervals of scores come from {FEW_REFITS} refits, because of {n:,} customers."] if n > MANY_ROWS else []),
    )


PIPELINE = TrainingPipeline(
    kind=CHURN,
    train=lambda session, options: train_cross_section(session, options.model, settings=options.settings),
    compare=compare_cross_section_recipes,
)
