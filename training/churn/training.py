"""What `kizuna train churn` does, from top to bottom.

validation chooses -> calibration where it helps -> tested once -> leak alarm -> fitted again on every mature row
-> registered as challenger; the best baseline becomes champion where there is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.model_card import Comparison, Leak, Metric, ModelCard
from features.families.catalogue import missing_tables
from models.churn.catalogue import CHURN_MODELS
from models.metrics.classification import compare
from models.mlflow_store.package import ModelPackage
from models.protocols import ChurnModel, Settings
from training.churn.rows import ChurnRows, churn_rows
from training.churn.trials import BASELINES, Trials, calibrated_where_it_helps, recipes_of, tested, validated
from training.judging.choosing import choose
from training.judging.gate import at_newest_window, is_refresh
from training.judging.leaks import find_leaks, too_few_to_judge
from training.run.cards import RECIPE_FIGURES, beats_all, verdict
from training.run.plots import churn_plots
from training.run.recipe import Recipe
from training.run.registering import Trained, ship
from training.run.session import Session
from training.run.tracking import TrackedRun, git_state

KIND = "churn"


@dataclass(frozen=True)
class Study:
    """What was found out before anything is shipped."""

    rows: ChurnRows
    recipes: dict[str, Recipe]
    validation: Trials
    test: Trials
    chosen: str
    best_baseline: str
    leaks: tuple[Leak, ...]
    metrics: tuple[Metric, ...]


def train_churn(session: Session, only: str | None = None, changes: Settings | None = None) -> Trained:
    """Train, judge and register a churn model.

    `only` names the model to register instead of the one that validation chooses; `changes` are other settings for
    it. Raises NotEnoughHistory, UnknownName for a model or setting that there is not, and whatever the tables raise.
    """
    recipes = wanted_recipes(session, only, changes or {})
    with session.tracking.run(session.registry.name(KIND), only or "all models", session.continued_run) as run:
        found = study(session, recipes, only)
        with session.progress.during(f"fitting {found.chosen} on every mature row"):
            model, package = shipped(session, found, found.chosen)
        log_study(run, found, found.chosen, model.importance(found.rows.features.take(found.rows.test)))
        return ship(session, run, package, lambda: shipped(session, found, found.best_baseline, baseline=True)[1])


def wanted_recipes(session: Session, only: str | None, changes: Settings) -> dict[str, Recipe]:
    """The recipes to try, simplest first: all, or the baselines and the one that is asked for."""
    recipes = recipes_of(session.config)
    if only is None:
        return recipes
    CHURN_MODELS[only]
    recipes[only] = recipes[only].changed(changes)
    return {name: recipe for name, recipe in recipes.items() if name in (*BASELINES, only)}


def study(session: Session, recipes: Mapping[str, Recipe], only: str | None) -> Study:
    """Compute the rows, choose on validation, test once, look for leaks."""
    with session.progress.during("features and labels"):
        rows = churn_rows(session.tables)
    validation = validated(recipes, rows, session.progress)
    chosen = only or choose(validation.scores, validation.outcomes, seed=session.config.seed).model
    baselines = {name: validation.scores[name] for name in BASELINES}
    best_baseline = choose(baselines, validation.outcomes, seed=session.config.seed).model
    final = dict(recipes)
    if only is None:
        final[chosen] = calibrated_where_it_helps(recipes[chosen], rows, validation, session.progress)
    test = tested(final, rows, session.progress)
    with session.progress.during("leak alarm"):
        leaks = leaks_in(rows, session.config.seed)
    metrics = (*validation.metrics(), *test.metrics())
    return Study(rows, final, validation, test, chosen, best_baseline, leaks, metrics)


def leaks_in(rows: ChurnRows, seed: int) -> tuple[Leak, ...]:
    """The features that explain an implausible share of what happened after the test cutoff."""
    features, outcomes = rows.features, rows.outcomes
    return find_leaks(
        features.take(rows.train), outcomes.take(rows.train), features.take(rows.test), outcomes.take(rows.test),
        seed=seed,
    )  # fmt: skip


def shipped(session: Session, found: Study, name: str, baseline: bool = False) -> tuple[ChurnModel, ModelPackage]:
    """One of the study's models, fitted on every mature row, and what is registered of it."""
    model = found.rows.fit(found.recipes[name], found.rows.everything)
    card = churn_card(session, found, name, model, baseline)
    return model, ModelPackage(card, model.to_artifact(), model.columns_)


