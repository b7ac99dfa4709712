"""What `kizuna train churn` does where the data set is flat: no times, so customers are judged by other customers.

leak alarm, until it finds nothing more -> 5 folds of customers, 4 times over -> the simplest of the best is fitted on
all -> registered as challenger; the base rate becomes champion where there is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.card import Comparison, Leak, Metric, ModelCard
from core.errors import BadInput, NotEnoughHistory
from core.feature_table import FeatureTable
from core.outcomes import Outcomes
from features.flat import FlatData
from models.churn.shelf import CHURN_MODELS
from models.metrics.classification import compare
from models.package import ModelPackage
from models.protocols import ChurnModel, Settings
from training.cards import beats_all, verdict
from training.choosing import choose
from training.churn import KIND, wanted_recipes
from training.churn_trials import Trials, joined
from training.leaks import find_leaks
from training.plots import churn_plots
from training.progress import Progress
from training.recipe import Recipe
from training.session import Session
from training.shipping import Trained, ship
from training.side_by_side import side_by_side
from training.tracking import git_state

N_FOLDS, N_REPEATS = 5, 4
BASELINE = "base_rate"
NEEDS_TIMES = ("recency",)
"Models that a flat data set has nothing for."
SPLIT = "cross_validation"


@dataclass(frozen=True)
class HonestRows:
    """A flat data set without what the leak alarm found."""

    features: FeatureTable
    outcomes: Outcomes
    left_out: tuple[Leak, ...]

    def fit(self, recipe: Recipe, rows: np.ndarray) -> ChurnModel:
        """The recipe's model, fitted on these customers."""
        return recipe.unfitted(CHURN_MODELS).fit(self.features.take(rows), self.outcomes.take(rows))


def train_flat(session: Session, only: str | None = None, changes: Settings | None = None) -> Trained:
    """Train, judge and register a churn model of a flat data set; see `training.churn.train_churn`."""
    recipes = flat_recipes(wanted_recipes(session, only, changes or {}))
    if only is not None and only not in recipes:
        raise BadInput(f"{only} needs times, which a flat data set has none of; take one of {', '.join(recipes)}")
    data = flat_data(session)
    with session.tracking.run(session.registry.name(KIND), only or "all models", session.continued_run) as run:
        with session.progress.during("leak alarm"):
            rows = honest_rows(data, session.config.seed)
        trials = cross_validated(recipes, rows, session.config.seed, session.progress)
        chosen = only or choose(trials.scores, trials.outcomes, seed=session.config.seed).model
        metrics = trials.metrics()
        everybody = np.ones(len(rows.outcomes), bool)

        def shipped(name: str, baseline: bool = False) -> tuple[ChurnModel, ModelPackage]:
            model = rows.fit(recipes[name], everybody)
            card = flat_card(session, data, rows, trials, metrics, recipes[name], baseline)
            return model, ModelPackage(card, model.to_artifact(), model.columns_)

        with session.progress.during(f"fitting {chosen} on every customer"):
            model, package = shipped(chosen)
        importance = model.importance(rows.features)
        run.log_parameters({"folds": f"{N_FOLDS} of customers, {N_REPEATS} times"})
        run.log_json(importance, "feature_importance.json")
        run.log_plots(churn_plots(trials.scores, trials.outcomes, chosen, importance))
        return ship(session, run, package, lambda: shipped(BASELINE, baseline=True)[1])


def flat_data(session: Session) -> FlatData:
    """The session's flat data set. Raises BadInput where its tables have times."""
    if session.flat is None:
        raise BadInput(f"{session.config.name} has times; its churn models are trained on cutoffs")
    return session.flat


def flat_recipes(recipes: Mapping[str, Recipe]) -> dict[str, Recipe]:
    """The recipes that need no times; numbers may bend, since no windows tell the same thing in several ways."""
    found = {name: recipe for name, recipe in recipes.items() if name not in NEEDS_TIMES}
    return {name: recipe.changed({"bends": None} if "bends" in recipe.settings else {}) for name, recipe in found.items()}


def honest_rows(data: FlatData, seed: int) -> HonestRows:
    """The data without the columns that the leak alarm finds; it rings again until nothing is left to find.

    The half of the customers that is learnt from tells about the other half.
    """
    features, outcomes = data.features, data.outcomes
    learn = stratified_folds(outcomes.churned, 2, seed) == 0
    left_out: list[Leak] = []
    while len(features.columns):
        found = find_leaks(
            features.take(learn), outcomes.take(learn), features.take(~learn), outcomes.take(~learn), seed=seed
        )
        if not found:
            return HonestRows(features, outcomes, tuple(left_out))
        left_out += found
        features = features.select([name for name in features.names if name not in {leak.feature for leak in found}])
    raise NotEnoughHistory(f"{data.config.name}: the leak alarm left no column to learn from; list others in [flat]")


