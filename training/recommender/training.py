"""What `kizuna train recommender` does, from top to bottom.

validation chooses by NDCG@10 -> tested once -> fitted again on everything -> registered as challenger; popularity
becomes champion where there is none. Settings are those of `kizuna tune recommender`, where it has found some.
"""

from __future__ import annotations

from core.config.data_set import Config
from core.model_card import Comparison, ModelCard
from features.interactions import load_interactions
from models.mlflow_store.package import ModelPackage
from models.protocols import Settings
from models.recommenders.catalogue import RECOMMENDERS
from models.recommenders.engine.base import LadderRecommender
from models.recommenders.reranked import Reranked
from training.judging.gate import at_newest_window, is_refresh
from training.recommender.rows import ranking_cutoffs, ranking_task, threads_for
from training.recommender.study import BASELINE, RankingStudy, study
from training.recommender.trials import with_those_behind
from training.recommender.tuned import TunedRecommenders, read_tuned
from training.run.cards import RECIPE_FIGURES, beats_all, verdict
from training.run.plots import ndcg_plot
from training.run.recipe import Recipe
from training.run.registering import Trained, ship
from training.run.session import Session
from training.run.tracking import git_state

KIND = "recommender"


def train_recommender(session: Session, only: str | None = None, changes: Settings | None = None) -> Trained:
    """Train, judge and register a recommender.

    `only` names the model to register instead of the one that validation chooses; `changes` are other settings for
    it. Raises NotEnoughHistory where purchases carry no items or the history is too short, BadInput for tuned
    settings that are broken or outdated, and for a second stage that is asked for in vain.
    """
    tuned = read_tuned(session.config.places.tuned_recommenders)
    recipes = wanted_recipes(session.config, only, changes or {}, tuned)
    with session.tracking.run(session.registry.name(KIND), only or "all models", session.continued_run) as run:
        found = study(session, recipes, only, tuned)
        run.log_plots({"ndcg_by_k": ndcg_plot((*found.drawn, *found.metrics), found.chosen)})
        with session.progress.during(f"fitting {found.chosen} on everything"):
            package = shipped(session, found, found.chosen)
        return ship(session, run, package, lambda: shipped(session, found, BASELINE, baseline=True))


def recipes_of(config: Config) -> dict[str, Recipe]:
    """Every recommender that the TOML lists, or the whole shelf, simplest first, with those that they must beat.

    Each with its own settings, the data set's seed and its half-life of popularity.
    """
    wanted = with_those_behind([BASELINE, *(config.recommender.models or RECOMMENDERS)])
    return {name: _recipe_of(config, name) for name in RECOMMENDERS if name in wanted}


def _recipe_of(config: Config, name: str) -> Recipe:
    said = {"seed": config.seed, "popularity_half_life_days": config.recommender.popularity_half_life_days}
    settings = RECOMMENDERS[name]().settings
    return Recipe(name, settings | {key: value for key, value in said.items() if key in settings})


def wanted_recipes(config: Config, only: str | None, changes: Settings, tuned: TunedRecommenders) -> dict[str, Recipe]:
    """The recipes to try, simplest first: all, or the one that is asked for and those that it must beat.

    Tuned settings go before a model's own, and `changes` before both.
    """
    for name in config.recommender.models:
        RECOMMENDERS[name]
    if only is None:
        return {name: tuned.applied(recipe) for name, recipe in recipes_of(config).items()}
    RECOMMENDERS[only]
    tried = with_those_behind([BASELINE, only])
    recipes = {name: tuned.applied(_recipe_of(config, name)) for name in RECOMMENDERS if name in tried}
    return recipes | {only: recipes[only].changed(changes)}


def shipped(session: Session, found: RankingStudy, name: str, baseline: bool = False) -> ModelPackage:
    """One of the study's models, fitted on everything recorded."""
    recipe, until = found.recipes[name], session.tables.watermark("purchases")
    with threads_for(recipe, found.everything):
        model = recipe.unfitted(RECOMMENDERS).fit(found.everything, until)
    return ModelPackage(recommender_card(session, found, model, baseline), model.to_artifact())