def churn_card(session: Session, found: Study, name: str, model: ChurnModel, baseline: bool) -> ModelCard:
    """The card of one of the study's models, fitted on every mature row."""
    rows, churned = found.rows, found.rows.outcomes.churned
    comparisons = found.test.against(name, BASELINES if name not in BASELINES else BASELINES[:1])
    undated = tuple(column.name for column in model.columns_ if column.as_of_today)
    used = {column.name for column in model.columns_}
    return ModelCard(
        kind=KIND,
        data_set=session.config.name,
        model=name,
        created_at=session.now,
        cutoff=max(rows.folds.refit),
        training_cutoffs=rows.folds.refit,
        test_cutoff=rows.folds.test,
        horizon_days=rows.outcomes.horizon_days,
        gap_days=rows.outcomes.gap_days,
        cohort=rows.cohort,
        label=rows.outcomes.definition,
        n_rows=len(rows),
        n_customers=len(set(rows.outcomes.customer_ids)),
        base_rate=float(churned.mean()),
        settings=found.recipes[name].settings,
        features={column.name: column.digest for column in model.columns_},
        as_of_today=undated,
        metrics=found.metrics,
        comparisons=comparisons,
        verdict=verdict(name, comparisons, BASELINES, stands_in=baseline),
        beats_baselines=beats_all(comparisons),
        is_baseline=baseline,
        leaks=tuple(leak for leak in found.leaks if leak.feature in used),
        limits=(*limits_of(found, undated), *(f"{missing}." for missing in missing_tables(session.tables))),
        data_digest=session.tables.digest,
        git=git_state(),
    )


def limits_of(found: Study, undated: tuple[str, ...]) -> tuple[str, ...]:
    """What a reader of the figures must know."""
    folds = found.rows.folds
    as_of_today = f"Known as of today only, perhaps written after the cutoff: {', '.join(undated)}."
    return (
        RECIPE_FIGURES.format(last=max(folds.train), test=folds.test),
        f"Validation: {folds.says}.",
        *(f"{notice}." for notice in folds.notices),
        *([as_of_today] if undated else []),
        *too_few_to_judge(found.test.outcomes),
        "Intervals are 90 % and resample customers; they do not cover a change of the world after the test cutoff.",
    )


def log_study(run: TrackedRun, found: Study, name: str, importance: dict[str, float]) -> None:
    """The folds, the importance of each feature in log-odds, and the pictures."""
    folds = found.rows.folds
    run.log_parameters({"folds": folds.scheme})
    run.log_json({"train": folds.train, "test": folds.test, "purged": folds.purged, "says": folds.says}, "folds.json")
    run.log_json(importance, "feature_importance.json")
    run.log_plots(churn_plots(found.test.scores, found.test.outcomes, name, importance))


def compare_churn_recipes(session: Session, champion: ModelCard | None, challenger: ModelCard) -> Comparison:
    """Both recipes, fitted anew on purged rows and compared at the newest matured window; see training/judging/gate.py.

    Without a champion, the challenger is compared with `recency`.
    """
    asked = Recipe.of_card(challenger)
    opponent = Recipe.of_card(champion) if champion else recipes_of(session.config)["recency"]
    with session.progress.during("features and labels"):
        earlier = {*challenger.training_cutoffs, *(champion.training_cutoffs if champion else ())}
        rows = churn_rows(at_newest_window(session.tables), earlier)
    learn = opponent_learns = rows.train
    if champion and is_refresh(champion, challenger):
        learn, opponent_learns = (rows.learnable(card.training_cutoffs) for card in (challenger, champion))
    said, opponent_said = (
        rows.fit_and_score(recipe, learnt, rows.test)
        for recipe, learnt in session.progress.over([(asked, learn), (opponent, opponent_learns)], "both recipes")
    )
    against = f"the champion {opponent.model}" if champion else opponent.model
    return compare(asked.model, against, said, opponent_said, rows.outcomes.take(rows.test), "log_loss")
