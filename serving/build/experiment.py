"""Builds the experiment of a release: the challenger beside the champion, from the same tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from core.model_kinds import RECOMMENDER
from core.recommender_experiment import Arm
from features.interactions import load_interactions
from serving.build.inputs import BuildInputs, BuiltPart
from serving.build.recommender import build_recommender
from serving.release.experiment_part import ExperimentPart
from serving.release.recommender_part import RecommenderPart
from serving.release.release import ReleasePart

NO_CHAMPION = "the release has no recommender that the challenger could be compared with"


def build_part(inputs: BuildInputs, parts: Mapping[str, ReleasePart | None]) -> BuiltPart:
    """Build the challenger as the champion is built."""
    experiment, package = inputs.config.recommender_experiment, inputs.champions.challenger
    if experiment is None:
        return BuiltPart(None)
    champion = parts[RECOMMENDER.name]
    if not isinstance(champion, RecommenderPart):
        return BuiltPart(None, NO_CHAMPION)
    if package is None:  # only `kizuna release` loads one
        return BuiltPart(None)
    interactions = load_interactions(inputs.tables, inputs.cutoff)
    challenger = build_recommender(inputs, package, interactions=interactions, beside=champion)
    return BuiltPart(
        ExperimentPart(
            name=experiment.name,
            share=experiment.share,
            challenger=replace(challenger, arm=Arm.CHALLENGER),
            has_same_items=np.array_equal(challenger.model.item_ids, champion.model.item_ids),
        )
    )