def recommender_card(session: Session, found: RankingStudy, model: LadderRecommender, baseline: bool) -> ModelCard:
    """The card of one of the study's models, fitted on everything."""
    name = model.name
    config, until = session.config, session.tables.watermark("purchases")
    comparisons = found.comparisons if name == found.chosen else ()
    days = config.recommender.horizon_days
    return ModelCard(
        kind=KIND,
        data_set=config.name,
        model=name,
        created_at=session.now,
        cutoff=until,
        training_cutoffs=(until,),
        test_cutoff=found.test.cutoff,
        horizon_days=days,
        cohort=f"customers with a purchase before the cutoff who bought an item in the {days} days after it",
        label=f"the items that a customer buys within {days} days",
        n_rows=len(found.everything.items),
        n_customers=len(found.everything),
        settings=found.recipes[name].settings,
        metrics=found.metrics,
        comparisons=comparisons,
        verdict=verdict(name, comparisons, (BASELINE,), stands_in=baseline),
        beats_baselines=beats_all(comparisons),
        is_baseline=baseline,
        limits=limits_of(found, model),
        data_digest=session.tables.digest,
        git=git_state(),
    )


def limits_of(found: RankingStudy, model: LadderRecommender) -> tuple[str, ...]:
    """What a reader of the figures must know."""
    name = model.name
    days = ", ".join(task.cutoff.isoformat() for task in reversed(found.validated_at))
    both = found.trials.second_stage(name)
    left_out = "; ".join(f"{model} ({why})" for model, why in found.left_out.items())
    return (
        RECIPE_FIGURES.format(last=found.test.cutoff, test=found.test.cutoff),
        f"Validation: walk-forward at {days}; of the models that are not really worse than the best, the simplest.",
        settings_origin(found, name),
        *(
            [f"{name} is registered because it beats {both[1].model}: {both[0].estimate} and {both[1].estimate} there."]
            if both
            else []
        ),
        *candidates_of(model),
        *([f"Left out, because they could not be fitted: {left_out}."] if left_out else []),
        "All items are ranked, repeat purchases count, and items first sold after the cutoff count as missed.",
        "Intervals are 90 % and resample customers; coverage has none.",
    )


def candidates_of(model: LadderRecommender) -> list[str]:
    """What a second stage can find at most; nothing to say of other models."""
    if not isinstance(model, Reranked) or model.candidate_recall_ is None:
        return []
    found = f"{model.n_trees_} trees order candidates that hold {model.candidate_recall_:.1%} of what was bought"
    return [f"{found} on the folds they were learnt on: no order of them finds more."]


def settings_origin(found: RankingStudy, name: str) -> str:
    """Where the model's settings come from."""
    recipe, tuned = found.recipes[name], found.tuned.models.get(name)
    if tuned is None:
        return f"Settings: {name}'s own, tuned on a public shop; `kizuna tune recommender` tunes them on this one."
    stated = [key for key, value in tuned.settings.items() if recipe.settings[key] != value]
    return f"Settings: {tuned.says}" + (f"; stated since: {', '.join(stated)}." if stated else ".")


def compare_recommender_recipes(session: Session, champion: ModelCard | None, challenger: ModelCard) -> Comparison:
    """Both recipes, fitted anew on what was known at the newest matured cutoff, compared there
    (training/judging/gate.py).

    A refresh is fitted on what was known when each version was trained. Without a champion, the challenger is
    compared with popularity.
    """
    tables = at_newest_window(session.tables)
    asked = Recipe.of_card(challenger)
    opponent = Recipe.of_card(champion) if champion else recipes_of(session.config)[BASELINE]
    with session.progress.during("histories"):
        task = ranking_task(tables, load_interactions(tables), ranking_cutoffs(tables)[-1])
        earlier = None
        if champion and is_refresh(champion, challenger) and champion.cutoff < task.cutoff:
            earlier = load_interactions(tables, champion.cutoff)
    answer, other = (
        task.answer(recipe, learnt_from)
        for recipe, learnt_from in session.progress.over([(asked, None), (opponent, earlier)], "both recipes")
    )
    against = f"the champion {opponent.model}" if champion else opponent.model
    return task.compare(asked.model, against, answer, other)
