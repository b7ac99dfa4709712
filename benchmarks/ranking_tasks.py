"""The ranking benchmarks: for each data set and protocol, a validation split, a test split and the recipes."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from msgspec.structs import replace

from benchmarks import gowalla
from benchmarks.data_sets import data_set
from benchmarks.figures import BENCH
from benchmarks.split_files import recommendations_of
from core.config.data_set import Config
from core.config.loading import read_config
from core.recommendations import Recommendations
from features.interactions import load_interactions
from models.metrics.ranking.data import Categories
from models.metrics.ranking.protocols.fixed_split import FixedSplit
from models.metrics.ranking.protocols.global_time_split import GlobalTimeSplit
from models.metrics.ranking.protocols.held_out_share import HeldOutShare
from models.metrics.ranking.protocols.last_basket_out import LastBasketOut
from models.metrics.ranking.splits import Split
from models.recommenders.catalogue import RECOMMENDERS
from models.recommenders.engine.holdout import LAST_BASKET
from models.recommenders.personal_frequency import PersonalFrequency
from simulation.shop.simulate import SimulatedShop, simulate_shop
from tables.sources.opening import open_tables
from tables.tables import Tables
from training.recommender.pipeline import default_recipes
from training.recommender.rows import RankingTask, categories_of, ranking_cutoffs, ranking_task
from training.run.recipe import Recipe

MAX_BEST_ITEMS = 20
"Length of the best possible lists."

PLAIN_FREQUENCY = Recipe(
    "personal_frequency", PersonalFrequency(half_life_days=None, popularity_power=0.0).settings
)  # fmt: skip
"How often each customer bought each item, as papers count it; our `personal_frequency` also uses age and season."


@dataclass(frozen=True, kw_only=True)
class RankingBenchmark:
    """One section of the results: models on one test split, selected on one validation split."""

    section: str
    "Name of var/bench/<section>.json and of the section of the page."
    place: str
    "Prefix in the names of figures: `<place>.<model>.ndcg@10`."
    title: str
    data: str
    evaluation: str
    "The test in words."
    selection: str
    "The validation in words."
    validation: Split
    test: Split
    recipes: Mapping[str, Recipe]
    ks: tuple[int, ...] = (10, 20)
    baselines: tuple[str, ...] = ("popularity",)
    "Models that every model is compared with."
    published: Mapping[str, tuple[str, float | None, float | None]] = field(default_factory=dict)
    "By model: who published it, Recall and NDCG at the largest k."
    remarks: str = ""
    "Remarks below the table."
    categories: Categories | None = None
    "Categories of the items, where they are known."
    best: Recommendations | None = None
    "The best possible recommendations, where the truth is known."

    @property
    def selection_metric(self) -> str:
        """The metric that selects among models."""
        return f"ndcg@{self.ks[-1] if self.published else self.ks[0]}"


def online_retail_time() -> RankingBenchmark:
    """Online Retail, split by time: the purchases table as known at each cutoff."""
    public = data_set("online_retail")
    tables = open_tables(public.config)
    validation, test = _as_known(tables)
    cutoff, days = test.cutoff, public.config.recommender.horizon_days
    return RankingBenchmark(
        section="online_retail.recommender",
        place="online_retail.recommender",
        title="Recommendations on online_retail, by time",
        data=f"{public.description} ({public.terms})",
        evaluation=GlobalTimeSplit(cutoff, days).description,
        selection=GlobalTimeSplit(validation.cutoff, days).description,
        validation=validation,
        test=test,
        recipes=_recipes(public.config),
        baselines=("popularity", "item_knn"),
    )


def online_retail_baskets() -> RankingBenchmark:
    """Online Retail, last basket of each customer, as in papers on next-basket recommendation."""
    public = data_set("online_retail")
    everything = load_interactions(open_tables(public.config))
    return RankingBenchmark(
        section="online_retail.next_basket",
        place="online_retail",
        title="The next basket on online_retail",
        data=f"{public.description} ({public.terms})",
        evaluation=f"{LastBasketOut().description}; `plain_frequency` counts purchases as papers do; ours also uses "
        "age and season",
        selection=f"{LastBasketOut(2).description}; defaults were tuned on 28 days from 2010-07-07 and 2010-08-04, "
        "which contain some of the last baskets",
        validation=LastBasketOut(2).split(everything),
        test=LastBasketOut().split(everything),
        recipes={"plain_frequency": PLAIN_FREQUENCY, **_fit_for_baskets(_recipes(public.config))},
        baselines=("plain_frequency", "personal_frequency", "item_knn"),
    )


def completejourney_baskets() -> RankingBenchmark:
    """Complete Journey, whose items have categories, last basket of each household."""
    public = data_set("completejourney")
    tables = open_tables(public.config)
    everything = load_interactions(tables)
    return RankingBenchmark(
        section="completejourney.next_basket",
        place="completejourney",
        title="The next basket on completejourney",
        data=f"{public.description} ({public.terms})",
        evaluation=LastBasketOut().description,
        selection=LastBasketOut(2).description,
        validation=LastBasketOut(2).split(everything),
        test=LastBasketOut().split(everything),
        recipes=_fit_for_baskets(_recipes(public.config)),
        baselines=("personal_frequency", "item_knn"),
        categories=categories_of(tables),
    )


def benchmark_of_simulated_shop() -> RankingBenchmark:
    """The simulated shop, whose best recommendations are known."""
    shop = simulate_shop()
    tables = open_shop_tables(shop)
    validation, test = _as_known(tables)
    days = tables.config.recommender.horizon_days
    return RankingBenchmark(
        section="simulated_shop.recommender",
        place="simulated_shop.recommender",
        title="Recommendations in the simulated shop",
        data=f"`kizuna simulate`: {len(shop.truth.customers):,} customers, {len(shop.truth.items)} items, two years, "
        "seed 7",
        evaluation=GlobalTimeSplit(test.cutoff, days).description,
        selection=GlobalTimeSplit(validation.cutoff, days).description,
        validation=validation,
        test=test,
        recipes=_recipes(tables.config),
        categories=categories_of(tables),
        best=best_answers(shop, test),
    )


def gowalla_files() -> RankingBenchmark:
    """Gowalla, on LightGCN's split."""
    validation, test = gowalla.splits()
    return RankingBenchmark(
        section="gowalla",
        place="gowalla",
        title="Gowalla, as LightGCN split it",
        data="check-ins of 29,858 customers at 40,981 places, 810,128 to learn from and 217,242 to find (SNAP)",
        evaluation=FixedSplit(test.truth).description,
        selection=HeldOutShare().description,
        validation=validation,
        test=test,
        recipes=gowalla.recipes(),
        ks=(20,),
        published=gowalla.PUBLISHED,
        remarks=gowalla.REMARKS,
    )


