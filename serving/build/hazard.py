"""Builds the survival curves of a release."""

from __future__ import annotations

from collections.abc import Mapping

from core.feature_table import require_same_features
from core.model_kinds import HAZARD
from models.churn.customer_facts import monthly_revenue
from models.hazard.hazard import HAZARD_MODELS
from serving.build.inputs import BuildInputs, BuiltPart
from serving.release.hazard_part import HazardPart
from serving.release.release import ReleasePart


def build_part(inputs: BuildInputs, parts: Mapping[str, ReleasePart | None]) -> BuiltPart:
    """Predict the curve of every customer of the cohort who consents to scoring.

    Raises BadInput if the champion's features are computed differently today.
    """
    del parts
    package = inputs.champions.packages.get(HAZARD.name)
    if package is None:
        return BuiltPart(None)
    card, features = package.card, inputs.features_for(package)
    require_same_features(features, card.features, model=f"{card.registry_name} {card.version}", kind=card.kind)
    features = features.take(inputs.can_churn)
    model = HAZARD_MODELS[package.artifact.model].from_artifact(package.artifact)
    curves = model.curves(features.select([column.name for column in package.columns]))
    return BuiltPart(
        HazardPart.of(
            features.customer_ids,
            curves,
            monthly_revenue=monthly_revenue(features),
            risk_levels=inputs.config.risk_levels,
            opted_out=inputs.scoring_opt_outs,
        )
    )
