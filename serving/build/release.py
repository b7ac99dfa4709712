"""From champions and today's tables to a release: what `kizuna release` does from top to bottom.

The same `features/` that training used compute the rows that are scored here. A champion whose features are computed
otherwise by now is refused; what cannot be released is named, with the reason, and the rest goes out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from core.cohort import Cohort
from core.config.data_set import Config
from core.digest import digest_of
from core.errors import BadInput, NotEnoughHistory, NotFound
from core.feature_table import FeatureTable, require_same_features
from core.model_card import ModelCard
from features.cohort import select_cohort
from features.interactions import NO_ITEMS, load_interactions
from features.pipeline import compute_features
from models.churn.catalogue import CHURN_MODELS
from models.churn.monthly_revenue import monthly_revenue
from models.churn.short_history import has_short_history
from models.hazard.hazard_models import HAZARD_MODELS
from models.mlflow_store.package import ModelPackage
from serving.build.health import health_part
from serving.build.recommender import recommender_part
from serving.build.segments import segment_part
from serving.release.churn_part import ChurnPart
from serving.release.hazard_part import HazardPart
from serving.release.offer_part import OfferPart
from serving.release.recommender_part import RecommenderPart
from serving.release.release import FittedModel, Release, ReleaseDescription, ReleasedModel, new_release_id
from tables.assortment import load_offer_book
from tables.consents import customers_refusing
from tables.tables import Tables

if TYPE_CHECKING:
    from models.mlflow_store.registry import Registry

KINDS = ("churn", "hazard", "recommender")
MAY_BE_WITHOUT = "hazard"
"The kind that is trained only where the TOML asks for it: where it never was, nothing is missing."


@dataclass(frozen=True)
class Champions:
    """The packages that go into a release, by kind, and why the others do not."""

    packages: Mapping[str, ModelPackage]
    missing: Mapping[str, str]

    @classmethod
    def of(cls, registry: Registry, without: Collection[str] = ()) -> Champions:
        """Every kind's champion, but for those that are not wanted or that learnt nothing."""
        packages: dict[str, ModelPackage] = {}
        missing: dict[str, str] = {}
        for kind in KINDS:
            try:
                package = registry.package(registry.find(kind, "champion"))
            except NotFound:
                if kind == MAY_BE_WITHOUT:
                    continue
                missing[kind] = f"there is no champion; run `kizuna train {kind}` and `kizuna promote {kind}`"
                continue
            reason = "it was left out on demand" if kind in without else package.card.unusable_reason
            if reason:
                missing[kind] = reason
            else:
                packages[kind] = package
        return cls(packages, missing)


def build_release(config: Config, tables: Tables, champions: Champions, cutoff: date, created_at: datetime) -> Release:
    """Everything that the service answers from, as known before midnight of the cutoff.

    Raises BadInput where a champion has to be trained again or where nothing at all can be released.
    """
    churn, hazard, recommender = (champions.packages.get(kind) for kind in KINDS)
    missing = dict(champions.missing)
    cohort = select_cohort(tables, [cutoff])
    features = compute_features(tables, cohort, vocabularies=None if churn is None else churn.vocabularies)
    unwilling = customers_refusing(tables, "score", cutoff=cutoff)
    parts = {
        "churn": None if churn is None else churn_part(config, churn, features, unwilling),
        "hazard": None if hazard is None else hazard_part(tables, hazard, features, unwilling),
        "recommender": None if recommender is None else recommender_part(config, recommender, tables, cutoff),
        "offers": offer_part(config, tables, features, cutoff),
    }
    if recommender is None and not len(load_interactions(tables, cutoff).item_ids):
        missing["recommender"] = NO_ITEMS
    if parts["offers"] is None:
        missing["offers"] = "the data set has no offers; add [tables.offers] to its TOML"
    if not any(parts.values()):
        raise BadInput(f"there is nothing to release: {'; '.join(f'{k}: {why}' for k, why in missing.items())}")
    segments = segment_part(config, tables, features, parts["churn"], cutoff)
    health, not_judged = health_part(config.places.health, cutoff, unwilling)
    if not_judged:
        missing["health"] = not_judged
    described = describe(config, tables, champions, missing, cutoff, created_at)
    described = msgspec.structs.replace(described, similar_items=_fitted_beside(parts["recommender"], tables))
    cards = {kind: package.card for kind, package in champions.packages.items()}
    return Release(described, msgspec.Raw(msgspec.json.encode(cards)), **parts, segments=segments, health=health)


