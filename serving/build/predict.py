"""Builds the probabilities of events of a release."""

from __future__ import annotations

from collections.abc import Mapping

from core.errors import NotEnoughHistory
from core.feature_table import FeatureTable, require_same_features
from core.model_kinds import find_kind
from features.cohort import select_cohort
from features.event_history import add_event_history
from features.labels.events import ask_for_event
from features.pipeline import compute_features
from models.churn.additive import CHURN_MODELS
from models.mlflow_store.package import ModelPackage
from serving.build.inputs import BuildInputs, BuiltPart
from serving.release.lookup import IdIndex
from serving.release.predict_part import EventScores, PredictPart
from serving.release.release import ReleasePart


def build_part(inputs: BuildInputs, parts: Mapping[str, ReleasePart | None]) -> BuiltPart:
    """Score the customers of each event that has a champion and is in the TOML.

    Raises BadInput if the features of a champion are computed differently today.
    """
    del parts
    packages = {find_kind(kind).event: package for kind, package in inputs.champions.packages.items()}
    events = {
        event: score_event(inputs, event, package=packages[event])
        for event in inputs.config.predict
        if event in packages
    }
    if not events:
        return BuiltPart(None)
    return BuiltPart(PredictPart(events=events, opted_out=IdIndex.of(inputs.scoring_opt_outs)[0]))


def score_event(inputs: BuildInputs, event: str, *, package: ModelPackage) -> EventScores:
    """The probability of one event for every customer of its cohort who consents to scoring."""
    card, features = package.card, features_of_event(inputs, event, package=package)
    require_same_features(features, card.features, model=f"{card.registry_name} {card.version}", kind=card.kind)
    if not len(features):
        raise NotEnoughHistory(f"{card.kind}: there are no customers at the cutoff ({card.cohort})")
    model = CHURN_MODELS[package.artifact.model].from_artifact(package.artifact)
    model.update_texts(features.columns)
    scores = model.score(features, card.horizon_days or inputs.config.predict[event].horizon_days)
    return EventScores.of(
        scores,
        lambda rows: model.reasons(features.take(rows)),
        definition=card.label,
        opted_out=inputs.scoring_opt_outs,
    )


def features_of_event(inputs: BuildInputs, event: str, *, package: ModelPackage) -> FeatureTable:
    """The features of the customers that the event is predicted for, with the history of the event."""
    tables = ask_for_event(inputs.tables, event)
    if inputs.config.predict[event].customers == "active":
        return add_event_history(inputs.features_for(package), tables)
    cohort = select_cohort(tables, [inputs.cutoff])
    return add_event_history(compute_features(tables, cohort, vocabularies=package.vocabularies), tables)
