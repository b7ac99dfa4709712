"""What `kizuna train recommender` does, from top to bottom.

validation chooses by NDCG@10 -> tested once -> fitted again on everything -> registered as challenger; popularity
becomes champion where there is none.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.card import Comparison, Metric, ModelCard
from core.config import Config
from core.errors import NotEnoughHistory
from core.interactions import Interactions
from features.interactions import NO_ITEMS, interactions_of
from models.package import ModelPackage
from models.protocols import Settings
from models.recommenders.shelf import RECOMMENDERS
from training.cards import RECIPE_FIGURES, beats_all, verdict
from training.gate import at_newest_window, is_refresh
from training.plots import ndcg_plot
from training.ranking_rows import RankingTask, ranking_cutoffs, ranking_task
from training.recipe import Recipe
from training.session import Session
from training.shipping import Trained, ship
from training.tracking import git_state

KIND = "recommender"
BASELINE = "popularity"
JUDGED_AT = (10, 20)
DRAWN_AT = (1, 3, 5)
"Lengths of the list that only the plot shows."


@dataclass(frozen=True)
class RankingStudy:
    """What was found out before anything is shipped."""

    everything: Interactions
    test: RankingTask
    recipes: dict[str, Recipe]
    metrics: tuple[Metric, ...]
    drawn: tuple[Metric, ...]
    comparisons: tuple[Comparison, ...]
    "In NDCG@10 at the test cutoff, of the chosen model and popularity; none where that was chosen."
    chosen: str


def train_recommender(session: Session, only: str | None = None, changes: Settings | None = None) -> Trained:
    """Train, judge and register a recommender.

    `only` names the model to register instead of the one with the best validation NDCG@10; `changes` are other
    settings for it. Raises NotEnoughHistory where purchases carry no items or the history is too short.
    """
    recipes = wanted_recipes(session.config, only, changes or {})
    with session.tracking.run(session.registry.name(KIND), only or "all models", session.continued_run) as run:
        found = study(session, recipes, only)
        run.log_plots({"ndcg_by_k": ndcg_plot((*found.drawn, *found.metrics), found.chosen)})
        with session.progress.during(f"fitting {found.chosen} on everything"):
            package = shipped(session, found, found.chosen)
        return ship(session, run, package, lambda: shipped(session, found, BASELINE, baseline=True))


def recipes_of(config: Config) -> dict[str, Recipe]:
    """Every recommender that the TOML lists, with the data set's seed and half-life, simplest first."""
    said = {"seed": config.seed, "popularity_half_life_days": config.recommender.popularity_half_life_days}
    recipes = {}
    for name in RECOMMENDERS:
        if name in (BASELINE, *config.recommender.models):
            settings = RECOMMENDERS[name]().settings
            recipes[name] = Recipe(name, settings | {key: value for key, value in said.items() if key in settings})
    return recipes


def wanted_recipes(config: Config, only: str | None, changes: Settings) -> dict[str, Recipe]:
    """The recipes to try: all, or popularity and the one that is asked for."""
    for name in config.recommender.models:
        RECOMMENDERS[name]
    recipes = recipes_of(config)
    if only is None:
        return recipes
    asked = recipes.get(only) or Recipe(only, RECOMMENDERS[only]().settings)
    return {BASELINE: recipes[BASELINE], only: asked.changed(changes)}


def study(session: Session, recipes: dict[str, Recipe], only: str | None) -> RankingStudy:
    """Choose at the validation cutoff, test once at the next."""
    tables, progress = session.tables, session.progress
    with progress.during("histories"):
        everything = interactions_of(tables)
        if not len(everything.items):
            raise NotEnoughHistory(NO_ITEMS)
        validation, test = (ranking_task(tables, everything, cutoff) for cutoff in ranking_cutoffs(tables))
    metrics: list[Metric] = []
    for name in progress.over(list(recipes), "validation"):
        metrics += validation.metrics(name, validation.answer(recipes[name]), "validation", JUDGED_AT)
    chosen = only or best(metrics)
    answers = {name: test.answer(recipes[name]) for name in progress.over(list(recipes), "test")}
    drawn: list[Metric] = []
    for name, answer in answers.items():
        metrics += test.metrics(name, answer, "test", JUDGED_AT)
        drawn += test.metrics(name, answer, "test", DRAWN_AT)
    comparisons = () if chosen == BASELINE else (test.compare(chosen, BASELINE, answers[chosen], answers[BASELINE]),)
    return RankingStudy(everything, test, recipes, tuple(metrics), tuple(drawn), comparisons, chosen)


def best(metrics: list[Metric]) -> str:
    """The model with the highest NDCG@10; the simplest of equals, which stands first."""
    ndcg = [metric for metric in metrics if metric.name == "ndcg@10"]
    return max(ndcg, key=lambda metric: metric.estimate.value).model


def shipped(session: Session, found: RankingStudy, name: str, baseline: bool = False) -> ModelPackage:
    """One of the study's models, fitted on everything recorded."""
    recipe, until = found.recipes[name], session.tables.watermark("purchases")
    model = recipe.unfitted(RECOMMENDERS).fit(found.everything, until)
    return ModelPackage(recommender_card(session, found, name, baseline), model.to_artifact())


def recommender_card(session: Session, found: RankingStudy, name: str, baseline: bool) -> ModelCard:
    """The card of one of the study's models."""
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
        learnt=beats_all(comparisons),
        baseline=baseline,
        limits=(
            RECIPE_FIGURES.format(last=found.test.cutoff, test=found.test.cutoff),
            "All items are ranked, repeat purchases count, and items first sold after the cutoff count as missed.",
            "Intervals are 90 % and resample customers; coverage has none.",
        ),
        data_digest=session.tables.digest,
        git=git_state(),
    )


def compare_recommender_recipes(session: Session, champion: ModelCard | None, challenger: ModelCard) -> Comparison:
    """Both recipes, fitted anew on what was known at the newest matured cutoff, compared there; see training/gate.py.

    A refresh is fitted on what was known when each version was trained. Without a champion, the challenger is
    compared with popularity.
    """
    tables = at_newest_window(session.tables)
    asked = Recipe.of_card(challenger)
    opponent = Recipe.of_card(champion) if champion else recipes_of(session.config)[BASELINE]
    with session.progress.during("histories"):
        task = ranking_task(tables, interactions_of(tables), ranking_cutoffs(tables)[1])
        earlier = None
        if champion and is_refresh(champion, challenger) and champion.cutoff < task.cutoff:
            earlier = interactions_of(tables, champion.cutoff)
    answer, other = (
        task.answer(recipe, learnt_from)
        for recipe, learnt_from in session.progress.over([(asked, None), (opponent, earlier)], "both recipes")
    )
    against = f"the champion {opponent.model}" if champion else opponent.model
    return task.compare(asked.model, against, answer, other)