def churn_part(config: Config, package: ModelPackage, features: FeatureTable, unwilling: np.ndarray) -> ChurnPart:
    """Every customer of the cohort but the unwilling, scored by the champion."""
    card = package.card
    require_same_features(features, card.features, f"{card.registered_name} {card.version}", card.kind)
    if not len(features):
        raise NotEnoughHistory(f"nobody is a customer at the cutoff ({card.cohort}); choose an earlier --cutoff")
    model = CHURN_MODELS[package.artifact.model].from_artifact(package.artifact)
    horizon_days = card.horizon_days or config.churn.horizon_days
    asked = features.select([column.name for column in package.columns])
    scores = model.score(asked, horizon_days)
    return ChurnPart.of(scores, model.reasons(asked), has_short_history(features), config.risk_levels, unwilling)


def _as_learnt(package: ModelPackage, tables: Tables, features: FeatureTable) -> FeatureTable:
    """The features in the words that a model has learnt; computed again where other words were learnt since."""
    now = features.vocabularies
    if all(now.get(name) == words for name, words in package.vocabularies.items()):
        return features
    return compute_features(tables, Cohort(features.customer_ids, features.cutoffs), vocabularies=package.vocabularies)


def hazard_part(tables: Tables, package: ModelPackage, features: FeatureTable, unwilling: np.ndarray) -> HazardPart:
    """The curve of every customer of the cohort but the unwilling."""
    card, features = package.card, _as_learnt(package, tables, features)
    require_same_features(features, card.features, f"{card.registered_name} {card.version}", card.kind)
    model = HAZARD_MODELS[package.artifact.model].from_artifact(package.artifact)
    curves = model.curves(features.select([column.name for column in package.columns]))
    return HazardPart.of(features.customer_ids, curves, monthly_revenue(features), tables.config.risk_levels, unwilling)


def offer_part(config: Config, tables: Tables, features: FeatureTable, cutoff: date) -> OfferPart | None:
    """The offers there are, with what their rules need to know; None where the data set has none."""
    if "offers" not in tables:
        return None
    return OfferPart.of(load_offer_book(tables, cutoff), config.offers, features)


def describe(
    config: Config,
    tables: Tables,
    champions: Champions,
    missing: dict[str, str],
    cutoff: date,
    created_at: datetime,
) -> ReleaseDescription:
    """What the release says of itself."""
    models = {kind: _released(package.card) for kind, package in champions.packages.items()}
    return ReleaseDescription(
        release_id=new_release_id(created_at, tables.digest),
        created_at=created_at,
        data_set=config.name,
        time_zone=config.time_zone,
        currency=config.currency,
        cutoff=cutoff,
        data_digest=tables.digest,
        models=models,
        missing=missing,
    )


def _released(card: ModelCard) -> ReleasedModel:
    return ReleasedModel(
        name=card.registered_name,
        version=card.version or 0,
        model=card.model,
        cutoff=card.cutoff,
        card_digest=digest_of(card),
        features_digest=digest_of(card.features),
        data_digest=card.data_digest,
    )


def _fitted_beside(recommender: RecommenderPart | None, tables: Tables) -> FittedModel | None:
    beside = None if recommender is None else recommender.model.similarity_model_
    return None if beside is None else FittedModel(beside.name, beside.settings, beside.cutoff_, tables.digest)
