"""What recommenders are compared on: for each data set and protocol, a validation and a test split, and the recipes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from msgspec.structs import replace

from benchmarks import gowalla
from benchmarks.data_sets import data_set
from benchmarks.simulated_shop import best_answers, shop_tables, usual_shop
from core.config.data_set import Config
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
from tables.sources.opening import open_tables
from tables.tables import Tables
from training.recommender.pipeline import default_recipes
from training.recommender.rows import RankingTask, categories_of, ranking_cutoffs, ranking_task
from training.run.recipe import Recipe

PLAIN_FREQUENCY = Recipe(
    "personal_frequency", PersonalFrequency(half_life_days=None, popularity_power=0.0).settings
)  # fmt: skip
"How often each customer bought each item, as papers count it; our `personal_frequency` knows age and season besides."


@dataclass(frozen=True)
class RankingBenchmark:
    """One section of the results: models on one test split, chosen among on one validation split."""

    section: str
    "Of var/bench/<section>.json and of the page."
    place: str
    "Before the model in the name of a figure: `<place>.<model>.ndcg@10`."
    title: str
    data: str
    judged: str
    "How, in words."
    validated: str
    validation: Split
    test: Split
    recipes: Mapping[str, Recipe]
    ks: tuple[int, ...] = (10, 20)
    bars: tuple[str, ...] = ("popularity",)
    "What every model is compared with, pairwise."
    published: Mapping[str, tuple[str, float | None, float | None]] = field(default_factory=dict)
    "By model: whose figures, Recall and NDCG at the largest k."
    remarks: str = ""
    "What a reader of the table must know besides."
    categories: Categories | None = None
    "Of the items, where they are known."
    best: Recommendations | None = None
    "Where the truth is known: the best answers that there can be."

    @property
    def chosen_by(self) -> str:
        """The figure that chooses among models."""
        return f"ndcg@{self.ks[-1] if self.published else self.ks[0]}"


def online_retail_time() -> RankingBenchmark:
    """The purchases table as it was known at each cutoff."""
    found = data_set("online_retail")
    tables = open_tables(found.config)
    validation, test = _as_known(tables)
    cutoff, days = test.cutoff, found.config.recommender.horizon_days
    return RankingBenchmark(
        "online_retail.recommender",
        "online_retail.recommender",
        "Recommendations on online_retail, by time",
        f"{found.what} ({found.terms})",
        GlobalTimeSplit(cutoff, days).description,
        GlobalTimeSplit(validation.cutoff, days).description,
        validation,
        test,
        _recipes(found.config),
        bars=("popularity", "item_knn"),
    )


def online_retail_baskets() -> RankingBenchmark:
    """Each customer's last basket, as next-basket papers judge."""
    found = data_set("online_retail")
    everything = load_interactions(open_tables(found.config))
    return RankingBenchmark(
        "online_retail.next_basket",
        "online_retail",
        "The next basket on online_retail",
        f"{found.what} ({found.terms})",
        f"{LastBasketOut().description}; `plain_frequency` counts purchases as papers do, ours knows their age and the "
        "season",
        f"{LastBasketOut(2).description}; defaults were tuned on 28 days from 2010-07-07 and 2010-08-04, in which some "
        "of the last baskets lie",
        LastBasketOut(2).split(everything),
        LastBasketOut().split(everything),
        {"plain_frequency": PLAIN_FREQUENCY, **_judged_on_baskets(_recipes(found.config))},
        bars=("plain_frequency", "personal_frequency", "item_knn"),
    )


def simulated_shop() -> RankingBenchmark:
    """The shop whose truth is known."""
    shop = usual_shop()
    tables = shop_tables(shop)
    validation, test = _as_known(tables)
    days = tables.config.recommender.horizon_days
    return RankingBenchmark(
        "simulated_shop.recommender",
        "simulated_shop.recommender",
        "Recommendations in the simulated shop",
        f"`kizuna simulate`: {len(shop.truth.customers):,} customers, {len(shop.truth.items)} items, two years, seed 7",
        GlobalTimeSplit(test.cutoff, days).description,
        GlobalTimeSplit(validation.cutoff, days).description,
        validation,
        test,
        _recipes(tables.config),
        categories=categories_of(tables),
        best=best_answers(shop, test),
    )


def gowalla_files() -> RankingBenchmark:
    """LightGCN's split."""
    validation, test = gowalla.splits()
    return RankingBenchmark(
        "gowalla",
        "gowalla",
        "Gowalla, as LightGCN split it",
        "check-ins of 29,858 customers at 40,981 places, 810,128 to learn from and 217,242 to find (SNAP)",
        FixedSplit(test.truth).description,
        HeldOutShare().description,
        validation,
        test,
        gowalla.recipes(),
        ks=(20,),
        published=gowalla.PUBLISHED,
        remarks=gowalla.REMARKS,
    )


RANKING_BENCHMARKS: Mapping[str, Mapping[str, Callable[[], RankingBenchmark]]] = {
    "gowalla": {FixedSplit.name: gowalla_files},
    "online_retail": {GlobalTimeSplit.name: online_retail_time, LastBasketOut.name: online_retail_baskets},
    "simulated_shop": {GlobalTimeSplit.name: simulated_shop},
}
"By data set and protocol."


def _recipes(config: Config) -> dict[str, Recipe]:
    """Every recommender of the shelf with the seed and half-life of the data set."""
    return default_recipes(replace(config, recommender=replace(config.recommender, models=tuple(RECOMMENDERS))))


def _judged_on_baskets(recipes: Mapping[str, Recipe]) -> dict[str, Recipe]:
    """Models that learn by a later fold learn by the last basket known, as they are judged."""
    return {
        name: recipe.with_settings({"judged_on": LAST_BASKET}) if "judged_on" in recipe.settings else recipe
        for name, recipe in recipes.items()
    }


def _as_known(tables: Tables) -> tuple[Split, Split]:
    """Validation and test, each from the table as it was known at its cutoff."""
    everything = load_interactions(tables)
    validation, test = (_split(ranking_task(tables, everything, cutoff)) for cutoff in ranking_cutoffs(tables)[-2:])
    return validation, test


def _split(task: RankingTask) -> Split:
    days = np.full(len(task.truth), np.datetime64(task.cutoff, "D"))
    return Split(
        training=task.past,
        histories=task.histories,
        truth=task.truth,
        cutoff=task.cutoff,
        days=days,
        masks_seen=False,
    )