def stratified_folds(churned: np.ndarray, n_folds: int, seed: int) -> np.ndarray:
    """(n,) int64: the fold of each customer, dealt at random with as many leavers in each as can be."""
    shuffled = np.random.default_rng(seed).permutation(len(churned))
    dealt = shuffled[np.argsort(churned[shuffled], kind="stable")]
    folds = np.empty(len(churned), np.int64)
    folds[dealt] = np.arange(len(churned)) % n_folds
    return folds


def cross_validated(
    recipes: Mapping[str, Recipe], rows: HonestRows, seed: int, progress: Progress, n_repeats: int = N_REPEATS
) -> Trials:
    """What each recipe says of customers that it did not learn from; every customer is told of once a repeat.

    Whatever a recipe chooses for itself (trees, penalties, weights) it chooses on the customers that it learns from.
    """
    dealt = [stratified_folds(rows.outcomes.churned, N_FOLDS, seed + repeat) for repeat in range(n_repeats)]
    masks = [folds == fold for folds in dealt for fold in range(N_FOLDS)]
    steps = [(recipe.changed({"n_resamples": 0}), judged) for recipe in recipes.values() for judged in masks]

    def said(step: tuple[Recipe, np.ndarray]):
        model = rows.fit(step[0], ~step[1])
        return model.score(rows.features.take(step[1]), rows.outcomes.horizon_days)

    told = side_by_side(said, steps, progress, "cross-validation")
    parts = (told[start : start + len(masks)] for start in range(0, len(told), len(masks)))
    scores = {name: joined(of_model) for name, of_model in zip(recipes, parts, strict=True)}
    order = np.concatenate([np.flatnonzero(judged) for judged in masks])
    return Trials(scores, rows.outcomes.take(order), SPLIT)


def flat_card(
    session: Session,
    data: FlatData,
    rows: HonestRows,
    trials: Trials,
    metrics: tuple[Metric, ...],
    recipe: Recipe,
    baseline: bool,
) -> ModelCard:
    """The card of a model of a flat data set, fitted on every customer."""
    comparisons = trials.against(recipe.model, (BASELINE,))
    day = rows.outcomes.cutoffs[0].astype(object)
    return ModelCard(
        kind=KIND,
        data_set=session.config.name,
        model=recipe.model,
        created_at=session.now,
        cutoff=day,
        training_cutoffs=(day,),
        test_cutoff=None,
        horizon_days=rows.outcomes.horizon_days,
        cohort=data.cohort,
        label=rows.outcomes.definition,
        n_rows=len(rows.outcomes),
        n_customers=len(rows.outcomes),
        base_rate=float(rows.outcomes.churned.mean()),
        settings=recipe.settings,
        features=rows.features.digests,
        as_of_today=rows.features.names,
        metrics=metrics,
        comparisons=comparisons,
        verdict=verdict(
            recipe.model, comparisons, (BASELINE,), stands_in=baseline, where="on customers not learnt from"
        ),
        learnt=beats_all(comparisons),
        baseline=baseline,
        left_out=rows.left_out,
        limits=limits_of(rows),
        data_digest=data.digest,
        git=git_state(),
    )


def limits_of(rows: HonestRows) -> tuple[str, ...]:
    """What a reader of the figures must know."""
    found = f"Left out by the leak alarm: {', '.join(leak.feature for leak in rows.left_out)}."
    return (
        f"Nothing has a date: the figures are of {N_FOLDS} folds of customers, {N_REPEATS} times over, and say nothing "
        "of tomorrow. The same folds chose the model.",
        "Every column is known as of one day only, perhaps written after the customer left.",
        *([found] if rows.left_out else []),
        "Intervals are 90 % and resample customers.",
    )


def compare_flat_recipes(session: Session, champion: ModelCard | None, challenger: ModelCard) -> Comparison:
    """Both recipes on the columns of the challenger, by the log loss on customers that neither learnt from."""
    data, asked = flat_data(session), Recipe.of_card(challenger)
    opponent = Recipe.of_card(champion) if champion else Recipe(BASELINE, CHURN_MODELS[BASELINE]().settings)
    rows = HonestRows(data.features.select(list(challenger.features)), data.outcomes, ())
    both = {"challenger": asked, "champion": opponent}
    trials = cross_validated(both, rows, session.config.seed, session.progress, n_repeats=1)
    against = f"the champion {opponent.model}" if champion else opponent.model
    return compare(
        asked.model, against, trials.scores["challenger"], trials.scores["champion"], trials.outcomes, "log_loss"
    )
