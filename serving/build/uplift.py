"""Builds the effects of treatments in a release.

Average effects are shared among the customers in proportion to P(alive), where the release has a value model. Offers
whose effect was not measured have one that is common to those that were: of the same kind where three or more were.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from core.feature_table import require_same_features
from core.interactions import codes_of
from core.model_kinds import UPLIFT, VALUE
from models.uplift.uplift_model import UpliftModel
from serving.build.inputs import BuildInputs, BuiltPart
from serving.release.release import ReleasePart
from serving.release.uplift_part import UpliftPart
from serving.release.value_part import ValuePart
from tables.assortment import load_offer_book


def build_part(inputs: BuildInputs, parts: Mapping[str, ReleasePart | None]) -> BuiltPart:
    """Estimate what each treatment changes for every customer of the cohort who consents to scoring.

    Raises BadInput if the champion's features are computed differently today.
    """
    package = inputs.champions.packages.get(UPLIFT.name)
    if package is None:
        return BuiltPart(None)
    card, features = package.card, inputs.features_for(package)
    require_same_features(features, card.features, model=f"{card.registry_name} {card.version}", kind=card.kind)
    model = UpliftModel.from_artifact(package.artifact)
    effects = model.effects(features)
    common = model.common_effects(features.customer_ids, kinds=_kinds_of(inputs))
    value = parts.get(VALUE.name)
    if isinstance(value, ValuePart):
        p_alive = np.append(value.p_alive, np.nan)[codes_of(effects.customer_ids, value.index.names())]
        effects = effects.share_by_activity(p_alive, treatments=model.alike)
        common = None if common is None else common.share_by_activity(p_alive, treatments=common.treatments)
    part = UpliftPart.of(effects, outcome=card.label, opted_out=inputs.scoring_opt_outs, common=common)
    return BuiltPart(part)


def _kinds_of(inputs: BuildInputs) -> dict[str, str]:
    """The kind of each offer, where offers are what is measured."""
    if inputs.config.uplift.treatment != "offer_id":
        return {}
    return {offer.offer_id: offer.kind for offer in load_offer_book(inputs.tables, inputs.cutoff).offers}