RANKING_BENCHMARKS: Mapping[str, Mapping[str, Callable[[], RankingBenchmark]]] = {
    "completejourney": {LastBasketOut.name: completejourney_baskets},
    "gowalla": {FixedSplit.name: gowalla_files},
    "online_retail": {GlobalTimeSplit.name: online_retail_time, LastBasketOut.name: online_retail_baskets},
    "simulated_shop": {GlobalTimeSplit.name: benchmark_of_simulated_shop},
}
"By data set and protocol."


def open_shop_tables(shop: SimulatedShop) -> Tables:
    """Write the shop's tables to `var/bench` and open them like those of any company."""
    return open_tables(read_config(shop.write(BENCH / "simulated_shop"), os.environ))


def best_answers(shop: SimulatedShop, split: Split, *, k: int = MAX_BEST_ITEMS) -> Recommendations:
    """The items most likely to be on each customer's next line, by the shop's own probabilities.

    No model can do better on average for the next line. Later lines of the horizon depend on earlier lines of the
    horizon, which are unknown at the cutoff.
    """
    probabilities = shop.truth.next_item_probabilities(split.histories)
    items = np.argsort(-probabilities, axis=1, kind="stable")[:, :k]
    return recommendations_of(items.astype(np.int32), split.histories.customer_ids, item_ids=shop.truth.items.item_ids)


def _recipes(config: Config) -> dict[str, Recipe]:
    """Every recommender, with the seed and half-life of the data set."""
    return default_recipes(replace(config, recommender=replace(config.recommender, models=tuple(RECOMMENDERS))))


def _fit_for_baskets(recipes: Mapping[str, Recipe]) -> dict[str, Recipe]:
    """Let models that are fitted by a later fold use the last known basket as that fold, as in the evaluation."""
    return {
        name: recipe.with_settings({"judged_on": LAST_BASKET}) if "judged_on" in recipe.settings else recipe
        for name, recipe in recipes.items()
    }


def _as_known(tables: Tables) -> tuple[Split, Split]:
    """The validation and the test split, each from the table as known at its cutoff."""
    everything = load_interactions(tables)
    validation, test = (
        _split(ranking_task(tables, everything, cutoff=cutoff)) for cutoff in ranking_cutoffs(tables)[-2:]
    )
    return validation, test


def _split(task: RankingTask) -> Split:
    days = np.full(len(task.truth), np.datetime64(task.cutoff, "D"))
    return Split(
        training=task.past,
        histories=task.histories,
        truth=task.truth,
        cutoff=task.cutoff,
        days=days,
        masks_seen=task.masks_seen,
    )
