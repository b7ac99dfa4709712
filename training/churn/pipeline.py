"""Train churn models: the steps of `kizuna train churn`, in order.

    features and labels -> leak detection -> validation chooses a model -> calibration if it is better
    -> one test on a later period -> final fit on every known outcome -> challenger in the registry

The best baseline becomes champion where there is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from core.feature_names import FeatureFamily
from core.labels import Labels
from core.model_card import Metric
from core.model_kinds import CHURN, ModelKind
from features.families.catalogue import missing_tables
from features.segments.rule_variables import decode_words
from models.churn.additive import CHURN_MODELS, STANDARD_DEVIATIONS
from models.churn.shared_fits import share_fits
from models.metrics.groups import AttributeGroups, group_numbers, group_words, measure_groups
from models.mlflow_store.package import ModelPackage
from models.protocols import ChurnModel, Settings
from training.churn.contacts import describe_contacted
from training.churn.gate import compare_churn_recipes
from training.churn.money import NO_MONEY, load_retention_values, measure_money
from training.churn.rows import ChurnRows, fit_few_rows, load_churn_rows
from training.churn.trials import (
    BASELINES,
    RANKING_BASELINES,
    Trials,
    adjust_if_better,
    choose_learned,
    default_recipes,
    every_window,
    score_test,
    validate,
)
from training.judging.screening import Screening, doubt_model, screen_features
from training.run.cards import INTERVALS, RECIPE_FIGURES, Evaluation, build_card, feature_facts, outcome_facts
from training.run.pipeline import TrainingPipeline, TrainingResult, register, track_training
from training.run.plots import churn_plots
from training.run.recipe import Recipe, change_settings
from training.run.session import Session
from training.run.tracking import TrackedRun


@dataclass(frozen=True, kw_only=True)
class ChurnStudy:
    """The evaluation of every recipe, before the final fit."""

    rows: ChurnRows
    recipes: dict[str, Recipe]
    validation: Trials
    test: Trials
    windows: Trials
    "The chosen recipe and the baselines on every later window."
    chosen: str
    best_baseline: str
    metrics: tuple[Metric, ...]
    screening: Screening

    def evaluation(self, name: str, *, is_first_champion: bool = False) -> Evaluation:
        """The metrics of every recipe, and the comparison of one of them with the baselines."""
        baselines = BASELINES if name not in BASELINES else BASELINES[:1]
        return Evaluation(
            recipe=self.recipes[name],
            baselines=BASELINES,
            metrics=self.metrics,
            comparisons=self.windows.compare_with(name, baselines),
            measured=self.windows.period,
            is_first_champion=is_first_champion,
        )


def train_churn(
    session: Session, model: str | None = None, *, settings: Settings | None = None, kind: ModelKind = CHURN
) -> TrainingResult:
    """Train, evaluate and register a churn model, or one of an event, for which `session` has the tables.

    `model` is registered instead of the one that validation chooses; `settings` are other settings for it. Raises
    NotEnoughHistory, UnknownName for an unknown model or setting, and the errors of reading the tables.
    """
    recipes = select_recipes(session, model, settings=settings or {})
    with track_training(session, kind, continued=session.continued_run) as run:
        study = evaluate(session, recipes, model=model)
        with session.progress.during(f"fitting {study.chosen} on every known outcome"):
            fitted, package = fit_final(session, study, kind=kind, name=study.chosen)
        log_study(run, study, model=fitted)
        return register(
            session,
            run,
            challenger=package,
            first_champion=lambda: fit_final(
                session, study, kind=kind, name=study.best_baseline, is_first_champion=True
            )[1],
        )


def select_recipes(session: Session, model: str | None, *, settings: Settings) -> dict[str, Recipe]:
    """The recipes to try, simplest first: all of them, or the requested one and the baselines."""
    recipes = default_recipes(session.config)
    if model is None:
        return recipes
    CHURN_MODELS[model]
    recipes[model] = change_settings(recipes[model], settings, catalogue=CHURN_MODELS, fit=fit_few_rows)
    return {name: recipe for name, recipe in recipes.items() if name in (*BASELINES, model)}


def evaluate(session: Session, recipes: Mapping[str, Recipe], *, model: str | None) -> ChurnStudy:
    """Compute the rows, leave out doubtful features, choose a model on validation, and test every recipe once."""
    progress = session.progress
    with progress.during("features and labels"):
        all_rows = load_churn_rows(session.tables, kept_rows=session.kept_rows)
    with progress.during("leak detection"):
        halves = all_rows.take_labelled(all_rows.train), all_rows.take_labelled(all_rows.test)
        screening = screen_features([halves], session.config)
        rows = all_rows.without(set(all_rows.features.names) - set(screening.kept))
    with share_fits():
        validation = validate(recipes, rows, progress=progress)
        chosen = model or choose_learned(validation)
        final = dict(recipes)
        if model is None:
            final[chosen], validation = adjust_if_better(
                recipes[chosen], rows, validation=validation, progress=progress
            )
        test = score_test(final, rows, progress=progress)
        test = replace(test, retention=load_retention_values(session.tables, test.outcomes))
        contenders = {name: recipe for name, recipe in final.items() if name in (*BASELINES, chosen)}
        windows = every_window(contenders, rows, validation=validation, test=test, progress=progress)
    # The champion of the first day has to rank customers, or there would be no health scores, tasks and segments.
    validation_metrics = validation.metrics()
    auc = {metric.model: metric.estimate.value for metric in validation_metrics if metric.name == "auc"}
    best_baseline = max(RANKING_BASELINES, key=auc.__getitem__)
    return ChurnStudy(
        rows=rows,
        recipes=final,
        validation=validation,
        test=test,
        windows=windows,
        chosen=chosen,
        best_baseline=best_baseline,
        metrics=(*validation_metrics, *test.metrics()),
        screening=screening,
    )


def fit_final(
    session: Session, study: ChurnStudy, *, kind: ModelKind, name: str, is_first_champion: bool = False
) -> tuple[ChurnModel, ModelPackage]:
    """Fit one of the recipes on every known outcome; returns the model and what is registered of it."""
    rows = study.rows
    model = rows.fit(study.recipes[name], rows.all_fit_rows)
    card = build_card(
        session,
        kind,
        evaluation=study.evaluation(name, is_first_champion=is_first_champion),
        cutoff=max(rows.folds.refit),
        training_cutoffs=rows.folds.refit,
        test_cutoff=rows.folds.test,
        horizon_days=rows.outcomes.horizon_days,
        cohort=rows.cohort,
        base_rate=float(rows.mature_outcomes.churned.mean()),
        leaks=doubt_model(study.metrics, name, columns=model.columns_, allowed=session.config.allow_features),
        groups=measure_groups(
            study.test.scores[name], study.test.outcomes, groups=attribute_groups(rows), seed=session.config.seed
        ),
        money=measure_money(session.config, study.test, metrics=study.metrics, model=name),
        n_contacted=int(rows.contacted.sum()),
        excluded_features=study.screening.excluded,
        limits=limits(session, study, model=model),
        data_digest=session.tables.digest,
        **outcome_facts(rows.outcomes),
        **feature_facts(model.columns_),
    )
    return model, ModelPackage(card, model.to_artifact(), model.columns_)


def attribute_groups(rows: ChurnRows) -> dict[str, AttributeGroups]:
    """The groups of each listed attribute, by name, among the tested rows."""
    features = rows.features.take(rows.test_rows)
    return {
        column.name: group_numbers(features.column(column.name))
        if column.vocabulary is None
        else group_words(decode_words(features.column(column.name), column.vocabulary))
        for column in features.columns
        if column.family == FeatureFamily.ATTRIBUTES
    }


def limits(session: Session, study: ChurnStudy, *, model: ChurnModel) -> tuple[str, ...]:
    """What a reader of the metrics must know."""
    folds = study.rows.folds
    undated = [column.name for column in model.columns_ if column.as_of_today]
    as_of_today = f"Known as of today only, perhaps written after the cutoff: {', '.join(undated)}."
    rows = study.rows
    contacted = describe_contacted(rows.contacted, rows.outcomes, are_left_out=rows.leaves_out_contacted)
    return (
        RECIPE_FIGURES.format(last=max(folds.train), test=folds.test),
        f"Validation: {rows.validation_summary}.",
        *describe_level(
            rows.mature_outcomes, subject="Churn" if session.tables.event is None else "The rate of the event"
        ),
        *(f"{notice}." for notice in folds.notices),
        *([as_of_today] if undated else []),
        *study.screening.notes,
        *([contacted] if contacted else []),
        *([NO_MONEY] if session.tables.event is None and study.test.retention is None else []),
        INTERVALS,
        *(f"{missing}." for missing in missing_tables(session.tables)),
    )


def describe_level(outcomes: Labels, *, subject: str = "Churn") -> Iterable[str]:
    """Say so where the rate of the newest window lies outside chance of the rate of the earlier ones."""
    days, codes = np.unique(outcomes.cutoffs, return_inverse=True)
    churned, counts = np.bincount(codes, weights=outcomes.churned), np.bincount(codes)
    if len(days) < 2:
        return
    earlier, newest = churned[:-1].sum() / counts[:-1].sum(), churned[-1] / counts[-1]
    by_chance = np.sqrt(max(earlier * (1 - earlier), 1e-9) / counts[-1])
    if abs(newest - earlier) > STANDARD_DEVIATIONS * by_chance:
        word = "fallen" if newest < earlier else "risen"
        yield (
            f"{subject} has {word} from {earlier:.1%} at the earlier cutoffs to {newest:.1%} at {days[-1]}; if it "
            "moves further, probabilities will be off by as much."
        )


def log_study(run: TrackedRun, study: ChurnStudy, *, model: ChurnModel) -> None:
    """Log the folds, the importance of each feature in log-odds, and the plots."""
    folds, rows = study.rows.folds, study.rows
    importance = model.importance(rows.features.take(rows.test))
    run.log_parameters({"folds": folds.scheme})
    run.log_json(
        {"train": folds.train, "test": folds.test, "purged": folds.purged, "summary": rows.validation_summary},
        "folds.json",
    )
    run.log_json(importance, "feature_importance.json")
    run.log_plots(churn_plots(study.test.scores, study.test.outcomes, registered=study.chosen, importance=importance))


def feature_notices(session: Session) -> Iterable[str]:
    """The tables that are missing, with the features that are skipped because of it."""
    return (str(missing) for missing in missing_tables(session.tables))


PIPELINE = TrainingPipeline(
    kind=CHURN,
    train=lambda session, options: train_churn(session, options.model, settings=options.settings),
    compare=compare_churn_recipes,
    notices=feature_notices,
)
