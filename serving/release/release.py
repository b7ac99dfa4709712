"""A release: one immutable folder with everything that the service answers from.

    <release_id>/release.json     what it is, from which models, what it lacks and why, SHA-256 of every other file
    <release_id>/cards.json       the model cards, by kind
    <release_id>/churn/           scores, reasons, who refused to be scored
    <release_id>/hazard/          when everybody will leave: a curve each, by cause
    <release_id>/recommender/     everybody's best items
    <release_id>/recommender_model/
    <release_id>/similar_items_model/   beside a recommender that knows no likeness of items
    <release_id>/newcomers/       items that nobody bought yet, and which ones they are like
    <release_id>/customers/       histories, what customers said, who refused what
    <release_id>/items/           what items are, what they cost
    <release_id>/starting_points/, bought_together/, trend/
    <release_id>/offers/          the offers, what accepts them, the facts that their rules speak of
    <release_id>/segments/        segments and tiers with their figures, every customer's facts and memberships
    <release_id>/health/          everybody's health as `kizuna health` judged it last

Arrays are mapped into memory, not read, so that a worker starts at once and workers share them.
"""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from core.errors import BrokenArtifact, UnknownName
from models.artifact import Artifact
from serving.release.churn_part import ChurnPart
from serving.release.hazard_part import HazardPart
from serving.release.health_part import HealthPart
from serving.release.offer_part import OfferPart
from serving.release.recommender_part import RecommenderPart
from serving.release.segment_part import SegmentPart

FORMAT_VERSION = 2
DESCRIPTION = "release.json"
CARDS = "cards.json"


class ReleasedModel(msgspec.Struct, frozen=True):
    """Which registered version stands behind an answer."""

    name: str
    "In the registry: kizuna.<data set>.<kind>."
    version: int
    model: str
    "The shelf name."
    cutoff: date
    "The newest cutoff that it was fitted on."
    card_digest: str
    features_digest: str
    data_digest: str


class FittedModel(msgspec.Struct, frozen=True):
    """A model that was fitted for a release and never registered."""

    model: str
    "The shelf name."
    settings: dict[str, str | int | float | bool | None]
    cutoff: date
    data_digest: str


class ReleaseDescription(msgspec.Struct, frozen=True, kw_only=True):
    """What a release is; its first file."""

    format_version: int = FORMAT_VERSION
    release_id: str
    created_at: datetime
    "UTC."
    data_set: str
    time_zone: str
    currency: str
    cutoff: date
    "Answers use what was known before midnight of this local day."
    data_digest: str
    models: dict[str, ReleasedModel]
    "By kind: churn, hazard, recommender."
    similar_items: FittedModel | None = None
    "What says which items are similar, where the recommender itself cannot."
    missing: dict[str, str] = {}
    "Kind to the reason why it is not in this release."
    files: dict[str, str] = {}
    "Path inside the folder to SHA-256."


@dataclass(frozen=True)
class Release:
    """What one release holds; what it lacks is None, and `description.missing` says why."""

    description: ReleaseDescription
    cards: msgspec.Raw
    "JSON object: kind to model card."
    churn: ChurnPart | None = None
    recommender: RecommenderPart | None = None
    offers: OfferPart | None = None
    hazard: HazardPart | None = None
    segments: SegmentPart | None = None
    health: HealthPart | None = None

    def write(self, folder: Path) -> None:
        """Write everything into a new folder and onto the disk; the description, with its checksums, comes last."""
        folder.mkdir(parents=True)
        for name, artifact in self._parts().items():
            artifact.write(folder / name)
        (folder / CARDS).write_bytes(bytes(self.cards))
        described = msgspec.structs.replace(self.description, files=checksums(folder))
        (folder / DESCRIPTION).write_bytes(msgspec.json.format(msgspec.json.encode(described)))
        for path in [*folder.rglob("*"), folder]:
            flush(path)

    def _parts(self) -> dict[str, Artifact]:
        parts: dict[str, Artifact] = {}
        if self.churn is not None:
            parts["churn"] = self.churn.to_artifact()
        if self.hazard is not None:
            parts["hazard"] = self.hazard.to_artifact()
        if self.recommender is not None:
            parts |= self.recommender.artifacts()
        if self.offers is not None:
            parts["offers"] = self.offers.to_artifact()
        if self.segments is not None:
            parts["segments"] = self.segments.to_artifact()
        if self.health is not None:
            parts["health"] = self.health.to_artifact()
        return parts

    @classmethod
    def open(cls, folder: Path) -> Release:
        """Map a release into memory. Raises BrokenArtifact where a part is missing, damaged or of another format."""
        try:
            description = describe(folder)
            _refuse_damage(folder, description)
            parts = {
                path.name: _plainly_mapped(Artifact.read(path, mapped=True))
                for path in sorted(folder.iterdir())
                if path.is_dir()
            }
            return cls(description, msgspec.Raw((folder / CARDS).read_bytes()), **_opened(parts))
        except (OSError, KeyError, ValueError, msgspec.DecodeError, UnknownName) as fault:
            raise BrokenArtifact(f"the release in {folder} cannot be read ({fault}); release again") from fault


def describe(folder: Path) -> ReleaseDescription:
    """What a release folder says of itself. Raises BrokenArtifact for a format that this version does not read."""
    content = (folder / DESCRIPTION).read_bytes()
    found = msgspec.json.decode(content)["format_version"]
    if found != FORMAT_VERSION:
        raise BrokenArtifact(f"{folder} has release format {found}, this version reads {FORMAT_VERSION}; release again")
    return msgspec.json.decode(content, type=ReleaseDescription)


def new_release_id(created_at: datetime, content: str) -> str:
    """An id that sorts by time: 20260914T010203Z-3fa2c1."""
    nonce = hashlib.sha256(f"{content}{time.monotonic_ns()}{os.getpid()}".encode()).hexdigest()[:6]
    return f"{created_at:%Y%m%dT%H%M%SZ}-{nonce}"


def checksums(folder: Path) -> dict[str, str]:
    """SHA-256 of every file below a folder but its description."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path != folder / DESCRIPTION:
            with path.open("rb") as file:
                found[path.relative_to(folder).as_posix()] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def flush(path: Path) -> None:
    """Wait until a file or folder has reached the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _refuse_damage(folder: Path, description: ReleaseDescription) -> None:
    found = checksums(folder)
    for path in sorted(found.keys() | description.files.keys()):
        if found.get(path) != description.files.get(path):
            what = "is missing" if path not in found else "is not what was written"
            raise BrokenArtifact(f"{folder / path} {what}; release again")


def _plainly_mapped(artifact: Artifact) -> Artifact:
    """The same memory maps as plain arrays: numpy's own kind costs microseconds each time a number is read."""
    return replace(artifact, arrays={name: np.asarray(array) for name, array in artifact.arrays.items()})


def _opened(parts: dict[str, Artifact]) -> dict[str, Any]:
    opened: dict[str, Any] = {}
    if "churn" in parts:
        opened["churn"] = ChurnPart.from_artifact(parts["churn"])
    if "hazard" in parts:
        opened["hazard"] = HazardPart.from_artifact(parts["hazard"])
    if "recommender" in parts:
        opened["recommender"] = RecommenderPart.from_artifacts(parts)
    if "offers" in parts:
        opened["offers"] = OfferPart.from_artifact(parts["offers"])
    if "segments" in parts:
        opened["segments"] = SegmentPart.from_artifact(parts["segments"])
    if "health" in parts:
        opened["health"] = HealthPart.from_artifact(parts["health"])
    return opened
