"""Builds the predicted value of a release."""

from __future__ import annotations

from collections.abc import Mapping

from core.feature_table import require_same_features
from core.model_kinds import VALUE
from features.customer_value import ValueSources, summarise_history
from models.value.value_model import VALUE_MODELS
from serving.build.inputs import BuildInputs, BuiltPart
from serving.release.release import ReleasePart
from serving.release.value_part import ValuePart


def build_part(inputs: BuildInputs, parts: Mapping[str, ReleasePart | None]) -> BuiltPart:
    """Predict what every customer of the cohort who consents to scoring brings in.

    Raises BadInput if the champion's features are computed differently today.
    """
    del parts
    package = inputs.champions.packages.get(VALUE.name)
    if package is None:
        return BuiltPart(None)
    card, features = package.card, inputs.features_for(package)
    require_same_features(features, card.features, model=f"{card.registry_name} {card.version}", kind=card.kind)
    history = summarise_history(inputs.tables, features.customer_ids, cutoff=inputs.cutoff)
    model = VALUE_MODELS[package.artifact.model].from_artifact(package.artifact)
    forecast = model.forecast(features.select([column.name for column in package.columns]), history)
    return BuiltPart(
        ValuePart.of(
            features.customer_ids,
            forecast,
            level_samples=model.level_samples_,
            horizon_days=inputs.config.value.horizon_days,
            definition=f"the gross margin of {ValueSources.of(inputs.tables).description}",
            opted_out=inputs.scoring_opt_outs,
        )
    )
