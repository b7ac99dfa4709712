"""Scores of the churn champion without a published release: for a first look, from training straight to a file."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

import msgspec

from core.errors import NotFound
from core.model_kinds import CHURN, kinds_in_release
from models.mlflow_store.registry import CHAMPION, Registry
from serving.build.inputs import Champions
from serving.build.release import build_release
from serving.release.release import UNPUBLISHED, Release
from tables.tables import Tables


def build_unpublished_scores(
    registry: Registry, tables: Tables, *, forced: Collection[tuple[str, int]], created_at: datetime
) -> Release:
    """Score every customer of today with the champion, even if it is a baseline that says the same of each.

    `forced` are the champions that were promoted by force. Raises NotFound without a champion.
    """
    if CHAMPION not in registry.aliases(CHURN.name):
        raise NotFound(f"there is no release and no churn champion yet; run `{CHURN.train_command} --promote`")
    others = [kind.name for kind in kinds_in_release() if CHURN.name not in (kind.name, kind.trained_after)]
    champions = Champions.of(registry, others, forced=forced, allow_constant=True)
    release = build_release(
        tables.config, tables, champions=champions, cutoff=tables.default_cutoff(), created_at=created_at
    )
    return replace(release, description=msgspec.structs.replace(release.description, release_id=UNPUBLISHED))
