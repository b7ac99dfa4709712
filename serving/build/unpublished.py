"""Scores of the churn champion, and segments, without a published release: for a first look, straight to a file."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

import msgspec

from core.errors import BadInput, NotFound
from core.model_kinds import CHURN, kinds_in_release
from models.mlflow_store.registry import CHAMPION, Registry
from serving.build.inputs import BuildInputs, Champions
from serving.build.release import build_release, describe_tables
from serving.build.segments import build_part
from serving.release.release import UNPUBLISHED, Release
from serving.release.segment_part import SegmentPart
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


def build_unpublished_segments(tables: Tables, *, created_at: datetime) -> Release:
    """The segments of today's customers, as `kizuna segments` counts them before the first release.

    There are no models, so a rule on predictions fits no customer. Raises BadInput where there can be no segments.
    """
    cutoff, champions = tables.default_cutoff(), Champions({}, {})
    segments, missing_reason = build_part(BuildInputs(tables.config, tables, champions, cutoff), {})
    if not isinstance(segments, SegmentPart):
        raise BadInput(missing_reason)
    description = describe_tables(tables, cutoff=cutoff, created_at=created_at)
    return Release(msgspec.structs.replace(description, release_id=UNPUBLISHED), msgspec.Raw(b"{}"), segments=segments)
