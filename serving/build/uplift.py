"""Builds the effects of treatments in a release."""

from __future__ import annotations

from collections.abc import Mapping

from core.feature_table import require_same_features
from core.model_kinds import UPLIFT
from models.uplift.uplift_model import UpliftModel
from serving.build.inputs import BuildInputs, BuiltPart
from serving.release.release import ReleasePart
from serving.release.uplift_part import UpliftPart


def build_part(inputs: BuildInputs, parts: Mapping[str, ReleasePart | None]) -> BuiltPart:
    """Estimate what each treatment changes for every customer of the cohort who consents to scoring.

    Raises BadInput if the champion's features are computed differently today.
    """
    del parts
    package = inputs.champions.packages.get(UPLIFT.name)
    if package is None:
        return BuiltPart(None)
    card, features = package.card, inputs.features_for(package)
    require_same_features(features, card.features, model=f"{card.registry_name} {card.version}", kind=card.kind)
    effects = UpliftModel.from_artifact(package.artifact).effects(features)
    return BuiltPart(UpliftPart.of(effects, outcome=card.label, opted_out=inputs.scoring_opt_outs))
