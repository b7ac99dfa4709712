"""Builds the churn scores of a release."""

from __future__ import annotations

from collections.abc import Mapping

from core.errors import NotEnoughHistory
from core.feature_table import require_same_features
from core.model_kinds import CHURN
from models.churn.additive import CHURN_MODELS
from models.churn.customer_facts import has_short_history
from serving.build.inputs import SKIPPED, BuildInputs, BuiltPart
from serving.release.churn_part import ChurnPart
from serving.release.release import ReleasePart


def build_part(inputs: BuildInputs, parts: Mapping[str, ReleasePart | None]) -> BuiltPart:
    """Score every customer of the cohort who can churn and consents to it.

    Raises BadInput if the champion's features are computed differently today.
    """
    del parts
    package = inputs.champions.packages.get(CHURN.name)
    if package is None:
        # There cannot be a champion, so that training one is no advice.
        is_undated = inputs.tables.is_undated("purchases") and inputs.champions.missing.get(CHURN.name) != SKIPPED
        return BuiltPart(None, "purchases has no event_time; churn needs it" if is_undated else "")
    card, features = package.card, inputs.features
    require_same_features(features, card.features, model=f"{card.registry_name} {card.version}", kind=card.kind)
    if not inputs.can_churn.all():
        features = features.take(inputs.can_churn)
    if not len(features):
        raise NotEnoughHistory(
            f"there was no customer at {inputs.cutoff} ({card.cohort}); name another day with --cutoff"
        )
    model = CHURN_MODELS[package.artifact.model].from_artifact(package.artifact)
    model.update_texts(features.columns)
    scores = model.score(features, card.horizon_days or inputs.config.churn.horizon_days)
    return BuiltPart(
        ChurnPart.of(
            scores,
            lambda rows: model.reasons(features.take(rows)),
            short_history=has_short_history(features),
            risk_levels=inputs.config.risk_levels,
            opted_out=inputs.scoring_opt_outs,
        )
    )
