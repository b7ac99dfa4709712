"""What recommenders learn from and are judged by, at one cutoff.

    everything known        cutoff      horizon
[------------------------------)[-----------------)
histories to learn from          what was bought: the truth

Validation walks forward: its cutoffs lie one horizon apart, and the last one's horizon ends where the test's begins.

    |==truth==|==truth==|==truth==|==truth==|
    validation                    test
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from threadpoolctl import threadpool_limits

from core.errors import NotEnoughHistory
from core.interactions import Histories, Interactions
from core.model_card import Comparison, Metric
from core.recommendations import Recommendations
from core.window import Window
from features.interactions import load_interactions
from models.memory import SHARED
from models.metrics.accuracy import accuracy
from models.metrics.ranking import compare_rankings, ranking_metrics
from models.metrics.ranking_data import JudgedRankings
from models.metrics.variety import Categories
from models.recommenders.catalogue import RECOMMENDERS
from tables.assortment import load_items
from tables.tables import Tables
from training.run.recipe import Recipe

LONGEST_LIST = 20
CHOSEN_AT = 10
"Models and settings are chosen by NDCG at this length of the list."

SMALL_GB = 0.6
"""Of memory for a fit, 0.4 of it the blocks that graph models work in whatever the shop: where it takes less, matrices
are too small for several threads to gain anything."""

N_VALIDATIONS = 3
"Validation cutoffs at most: the newest say most about tomorrow, and each costs a fit of every model."


@dataclass(frozen=True)
class RankingTask:
    """Recommend to those who came back, from what was known at the cutoff."""

    cutoff: date
    known: Interactions
    "As known at the cutoff."
    truth: Histories
    "What those who had bought before bought within the horizon."
    categories: Categories | None = None
    "Of the items, where the items table tells."

    @property
    def asking(self) -> Histories:
        """The histories that are recommended for, in the order of the truth."""
        rows = np.searchsorted(self.known.customer_ids, self.truth.customer_ids)
        return self.known.histories.take(rows)

    def answer(self, recipe: Recipe, learnt_from: Interactions | None = None) -> Recommendations:
        """What the recipe, fitted on what was known (or on less), recommends at the cutoff."""
        interactions = learnt_from or self.known
        unfitted = recipe.unfitted(RECOMMENDERS)
        with SHARED.held(unfitted.peak_gb(interactions)), threads_for(recipe, interactions):
            model = unfitted.fit(interactions)
            return model.recommend(self.asking, LONGEST_LIST, self.cutoff)

    def ndcg(self, answer: Recommendations) -> np.ndarray:
        """NDCG@10 of each customer of the truth, in its order, (n,) float64."""
        judged = JudgedRankings.of(answer, self.truth, self.known.histories)
        return accuracy(judged.first(CHOSEN_AT))["ndcg"]

    def metrics(self, model: str, answer: Recommendations, split: str, ks: tuple[int, ...]) -> tuple[Metric, ...]:
        """Every ranking figure of one model."""
        return ranking_metrics(
            model, answer, self.truth, self.known.histories, ks, split, categories=self.categories
        )  # fmt: skip

    def compare(self, model: str, against: str, answer: Recommendations, other: Recommendations) -> Comparison:
        """The paired difference in NDCG@10."""
        return compare_rankings(model, against, answer, other, self.truth, self.known.histories, "ndcg@10")


def threads_for(recipe: Recipe, interactions: Interactions) -> AbstractContextManager[object]:
    """One thread for a small fit, all of them for a large one.

    On a shop of 300 items gf_cf took 5.2 s of two threads that waited for each other, and .05 s of one.
    """
    is_small = recipe.unfitted(RECOMMENDERS).needed_gb(interactions) < SMALL_GB
    return threadpool_limits(1, user_api="blas") if is_small else nullcontext()


def ranking_task(tables: Tables, everything: Interactions, cutoff: date) -> RankingTask:
    """The task at a cutoff; `everything` is `load_interactions(tables)`.

    Raises NotEnoughHistory where nobody who had bought before bought again within the horizon.
    """
    known = load_interactions(tables, cutoff)
    horizon = Window.horizon(cutoff, tables.config.recommender.horizon_days)
    start, end = (np.datetime64(day, "s") for day in (horizon.start, horizon.end))
    later = everything.histories.keep((everything.times >= start) & (everything.times < end))
    came_back = (np.diff(later.indptr) > 0) & np.isin(later.customer_ids, known.customer_ids)
    if not came_back.any():
        raise NotEnoughHistory(f"nobody with a history bought an item in the {horizon.days} days from {cutoff}")
    return RankingTask(cutoff, known, later.take(np.flatnonzero(came_back)), categories_of(tables))


def categories_of(tables: Tables) -> Categories | None:
    """The category of each item as the items table has it today: lists are judged by it, nothing is learnt from it."""
    attributes = load_items(tables).attributes
    if "category" not in attributes.codes:
        return None
    return Categories(attributes.item_ids, np.append(attributes.words["category"], "")[attributes.codes["category"]])


def validation_tasks(tables: Tables, everything: Interactions) -> tuple[RankingTask, ...]:
    """The tasks at the validation cutoffs, newest first, as far back as customers came back.

    Raises NotEnoughHistory where they did not even at the newest.
    """
    newest, *earlier = reversed(ranking_cutoffs(tables)[:-1])
    tasks = [ranking_task(tables, everything, newest)]
    with suppress(NotEnoughHistory):
        for cutoff in earlier:
            tasks.append(ranking_task(tables, everything, cutoff))
    return tuple(tasks)


def ranking_cutoffs(tables: Tables) -> tuple[date, ...]:
    """The validation cutoffs, oldest first, and at the end the test cutoff: the TOML's or the newest matured one.

    The newest validation cutoff is always there, earlier ones where `active_days` of purchases lie before them.
    Raises NotEnoughHistory where the test's horizon is not over.
    """
    config = tables.config
    horizon = timedelta(days=config.recommender.horizon_days)
    newest = tables.watermark("purchases") - horizon
    test = config.cutoffs.test or newest
    if test > newest:
        raise NotEnoughHistory(
            f"the test cutoff {test} needs purchases until {test + horizon}, they are complete until "
            f"{newest + horizon}; state a test cutoff of {newest} or earlier"
        )
    first = tables.load_report("purchases").first
    begins = first.date() + timedelta(days=config.active_days) if first else test
    earlier = [test - n * horizon for n in range(N_VALIDATIONS, 1, -1)]
    return (*(cutoff for cutoff in earlier if cutoff >= begins), test - horizon, test)
