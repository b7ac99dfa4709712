"""From a champion and today's tables to the recommender of a release, with all that surrounds it at the counter."""

from __future__ import annotations

from datetime import date

import numpy as np

from core.config.data_set import Config
from core.interactions import Interactions
from features.interactions import load_interactions
from models.mlflow_store.package import ModelPackage
from models.recommenders.catalogue import RECOMMENDERS
from models.recommenders.cold_start.customers import StartingPoints
from models.recommenders.cold_start.item_model import newcomers_of, with_newcomers
from models.recommenders.engine.base import LadderRecommender
from models.recommenders.item_knn import ItemKnn
from models.recommenders.item_lists.bought_together import BoughtTogether
from models.recommenders.item_lists.trending import trending
from serving.release.context_models import ContextModels
from serving.release.customer_part import CustomerPart, Statements
from serving.release.item_part import ItemPart
from serving.release.recommender_part import RecommenderPart
from serving.release.trend_part import TrendPart
from tables.assortment import CurrentItems, load_items
from tables.attributes import attribute_groups
from tables.consents import customers_refusing, load_preferences
from tables.tables import Tables


def recommender_part(config: Config, package: ModelPackage, tables: Tables, cutoff: date) -> RecommenderPart:
    """The champion with everybody's history, everybody's best items, and what surrounds them."""
    bought, today = load_interactions(tables, cutoff), load_items(tables)
    champion = RECOMMENDERS[package.artifact.model].from_artifact(package.artifact)
    knowing = knowing_likeness(champion, bought, config, cutoff)
    newcomers = newcomers_of(today.attributes.recode(knowing.item_ids), today.attributes)
    model = with_newcomers(knowing, newcomers)
    known, items, said = bought.recode(model.item_ids), item_part(today, model.item_ids), statements(tables, cutoff)
    customers = CustomerPart.of(known.histories, said)
    around = surroundings(config, known, items, said, cutoff)
    return RecommenderPart.of(model, newcomers, customers, items, around, cutoff, config.recommender.k)


def item_part(today: CurrentItems, item_ids: np.ndarray) -> ItemPart:
    """What the items table says of these items; of those that it lacks, nothing."""
    rows = today.rows_of(item_ids)
    price, gone = np.append(today.price, np.nan)[rows], np.append(today.unavailable, False)[rows]
    descriptions = [today.descriptions[row] if row >= 0 else {} for row in rows.tolist()]
    return ItemPart.of(today.attributes.recode(item_ids), price, np.flatnonzero(gone), descriptions)


def statements(tables: Tables, cutoff: date) -> Statements:
    """What customers said, and who they are, as known at the cutoff."""
    return Statements(
        customers_refusing(tables, "recommend", cutoff=cutoff),
        customers_refusing(tables, "contact", cutoff=cutoff),
        load_preferences(tables, cutoff),
        attribute_groups(tables, cutoff),
    )


def knowing_likeness(
    champion: LadderRecommender, bought: Interactions, config: Config, cutoff: date
) -> LadderRecommender:
    """The champion; where it cannot say which items are similar, with an item_knn beside it, fitted here and now."""
    known = bought.recode(champion.item_ids)
    if champion.knows_likeness or not len(known.items):
        return champion
    half_life_days = config.recommender.popularity_half_life_days
    return champion.with_beside(ItemKnn(popularity_half_life_days=half_life_days).fit(known, cutoff))


def surroundings(config: Config, known: Interactions, items: ItemPart, said: Statements, cutoff: date) -> ContextModels:
    """What is learnt from all purchases, in the codes of the model's catalogue."""
    settings = config.recommender
    segments = _segments_by_attribute(known.customer_ids, said)
    return ContextModels(
        StartingPoints.learnt_from(known, segments, items.attributes, settings.popularity_half_life_days, cutoff),
        BoughtTogether.learnt_from(known, settings.bought_together_orders),
        TrendPart.of(trending(known, cutoff, settings.trend_window_days), settings.trend_window_days),
    )


def _segments_by_attribute(customer_ids: np.ndarray, said: Statements) -> dict[str, np.ndarray]:
    """By attribute, a word for each customer, '' where it is missing."""
    ids, names = customer_ids.tolist(), sorted({name for words in said.segments.values() for name in words})
    return {name: np.array([said.segments.get(one, {}).get(name, "") for one in ids], dtype=str) for name in names}
