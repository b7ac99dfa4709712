"""Builds the effects of treatments in a release.

Average effects are shared among the customers in proportion to P(alive), where the release has a value model.
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
    value = parts.get(VALUE.name)
    if isinstance(value, ValuePart):
        p_alive = np.append(value.p_alive, np.nan)[codes_of(effects.customer_ids, value.index.names())]
        effects = effects.share_by_activity(p_alive, treatments=model.alike)
    return BuiltPart(UpliftPart.of(effects, outcome=card.label, opted_out=inputs.scoring_opt_outs))
