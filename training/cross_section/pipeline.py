"""Train churn models on a cross-section data set, which has no dates: the steps of `kizuna train churn`, in order.

    leak detection -> 5 folds of customers, repeated 4 times, choose a model
    -> final fit on every customer -> challenger in the registry

The base rate becomes champion where there is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput, NotEnoughHistory
from core.feature_table import FeatureTable
from core.labels import Labels
from core.model_card import CROSS_VALIDATION, Comparison, Leak, Metric, ModelCard
from core.model_kinds import CHURN
from core.scores import Scores
from models.churn.additive import CHURN_MODELS
from models.churn.shared_fits import share_fits
from models.metrics.classification import compare
from models.mlflow_store.package import ModelPackage
from models.protocols import ChurnModel, Settings
from tables.cross_section import CrossSection
from training.churn.pipeline import select_recipes
from training.churn.trials import Trials, choose, concatenate_by_model
from training.judging.leaks import LabelledRows
from training.judging.screening import doubt_model, screen_features
from training.run.cards import Evaluation, build_card, outcome_facts
from training.run.pipeline import TrainingPipeline, TrainingResult, register, track_training
from training.run.plots import churn_plots
from training.run.recipe import Recipe, default_recipe
from training.run.session import Progress, Session, run_parallel

BASELINE = CHURN.constant_model
N_FOLDS, N_REPEATS = 5, 4
NEEDS_DATES = ("recency",)
"Models that have no feature to use in a cross-section."


@dataclass(frozen=True)
class CleanRows:
    """A cross-section data set without the features that leak detection doubts."""

    features: FeatureTable
    outcomes: Labels
    dropped: tuple[Leak, ...] = ()
    notes: tuple[str, ...] = ()
    "Of leak detection."

    def fit(self, recipe: Recipe, rows: NDArray[np.bool_]) -> ChurnModel:
        """Fit the recipe's model on these customers."""
        return recipe.build(CHURN_MODELS).fit(self.features.take(rows), self.outcomes.take(rows))


def cross_section_recipes(recipes: Mapping[str, Recipe]) -> dict[str, Recipe]:
    """The recipes that need no dates.

    Folds choose the spline knots of numbers, because no windows of several lengths describe the same fact here.
    """
    return {
        name: recipe.with_settings({"n_knots": None} if "n_knots" in recipe.settings else {})
        for name, recipe in recipes.items()
        if name not in NEEDS_DATES
    }


def drop_leaks(data: CrossSection) -> CleanRows:
    """Leave out the columns that leak detection doubts; each half of the customers is measured by the other half."""
    rows = LabelledRows(data.features, data.outcomes)
    is_first = stratify_folds(data.outcomes.churned, n_folds=2, seed=data.config.seed) == 0
    first, second = rows.take(is_first), rows.take(~is_first)
    screening = screen_features([(first, second), (second, first)], data.config)
    if not screening.kept:
        raise NotEnoughHistory(
            f"{data.config.name}: leak detection doubts every column ({', '.join(data.features.names)}); list others "
            "in [cross_section], or name those that were known before the customer left in allow_features"
        )
    return CleanRows(data.features.select(screening.kept), data.outcomes, screening.excluded, screening.notes)


def stratify_folds(churned: NDArray[np.bool_], *, n_folds: int, seed: int) -> NDArray[np.int64]:
    """The random fold of each customer, (n,), with churned customers spread as evenly as possible."""
    shuffled = np.random.default_rng(seed).permutation(len(churned))
    dealt = shuffled[np.argsort(churned[shuffled], kind="stable")]
    folds = np.empty(len(churned), np.int64)
    folds[dealt] = np.arange(len(churned)) % n_folds
    return folds


def cross_validate(
    recipes: Mapping[str, Recipe], rows: CleanRows, *, seed: int, progress: Progress, n_repeats: int = N_REPEATS
) -> Trials:
    """Score each customer, once per repeat, by a model of each recipe that was fitted without them.

    Whatever a recipe chooses itself (trees, penalties, weights) is chosen on the customers that it is fitted on.
    """
    repeats = [
        stratify_folds(rows.outcomes.churned, n_folds=N_FOLDS, seed=seed + repeat) for repeat in range(n_repeats)
    ]
    held_out = [folds == fold for folds in repeats for fold in range(N_FOLDS)]
    steps = [(recipe.with_settings({"n_resamples": 0}), mask) for recipe in recipes.values() for mask in held_out]

    def score_fold(step: tuple[Recipe, NDArray[np.bool_]]) -> Scores:
        recipe, mask = step
        return rows.fit(recipe, ~mask).score(rows.features.take(mask), rows.outcomes.horizon_days)

    scores = run_parallel(score_fold, steps, progress=progress, label="cross-validation")
    order = np.concatenate([np.flatnonzero(mask) for mask in held_out])
    groups = np.repeat(np.arange(n_repeats), len(rows.outcomes))
    by_model = concatenate_by_model(recipes, scores, n_folds=len(held_out))
    return Trials(by_model, rows.outcomes.take(order), CROSS_VALIDATION, groups=groups)


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
    with track_training(session, CHURN, continued=session.continued_run) as run:
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
        rows = drop_leaks(data)
    with share_fits():
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
        leaks=doubt_model(study.metrics, name, columns=model.columns_, allowed=session.config.allow_features),
        excluded_features=rows.dropped,
        limits=limits(rows),
        data_digest=study.data.digest,
        **outcome_facts(outcomes),
    )
    return model, ModelPackage(card, model.to_artifact(), model.columns_)


def limits(rows: CleanRows) -> tuple[str, ...]:
    """What a reader of the metrics must know."""
    dropped = f"Left out by leak detection: {', '.join(leak.feature for leak in rows.dropped)}."
    return (
        f"The data have no dates: the metrics are of {N_FOLDS} folds of customers, repeated {N_REPEATS} times, and say "
        "nothing about the future. The same folds chose the model.",
        "Every column is known as of one day only, perhaps written after the customer left.",
        *([dropped] if rows.dropped else []),
        *rows.notes,
        "Intervals are 90 % and resample customers.",
    )


def compare_cross_section_recipes(session: Session, *, champion: ModelCard | None, challenger: ModelCard) -> Comparison:
    """Compare both recipes on the challenger's columns, by the log loss on held-out customers."""
    data, recipe = cross_section_of(session), Recipe.of_card(challenger)
    opponent = Recipe.of_card(champion) if champion else default_recipe(CHURN_MODELS, BASELINE)
    rows = CleanRows(data.features.select(list(challenger.features)), data.outcomes)
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
