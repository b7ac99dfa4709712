"""The ranking task at one cutoff: histories that recommenders are fitted on, and purchases that they are measured by.

    everything known        cutoff      horizon
[------------------------------)[-----------------)
histories to fit on              purchases to predict: the truth

Validation walks forward: its cutoffs are one horizon apart, and the horizon of the last one ends where the test begins.

    |==truth==|==truth==|==truth==|==truth==|
    validation                    test
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from core.errors import NotEnoughHistory
from core.interactions import Histories, Interactions
from core.model_card import Comparison, Metric
from core.recommendations import Recommendations
from core.window import Window
from features.interactions import load_interactions
from features.repeat_policy import repeat_policy_of
from models.metrics.ranking.accuracy import accuracy
from models.metrics.ranking.data import Categories, RankingData
from models.metrics.ranking.evaluation import compare_rankings, ranking_metrics
from models.metrics.ranking.splits import is_repeat
from models.recommenders.catalogue import RECOMMENDERS
from models.recommenders.engine.exclusions import Exclusions
from models.recommenders.engine.shared_fits import fit_recommender
from models.resources import SHARED
from tables.assortment import load_items
from tables.tables import Tables
from training.run.recipe import Recipe

MAX_K = 20
CHOSEN_AT = 10
"Models and settings are chosen by NDCG at this list length."

SMALL_GB = 0.6
"""Memory of a fit below which matrices are too small for several threads to help; 0.4 of it are the blocks that graph
models always use."""

ALLOW_REPEATS = ', or state repeat_policy = "allow" in [recommender]'

N_VALIDATIONS = 3
"Validation cutoffs at most: the newest say most about the future, and each costs a fit of every model."


@dataclass(frozen=True)
class RankingTask:
    """Recommend to returning customers from what was known at the cutoff."""

    cutoff: date
    past: Interactions
    "As known at the cutoff."
    truth: Histories
    "The purchases, within the horizon, of customers who had bought before."
    categories: Categories | None = None
    "Of the items, where the items table has them."
    discovery: float = 0.0
    "Weight of new items against repeats, as the lists of a release have it."
    masks_seen: bool = False
    "Whether items of the history are left out of the lists; they are not in the truth either."

    @property
    def histories(self) -> Histories:
        """The histories to recommend for, in the order of the truth."""
        rows = np.searchsorted(self.past.customer_ids, self.truth.customer_ids)
        return self.past.histories.take(rows)

    def answer(self, recipe: Recipe, interactions: Interactions | None = None) -> Recommendations:
        """Fit the recipe on what was known, or on fewer interactions, and recommend at the cutoff.

        The items are ranked without their explanation, which costs as much as a fit and is not measured.
        """
        interactions = interactions or self.past
        model = recipe.build(RECOMMENDERS)
        with SHARED.hold(model.peak_memory_gb(interactions)), threads_for(recipe, interactions):
            return fit_recommender(model, interactions).recommend(
                self.histories,
                MAX_K,
                cutoff=self.cutoff,
                exclusions=Exclusions(seen=self.masks_seen, discovery=self.discovery),
                explains=False,
            )

    def sample(self, n_customers: int, *, seed: int) -> RankingTask:
        """The task with at most this many customers to recommend to, drawn by seed; models are fitted on all."""
        rows = draw_rows(len(self.truth), n_customers, seed=seed)
        return replace(self, truth=self.truth.take(rows))

    def shorten(self, n_lines: int, *, seed: int) -> RankingTask:
        """The task with a sample of customers to fit on, of about this many lines, and recommendations for those."""
        share = min(1.0, n_lines / max(1, len(self.past.items)))
        rows = draw_rows(len(self.past), int(share * len(self.past)) + 1, seed=seed)
        past = self.past.histories.take(rows)
        truth = self.truth.take(np.flatnonzero(np.isin(self.truth.customer_ids, past.customer_ids)))
        return replace(self, past=self.past.with_histories(past), truth=truth)

    def ndcg(self, answer: Recommendations) -> NDArray[np.float64]:
        """NDCG@10 of each customer of the truth, in its order, (n,)."""
        data = RankingData.align(answer, truth=self.truth, past=self.past.histories)
        return accuracy(data.truncate(CHOSEN_AT))["ndcg"]

    def metrics(self, model: str, answer: Recommendations, *, split: str, ks: tuple[int, ...]) -> tuple[Metric, ...]:
        """Every ranking metric of one model."""
        return ranking_metrics(
            model,
            answer,
            truth=self.truth,
            past=self.past.histories,
            ks=ks,
            split=split,
            categories=self.categories,
        )

    def compare(self, model: str, against: str, *, answer: Recommendations, other: Recommendations) -> Comparison:
        """The paired difference in NDCG@10."""
        return compare_rankings(
            model,
            against,
            recommendations=answer,
            recommendations_against=other,
            truth=self.truth,
            past=self.past.histories,
        )


def draw_rows(n: int, n_drawn: int, *, seed: int) -> NDArray[np.int64]:
    """The sorted numbers of at most `n_drawn` of n rows."""
    if n <= n_drawn:
        return np.arange(n)
    return np.sort(np.random.default_rng(seed).choice(n, n_drawn, replace=False))


def threads_for(recipe: Recipe, interactions: Interactions) -> AbstractContextManager[object]:
    """Use one thread for a small fit, all of them for a large one.

    On a shop with 300 items, gf_cf took 5.2 s with two threads that waited for each other, and .05 s with one.
    """
    is_small = recipe.build(RECOMMENDERS).memory_gb(interactions) < SMALL_GB
    return threadpool_limits(1, user_api="blas") if is_small else nullcontext()


def ranking_task(tables: Tables, everything: Interactions, *, cutoff: date) -> RankingTask:
    """The task at a cutoff; `everything` is `load_interactions(tables)`.

    Where the repeat policy is `never`, repeats are neither recommended nor counted.
    Raises NotEnoughHistory where no earlier customer bought an item within the horizon.
    """
    past = load_interactions(tables, cutoff)
    horizon = Window.horizon(cutoff, tables.config.recommender.horizon_days)
    start, end = (np.datetime64(day, "s") for day in (horizon.start, horizon.end))
    later = everything.histories.keep((everything.times >= start) & (everything.times < end))
    masks_seen = repeat_policy_of(tables.config.recommender, everything.histories) == "never"
    if masks_seen:
        later = later.keep(~is_repeat(later, past.histories))
    has_returned = (np.diff(later.indptr) > 0) & np.isin(later.customer_ids, past.customer_ids)
    if not has_returned.any():
        other = " that they had not bought before, and repeats do not count" if masks_seen else ""
        raise NotEnoughHistory(
            f"no customer with a history bought an item{other} in the {horizon.days} days from {cutoff}; choose an "
            f"earlier cutoff{ALLOW_REPEATS if masks_seen else ''}"
        )
    truth = later.take(np.flatnonzero(has_returned))
    discovery = tables.config.recommender.discovery
    return RankingTask(cutoff, past, truth, categories_of(tables), discovery, masks_seen)


def categories_of(tables: Tables) -> Categories | None:
    """The category of each item as of today; it is used in metrics, not to fit models."""
    attributes = load_items(tables).attributes
    if "category" not in attributes.codes:
        return None
    return Categories(
        attributes.item_ids, np.append(attributes.vocabularies["category"], "")[attributes.codes["category"]]
    )


def validation_tasks(tables: Tables, everything: Interactions) -> tuple[RankingTask, ...]:
    """The tasks at the validation cutoffs, newest first, as far back as customers returned.

    Raises NotEnoughHistory where none returned at the newest one.
    """
    newest, *earlier = reversed(ranking_cutoffs(tables)[:-1])
    tasks = [ranking_task(tables, everything, cutoff=newest)]
    with suppress(NotEnoughHistory):
        for cutoff in earlier:
            tasks.append(ranking_task(tables, everything, cutoff=cutoff))
    return tuple(tasks)


def ranking_cutoffs(tables: Tables) -> tuple[date, ...]:
    """The validation cutoffs, oldest first, and last the test cutoff: the TOML's or the newest mature one.

    The newest validation cutoff is always included, earlier ones where `active_days` of purchases come before them.
    Raises NotEnoughHistory where the horizon of the test is not over.
    """
    config = tables.config
    horizon = timedelta(days=config.recommender.horizon_days)
    newest = tables.watermark("purchases") - horizon
    test = config.cutoffs.test or newest
    if test > newest:
        raise NotEnoughHistory(
            f"the test cutoff {test} needs purchases until {test + horizon}, but they are complete only until "
            f"{newest + horizon}; state a test cutoff of {newest} or earlier"
        )
    first = tables.load_report("purchases").first
    earliest = first.date() + timedelta(days=config.active_days) if first else test
    earlier = [test - n * horizon for n in range(N_VALIDATIONS, 1, -1)]
    return (*(cutoff for cutoff in earlier if cutoff >= earliest), test - horizon, test)
