"""The evaluation of the recommenders, before the final fit, and what its card says about it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from core.interactions import Histories, Interactions, repeat_share
from core.model_card import Comparison, Metric
from models.recommenders.engine.base import Recommender
from models.recommenders.engine.holdout import days_of
from models.recommenders.next_basket import N_REQUIRED, NextBasket
from models.recommenders.reranked import Reranked
from training.recommender.costs import MAX_CUSTOMERS, MAX_TESTED
from training.recommender.evaluation_tasks import EvaluationTasks
from training.recommender.trials import RankingTrials
from training.recommender.tuned import TunedRecommenders
from training.run.cards import RECIPE_FIGURES, Evaluation
from training.run.recipe import Recipe

BASELINE = "popularity"
METRIC_KS = (10, 20)
ALWAYS_TESTED = (BASELINE, "personal_frequency")
PLOT_KS = (1, 3, 5)
"Lengths of the list that only the plot shows."


NO_BASKETS = (
    "No customer bought two items on one day or one item on two days, so next_basket has no habit and no basket to "
    "go by: it repeats popularity."
)


@dataclass(frozen=True, kw_only=True)
class RankingStudy:
    """The evaluation of every recipe, before the final fit."""

    everything: Interactions
    tasks: EvaluationTasks
    recipes: dict[str, Recipe]
    tuned: TunedRecommenders
    trials: RankingTrials
    metrics: tuple[Metric, ...]
    plot_metrics: tuple[Metric, ...]
    comparisons: tuple[Comparison, ...]
    "In NDCG@10 at the test cutoff, of the chosen model with popularity; empty where popularity was chosen."
    chosen: str

    def evaluation(self, name: str, *, is_first_champion: bool = False) -> Evaluation:
        """The metrics of every recipe, and the comparison of one of them with the baseline."""
        return Evaluation(
            recipe=self.recipes[name],
            baselines=(BASELINE,),
            metrics=self.metrics,
            comparisons=self.comparisons if name == self.chosen else (),
            measured="on held-out items" if self.tasks.no_cutoffs_because else "in the test period",
            is_first_champion=is_first_champion,
        )


def limits(study: RankingStudy, model: Recommender) -> tuple[str, ...]:
    """What a reader of the metrics must know."""
    name = model.name
    skipped = "; ".join(f"{other} ({why})" for other, why in study.trials.skipped.items())
    stopped = "; ".join(f"{other} ({why})" for other, why in study.trials.stopped.items())
    return (
        RECIPE_FIGURES.format(last=study.tasks.test.cutoff, test=study.tasks.test.cutoff),
        f"{study.tasks.description}; the simplest model within one standard error of the best one is chosen. "
        + study.trials.explain(name),
        settings_origin(study, name),
        *candidate_recall(model),
        *([NO_BASKETS] if repeats_popularity(model, study.everything) else []),
        *([f"Stopped early, because they were far below the best one: {stopped}."] if stopped else []),
        f"At each validation cutoff at most {MAX_CUSTOMERS:,} customers count, drawn at random, at the test cutoff "
        f"{MAX_TESTED:,}; tested are the chosen model, {' and '.join(ALWAYS_TESTED)}.",
        *([f"Skipped, because they could not be fitted: {skipped}."] if skipped else []),
        "All items are ranked, and items first sold after the cutoff count as missed.",
        repeats_sentence(
            study.everything.histories,
            masks_seen=study.tasks.test.masks_seen,
            discovery=study.tasks.test.discovery,
        ),
        "Intervals are 90 % and resample customers; coverage has none.",
    )


def repeats_sentence(histories: Histories, *, masks_seen: bool, discovery: float) -> str:
    """Whether repeat purchases count, and what the data say about them."""
    share = repeat_share(histories)
    of_data = "" if math.isnan(share) else f": {share:.1%} of later purchases repeat an earlier one"
    if masks_seen:
        return f"Items that a customer has bought before are neither recommended nor counted{of_data}."
    return f"Repeat purchases count{of_data}. Items bought before lose {discovery:.0%} of their score (discovery)."


def candidate_recall(model: Recommender) -> list[str]:
    """The most that a second stage can find, in one sentence; empty for other models."""
    if not isinstance(model, Reranked) or model.candidate_recall_ is None:
        return []
    return [
        f"{model.n_trees_} trees rank candidates that contain {model.candidate_recall_:.1%} of what was bought on the "
        "folds they were fitted on: no ranking of them finds more."
    ]


def settings_origin(study: RankingStudy, name: str) -> str:
    """Where the model's settings come from."""
    recipe, tuned = study.recipes[name], study.tuned.models.get(name)
    if tuned is None:
        penalty = ", the penalty of ease chosen on validation" if name in ("ease", "blend", "reranked") else ""
        origin = f"the defaults of {name}, tuned on a public shop{penalty}"
        return f"Settings: {origin}; `kizuna tune recommender` tunes them here."
    overridden = [key for key, value in tuned.settings.items() if recipe.settings[key] != value]
    return f"Settings: {tuned.summary}" + (f"; overridden since: {', '.join(overridden)}." if overridden else ".")


def repeats_popularity(model: Recommender, interactions: Interactions) -> bool:
    """Whether next_basket has nothing to go by: no two items of a customer on one day, no item on two, no category."""
    if not isinstance(model, NextBasket) or model.weights_[:, N_REQUIRED:].any():
        return False
    rows, days = interactions.customers, days_of(interactions)
    n_pairs, n_baskets, n_pair_days = (
        np.unique(np.stack(columns), axis=1).shape[1]
        for columns in ((rows, interactions.items), (rows, days), (rows, days, interactions.items))
    )
    return n_pair_days == n_pairs == n_baskets
