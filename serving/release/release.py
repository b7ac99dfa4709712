"""A release: one immutable folder with everything that the service responds from.

    <release_id>/release.json     description: models, what is missing and why, SHA-256 of every other file
    <release_id>/cards.json       model cards by kind
    <release_id>/churn/           scores, reasons, ids that opted out of scoring
    <release_id>/hazard/          survival curves by cause
    <release_id>/predict/         events that are predicted; each has its own folder predict_<event>/
    <release_id>/value/           expected orders, revenue and value of every customer
    <release_id>/recommender/     precomputed top items of every customer
    <release_id>/recommender_model/
    <release_id>/similarity_model/      if the recommender itself has no item similarity
    <release_id>/new_items/       items without purchases, and the items they resemble
    <release_id>/customers/       purchase histories, profiles, consents
    <release_id>/items/           attributes, prices, descriptions
    <release_id>/cold_start_customers/, bought_together/, trend/
    <release_id>/experiment/, challenger_.../   with `[recommender_experiment]`, the second recommender
    <release_id>/offers/          offers, what their rules use, and what limits contacts
    <release_id>/offer_acceptance/      P(accept) of customers and offers
    <release_id>/segments/        segments and customer tiers with figures; facts and memberships of every customer
    <release_id>/accounts/        churn risk, value and reasons by account, where customers have accounts
    <release_id>/retention/       what a retention contact of each customer is worth
    <release_id>/health/          health scores as of the last `kizuna health`
    <release_id>/identities/      which customer each alias is
    <release_id>/report/          figures of the report and read-outs of campaigns

Arrays are memory-mapped, not read, so that workers start at once and share the memory.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple, Protocol, Self

import msgspec
import numpy as np

from core.errors import BrokenArtifact, UnknownName
from core.segmentation import CustomerWorthKind
from models.artifact import Artifact
from serving.release.account_part import AccountPart
from serving.release.churn_part import ChurnPart
from serving.release.experiment_part import ExperimentPart
from serving.release.hazard_part import HazardPart
from serving.release.health_part import HealthPart
from serving.release.identity_part import IdentityPart
from serving.release.integrity import DESCRIPTION, checksums, flush, refuse_damage, refuse_damage_once
from serving.release.offer_part import OfferPart
from serving.release.predict_part import PredictPart
from serving.release.recommender_part import RecommenderPart
from serving.release.report_part import ReportPart
from serving.release.retention_part import RetentionPart
from serving.release.segment_part import SegmentPart
from serving.release.uplift_part import UpliftPart
from serving.release.value_part import ValuePart

FORMAT_VERSION = 6
CARDS = "cards.json"
UNPUBLISHED = "unpublished"
"The release id of scores that no release contains."


class ReleasePart(Protocol):
    """One part of a release, by the name of its field in `Release`, which is also the name of its first folder."""

    def to_artifacts(self) -> dict[str, Artifact]:
        """The part as folders of a release, by name."""
        ...

    @classmethod
    def from_artifacts(cls, artifacts: Mapping[str, Artifact]) -> Self:
        """The part from all folders of a release."""
        ...


class ReleasedModel(msgspec.Struct, frozen=True, kw_only=True):
    """A registered model version in a release."""

    name: str
    "In the registry: kizuna.<data set>.<kind>."
    version: int
    model: str
    "Name in the model catalogue."
    cutoff: date
    "The newest training cutoff."
    card_digest: str
    features_digest: str
    data_digest: str
    is_baseline: bool = False
    "Whether it is a baseline that answers because nothing is shown to be better."


class FittedModel(msgspec.Struct, frozen=True, kw_only=True):
    """A model that was fitted for a release and never registered."""

    model: str
    "Name in the model catalogue."
    settings: dict[str, str | int | float | bool | None]
    cutoff: date
    data_digest: str


class ReleaseDescription(msgspec.Struct, frozen=True, kw_only=True):
    """The description of a release, its first file."""

    format_version: int = FORMAT_VERSION
    release_id: str
    created_at: datetime
    "UTC."
    data_set: str
    time_zone: str
    currency: str
    n_decimals: int = 2
    "Decimals of amounts in this currency; `[money] decimals` may state others than ISO 4217 does."
    cutoff: date
    "The release uses data from before midnight of this local day."
    data_digest: str
    journal_number: int = 0
    "The number of the last event of the journal when the release was built; see `serving.journal`."
    models: dict[str, ReleasedModel]
    "By kind: churn, hazard, recommender, predict.<event>, value, uplift; recommender.challenger in an experiment."
    champions: dict[str, int] = {}
    "The version of every champion of that time, by kind, and of the challenger in an experiment, left out here or not."
    similar_items: FittedModel | None = None
    "The similarity model, if the recommender itself has no item similarity."
    missing: dict[str, str] = {}
    "Why a kind is not in this release."
    files: dict[str, str] = {}
    "Path inside the folder to SHA-256."


class CustomerWorth(NamedTuple):
    """What a customer is worth to the business."""

    amount: float | None
    "Base currency; None if unknown."
    kind: CustomerWorthKind


@dataclass(frozen=True)
class Release:
    """The content of one release. A missing part is None, and `description.missing` says why."""

    description: ReleaseDescription
    cards: msgspec.Raw
    "JSON object: kind to model card."
    churn: ChurnPart | None = field(default=None, metadata={"part": ChurnPart})
    hazard: HazardPart | None = field(default=None, metadata={"part": HazardPart})
    recommender: RecommenderPart | None = field(default=None, metadata={"part": RecommenderPart})
    predict: PredictPart | None = field(default=None, metadata={"part": PredictPart})
    value: ValuePart | None = field(default=None, metadata={"part": ValuePart})
    uplift: UpliftPart | None = field(default=None, metadata={"part": UpliftPart})
    offers: OfferPart | None = field(default=None, metadata={"part": OfferPart})
    segments: SegmentPart | None = field(default=None, metadata={"part": SegmentPart})
    retention: RetentionPart | None = field(default=None, metadata={"part": RetentionPart})
    accounts: AccountPart | None = field(default=None, metadata={"part": AccountPart})
    health: HealthPart | None = field(default=None, metadata={"part": HealthPart})
    report: ReportPart | None = field(default=None, metadata={"part": ReportPart})
    experiment: ExperimentPart | None = field(default=None, metadata={"part": ExperimentPart})
    identities: IdentityPart | None = field(default=None, metadata={"part": IdentityPart})

    def value_of(self, customer_id: str) -> CustomerWorth:
        """What a customer is worth: the predicted value or, without a value model, the last year's."""
        if self.value is not None:
            return CustomerWorth(self.value.value_of(customer_id), "predicted")
        segments = self.segments
        if segments is None:
            return CustomerWorth(None, "")
        return CustomerWorth(segments.yearly_value_of(segments.index.find(customer_id)), segments.yearly_value_kind)

    def estimate_loss(self, customer_id: str, probability: float | None) -> float | None:
        """Churn probability times what the customer is worth, base currency; None where either is unknown.

        Predicted value counts for a customer who has not left yet: it already expects some to leave, and that would
        count their risk twice.
        """
        value = self.value
        worth = self.value_of(customer_id).amount if value is None else value.value_if_alive_of(customer_id)
        return None if worth is None or probability is None else round(probability * worth, self.description.n_decimals)

    def write(self, folder: Path) -> None:
        """Write a new folder and wait for the disk. The description, which contains the checksums, comes last."""
        folder.mkdir(parents=True)
        for name in PARTS:
            part: ReleasePart | None = getattr(self, name)
            for folder_name, artifact in ({} if part is None else part.to_artifacts()).items():
                artifact.write(folder / folder_name)
        (folder / CARDS).write_bytes(bytes(self.cards))
        description = msgspec.structs.replace(self.description, files=checksums(folder))
        (folder / DESCRIPTION).write_bytes(msgspec.json.format(msgspec.json.encode(description)))
        for path in [*folder.rglob("*"), folder]:
            flush(path)

    @classmethod
    def open(cls, folder: Path, *, once_per_host: bool = False) -> Release:
        """Memory-map a release. Raises BrokenArtifact if a file is missing, damaged or of another format.

        With `once_per_host`, files are not read again that a process of this host has verified.
        """
        try:
            description = read_description(folder)
            (refuse_damage_once if once_per_host else refuse_damage)(folder, description.files)
            artifacts = {
                path.name: _plain_arrays(Artifact.read(path, memory_map=True))
                for path in sorted(folder.iterdir())
                if path.is_dir()
            }
            parts: dict[str, Any] = {
                name: kind.from_artifacts(artifacts) for name, kind in PARTS.items() if name in artifacts
            }
            return cls(description, msgspec.Raw((folder / CARDS).read_bytes()), **parts)
        except (OSError, LookupError, ValueError, TypeError, AttributeError, msgspec.DecodeError, UnknownName) as error:
            raise BrokenArtifact(f"the release in {folder} cannot be read ({error}); run `kizuna release`") from error


