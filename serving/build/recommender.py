"""Builds the recommender of a release: the champion, the models beside it, and precomputed items."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from core.interactions import Interactions
from core.model_kinds import RECOMMENDER
from features.interactions import explain_no_choice, load_interactions, load_returned_items
from features.repeat_policy import repeat_policy_of
from models.mlflow_store.package import ModelPackage
from models.recommenders.catalogue import RECOMMENDERS
from models.recommenders.cold_start.customers import ColdStartCustomers
from models.recommenders.cold_start.items import add_cold_start_items, find_cold_start_items
from models.recommenders.engine.base import Recommender
from models.recommenders.item_knn import ItemKnn
from models.recommenders.item_lists import BoughtTogether, measure_trend
from serving.build.inputs import SKIPPED, BuildInputs, BuiltPart
from serving.release.context_models import ContextModels, TrendPart
from serving.release.customer_part import CustomerPart, RecordedProfiles
from serving.release.item_part import ItemPart
from serving.release.recommender_part import RecommenderPart
from serving.release.release import ReleasePart
from serving.release.repeat_rules import RepeatRules
from tables.assortment import CurrentItems, load_items
from tables.attributes import attribute_groups
from tables.consents import customers_refusing, load_preferences


def build_part(inputs: BuildInputs, parts: Mapping[str, ReleasePart | None]) -> BuiltPart:
    """Precompute the best items of every customer, and fit the models beside the champion."""
    del parts
    if inputs.champions.missing.get(RECOMMENDER.name) == SKIPPED:
        return BuiltPart(None)
    interactions = load_interactions(inputs.tables, inputs.cutoff)
    package = inputs.champions.packages.get(RECOMMENDER.name)
    if package is None:
        return BuiltPart(None, explain_no_choice(interactions, inputs.tables))
    return BuiltPart(build_recommender(inputs, package, interactions=interactions))


def build_recommender(
    inputs: BuildInputs, package: ModelPackage, *, interactions: Interactions, beside: RecommenderPart | None = None
) -> RecommenderPart:
    """Build a recommender from a registered model.

    Where it has exactly the items of the one `beside`, both share customers, items and the models beside the champion.
    """
    settings, cutoff, today = inputs.config.recommender, inputs.cutoff, load_items(inputs.tables)
    champion = RECOMMENDERS[package.artifact.model].from_artifact(package.artifact)
    champion = with_similarity_model(champion, interactions, inputs=inputs)
    is_returned = np.isin(today.attributes.item_ids, load_returned_items(inputs.tables, cutoff))
    # First sold after the champion was fitted.
    is_sold = np.isin(today.attributes.item_ids, interactions.item_ids)
    is_new = today.is_new(cutoff, new_days=settings.new_item_days) & ~is_returned
    new_items = find_cold_start_items(
        today.attributes.recode(champion.item_ids), today.attributes.keep(is_sold | is_new)
    )
    model = add_cold_start_items(champion, new_items)
    interactions = interactions.recode(model.item_ids)
    rules = RepeatRules(
        repeat_policy_of(settings, interactions.histories),
        settings.discovery,
        has_days=not inputs.tables.is_undated("purchases"),
    )
    if beside is not None and np.array_equal(model.item_ids, beside.model.item_ids):
        customers, items, context_models = beside.customers, beside.items, beside.context_models
    else:
        items, profiles = build_items(today, model.item_ids), read_profiles(inputs)
        customers = CustomerPart.of(interactions.histories, profiles)
        context_models = _fit_context_models(inputs, interactions, items=items, profiles=profiles)
    return RecommenderPart.of(
        model,
        new_items,
        customers=customers,
        items=items,
        context_models=context_models,
        cutoff=cutoff,
        k=settings.k,
        rules=rules,
    )


def _fit_context_models(
    inputs: BuildInputs, interactions: Interactions, *, items: ItemPart, profiles: RecordedProfiles
) -> ContextModels:
    settings, cutoff = inputs.config.recommender, inputs.cutoff
    groups = _groups_by_attribute(interactions.customer_ids, profiles)
    return ContextModels(
        ColdStartCustomers.fit(
            interactions,
            groups,
            item_attributes=items.attributes,
            half_life_days=settings.popularity_half_life_days,
            cutoff=cutoff,
        ),
        BoughtTogether.fit(interactions, min_support=settings.bought_together_orders),
        TrendPart.of(
            measure_trend(interactions, cutoff, window_days=settings.trend_window_days), settings.trend_window_days
        ),
    )


def with_similarity_model(champion: Recommender, interactions: Interactions, *, inputs: BuildInputs) -> Recommender:
    """The champion; if it has no item similarity, with an item_knn fitted on the same items."""
    interactions = interactions.recode(champion.item_ids)
    if champion.has_item_similarity or not len(interactions.items):
        return champion
    half_life_days = inputs.config.recommender.popularity_half_life_days
    similarity_model = ItemKnn(popularity_half_life_days=half_life_days).fit(interactions, inputs.cutoff)
    return champion.with_similarity_model(similarity_model)


def build_items(today: CurrentItems, item_ids: NDArray[np.str_]) -> ItemPart:
    """The columns of the items table for these items; empty for items that it does not contain."""
    rows = today.rows_of(item_ids)
    is_unavailable = np.append(today.unavailable, False)[rows]
    return ItemPart.of(
        today.attributes.recode(item_ids),
        price=np.append(today.price, np.nan)[rows],
        unavailable=np.flatnonzero(is_unavailable),
        descriptions=[today.descriptions[row] if row >= 0 else {} for row in rows.tolist()],
    )


def read_profiles(inputs: BuildInputs) -> RecordedProfiles:
    """Consents, preferences and attribute groups, as known at the cutoff."""
    tables, cutoff = inputs.tables, inputs.cutoff
    return RecordedProfiles(
        declined_recommendations=customers_refusing(tables, "recommend", cutoff=cutoff),
        declined_contact=customers_refusing(tables, "contact", cutoff=cutoff),
        preferences=load_preferences(tables, cutoff),
        attribute_groups=attribute_groups(tables, cutoff),
    )


def _groups_by_attribute(customer_ids: NDArray[np.str_], profiles: RecordedProfiles) -> dict[str, NDArray[np.str_]]:
    """By attribute, the group of each customer; '' if unknown."""
    ids, groups = customer_ids.tolist(), profiles.attribute_groups
    names = sorted({name for by_attribute in groups.values() for name in by_attribute})
    return {name: np.array([groups.get(one, {}).get(name, "") for one in ids], dtype=str) for name in names}
