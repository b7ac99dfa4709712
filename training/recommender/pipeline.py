"""Train recommenders: the steps of `kizuna train recommender`, in order.

    histories -> validation chooses a model by NDCG@10 -> one test on a later period -> final fit on everything
    -> challenger in the registry

Popularity becomes champion where there is none. The settings that `kizuna tune recommender` found are used.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.config.data_set import Config
from core.errors import NotEnoughHistory
from core.interactions import Interactions
from core.model_card import Comparison, Metric, ModelCard
from core.model_kinds import RECOMMENDER
from features.interactions import categories_are_undated, load_choices, load_interactions
from models.mlflow_store.package import ModelPackage
from models.protocols import Settings
from models.recommenders.catalogue import RECOMMENDERS
from tables.tables import Tables
from training.judging.promotion import at_newest_window, is_refresh
from training.recommender.costs import MAX_CUSTOMERS, MAX_TESTED, CostEstimate, describe_work, small_sample
from training.recommender.evaluation_tasks import evaluation_tasks
from training.recommender.penalties import EASE, PENALTY, choose_penalty
from training.recommender.rows import threads_for
from training.recommender.study import ALWAYS_TESTED, BASELINE, METRIC_KS, PLOT_KS, RankingStudy, limits
from training.recommender.trials import add_base_models, try_recipes
from training.recommender.tuned import TunedRecommenders, read_tuned
from training.run.cards import build_card
from training.run.pipeline import TrainingPipeline, TrainingResult, register, track_training
from training.run.plots import ndcg_plot
from training.run.recipe import Recipe, change_settings, default_recipe
from training.run.session import Session


def train_recommender(
    session: Session, model: str | None = None, *, settings: Settings | None = None
) -> TrainingResult:
    """Train, evaluate and register a recommender.

    `model` is registered instead of the one that validation chooses; `settings` are other settings for it. Raises
    NotEnoughHistory where purchases have no items or the history is too short, and BadInput for tuned settings that
    are broken or outdated.
    """
    tuned = read_tuned(session.config.places.recommender_settings)
    recipes = select_recipes(session.config, model, settings=settings or {}, tuned=tuned)
    with track_training(session, RECOMMENDER, continued=session.continued_run) as run:
        study = evaluate(session, recipes, model=model, tuned=tuned, own_settings=settings or {})
        run.log_plots({"ndcg_by_k": ndcg_plot((*study.plot_metrics, *study.metrics), registered=study.chosen)})
        with session.progress.during(f"fitting {study.chosen} on everything"):
            package = fit_final(session, study, name=study.chosen)
        return register(
            session,
            run,
            challenger=package,
            first_champion=lambda: fit_final(session, study, name=BASELINE, is_first_champion=True),
        )


def default_recipes(config: Config) -> dict[str, Recipe]:
    """The recommenders that the TOML lists, or all of them, simplest first, with the models that they must beat.

    Each has its default settings, the data set's seed, its half-life of popularity and its policy of repeats.
    """
    names = add_base_models([BASELINE, *(config.recommender.models or RECOMMENDERS)])
    return {name: _default_recipe(config, name) for name in RECOMMENDERS if name in names}


def _default_recipe(config: Config, name: str) -> Recipe:
    policy = config.recommender.repeat_policy
    common: Settings = {
        "seed": config.seed,
        "popularity_half_life_days": config.recommender.popularity_half_life_days,
        "only_new": None if policy == "auto" else policy == "never",
    }
    recipe = default_recipe(RECOMMENDERS, name)
    return recipe.with_settings({key: value for key, value in common.items() if key in recipe.settings})


def select_recipes(
    config: Config, model: str | None, *, settings: Settings, tuned: TunedRecommenders
) -> dict[str, Recipe]:
    """The recipes to try, simplest first: all of them, or the requested one and the models that it must beat.

    Tuned settings replace a model's defaults, and `settings` replace both.
    """
    for name in config.recommender.models:
        RECOMMENDERS[name]
    if model is None:
        return {name: tuned.apply(recipe) for name, recipe in default_recipes(config).items()}
    RECOMMENDERS[model]
    names = add_base_models([BASELINE, model])
    recipes = {name: tuned.apply(_default_recipe(config, name)) for name in RECOMMENDERS if name in names}
    return recipes | {model: change_settings(recipes[model], settings, catalogue=RECOMMENDERS)}


def evaluate(
    session: Session,
    recipes: dict[str, Recipe],
    *,
    model: str | None,
    tuned: TunedRecommenders,
    own_settings: Settings | None = None,
) -> RankingStudy:
    """Choose a model at the validation cutoffs, and test every recipe once at the next cutoff.

    A penalty of EASE that was tuned or is among `own_settings` is kept; otherwise validation chooses it too.
    """
    tables = session.tables
    with session.progress.during("histories"):
        everything = load_choices(tables)
        refuse_without_complete_day(tables, everything)
        seed = session.config.seed
        all_tasks = evaluation_tasks(tables, everything)
        validation = tuple(task.sample(MAX_CUSTOMERS, seed=seed) for task in all_tasks.validation)
        test = all_tasks.test.sample(MAX_TESTED, seed=seed)
        tasks = replace(all_tasks, validation=validation, test=test)
    tuned.refuse_overlap_with_test(test.cutoff)
    if EASE not in tuned.models and PENALTY not in (own_settings or {}):
        with session.progress.during("the penalty of ease"):
            recipes = choose_penalty(recipes, all_tasks.validation[-1], seed=seed, progress=session.progress)
    required = (BASELINE, model) if model else (BASELINE,)
    sample = small_sample(all_tasks.validation[0], seed=seed)
    session.progress.note(describe_work(recipes, everything, tasks=tasks, sample=sample))
    costs = CostEstimate(session.progress, everything, n_models=len(recipes), n_cutoffs=len(validation))
    trials = try_recipes(
        recipes,
        validation,
        progress=session.progress,
        required=required,
        sample=sample,
        after_step=costs.note,
    )
    chosen = model or trials.choose()
    tested = [name for name in trials.complete_trials if name in {*ALWAYS_TESTED, chosen}]
    with session.progress.during(f"testing {', '.join(tested)}"):
        at_test = {name: test.answer(recipes[name]) for name in tested}
    metrics = list(trials.metrics())
    plot_metrics: list[Metric] = []
    for name, answer in at_test.items():
        metrics += test.metrics(name, answer, split="test", ks=METRIC_KS)
        plot_metrics += test.metrics(name, answer, split="test", ks=PLOT_KS)
    comparison = () if chosen == BASELINE else (
        test.compare(chosen, BASELINE, answer=at_test[chosen], other=at_test[BASELINE]),
    )  # fmt: skip
    return RankingStudy(
        everything=everything,
        tasks=tasks,
        recipes=recipes,
        tuned=tuned,
        trials=trials,
        metrics=tuple(metrics),
        plot_metrics=tuple(plot_metrics),
        comparisons=comparison,
        chosen=chosen,
    )


def refuse_without_complete_day(tables: Tables, everything: Interactions) -> None:
    """Raises NotEnoughHistory where all purchases are of the newest day, which may be incomplete and is not used."""
    watermark = tables.watermark("purchases")
    if everything.times.min() >= np.datetime64(watermark, "s"):
        raise NotEnoughHistory(
            f"all purchases are of {watermark} or later, which may be incomplete, so nothing is left to learn from; "
            f"state watermark = {everything.day_after_last} if they are complete"
        )


def fit_final(session: Session, study: RankingStudy, *, name: str, is_first_champion: bool = False) -> ModelPackage:
    """Fit one of the recipes on everything recorded; returns what is registered of it."""
    recipe, until = study.recipes[name], session.tables.watermark("purchases")
    horizon_days = session.config.recommender.horizon_days
    cohort, label = study.tasks.question(horizon_days)
    has_undated = len(study.everything.item_categories) > 0 and categories_are_undated(session.tables)
    with threads_for(recipe, study.everything):
        model = recipe.build(RECOMMENDERS).fit(study.everything, until)
    card = build_card(
        session,
        RECOMMENDER,
        evaluation=study.evaluation(name, is_first_champion=is_first_champion),
        cutoff=until,
        training_cutoffs=(until,),
        test_cutoff=None if study.tasks.no_cutoffs_because else study.tasks.test.cutoff,
        horizon_days=horizon_days,
        cohort=cohort,
        label=label,
        n_rows=len(study.everything.items),
        n_customers=len(study.everything),
        as_of_today=("items.category",) if has_undated else (),
        limits=limits(study, model),
        data_digest=session.tables.digest,
    )
    return ModelPackage(card, model.to_artifact())


def compare_recommender_recipes(session: Session, *, champion: ModelCard | None, challenger: ModelCard) -> Comparison:
    """Fit both recipes anew on what was known at the newest mature cutoff, and compare them there.

    A refresh is fitted on what was known when each version was trained. Without a champion, the challenger is compared
    with popularity. See training/judging/promotion.py.
    """
    tables = at_newest_window(session.tables)
    recipe = Recipe.of_card(challenger)
    opponent = Recipe.of_card(champion) if champion else default_recipes(session.config)[BASELINE]
    with session.progress.during("histories"):
        tasks = evaluation_tasks(tables, load_interactions(tables))
        task = tasks.test
        known_then = None
        is_later = champion is not None and champion.cutoff < task.cutoff and not tasks.no_cutoffs_because
        if champion and is_later and is_refresh(champion, challenger):
            known_then = load_interactions(tables, champion.cutoff)
    answer, other = (
        task.answer(one, interactions)
        for one, interactions in session.progress.over([(recipe, None), (opponent, known_then)], "both recipes")
    )
    against = f"the champion {opponent.model}" if champion else opponent.model
    return task.compare(recipe.model, against, answer=answer, other=other)


PIPELINE = TrainingPipeline(
    kind=RECOMMENDER,
    train=lambda session, options: train_recommender(session, options.model, settings=options.settings),
    compare=compare_recommender_recipes,
)