PARTS: Mapping[str, type[ReleasePart]] = {
    each.name: each.metadata["part"] for each in fields(Release) if "part" in each.metadata
}


class _Format(msgspec.Struct):
    """What every format of a description has."""

    format_version: int


def read_description(folder: Path) -> ReleaseDescription:
    """The description in a release folder. Raises BrokenArtifact if it is damaged or of another format."""
    try:
        content = (folder / DESCRIPTION).read_bytes()
    except OSError as error:
        raise BrokenArtifact(f"{folder / DESCRIPTION} cannot be read ({error}); run `kizuna release`") from error
    return decode_description(content, str(folder / DESCRIPTION))


def decode_description(content: bytes, place: str) -> ReleaseDescription:
    """The description of a release that was read from a place. Raises BrokenArtifact as `read_description` does."""
    try:
        version = msgspec.json.decode(content, type=_Format).format_version
        if version == FORMAT_VERSION:
            return msgspec.json.decode(content, type=ReleaseDescription)
    except (UnicodeDecodeError, msgspec.DecodeError) as error:
        raise BrokenArtifact(f"{place} cannot be read ({error}); run `kizuna release`") from error
    raise BrokenArtifact(
        f"{place} has release format {version}, this version reads {FORMAT_VERSION}; run `kizuna release`"
    )


def new_release_id(created_at: datetime, content: str) -> str:
    """An id that sorts by time: 20260914T010203Z-3fa2c1."""
    nonce = hashlib.sha256(f"{content}{time.monotonic_ns()}{os.getpid()}".encode()).hexdigest()[:6]
    return f"{created_at:%Y%m%dT%H%M%SZ}-{nonce}"


def _plain_arrays(artifact: Artifact) -> Artifact:
    """The same memory maps as plain arrays: np.memmap costs microseconds each time an element is read."""
    return replace(artifact, arrays={name: np.asarray(array) for name, array in artifact.arrays.items()})
