"""Builds a release from the champions and the tables of today, as `kizuna release` does.

Each part is built by the file of its name in this folder. Features are computed by the same `features/` as in
training; a champion whose features are computed differently today is refused. What cannot be built is listed as
missing, with the reason, and the other parts are released.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime

import msgspec

from core.business_summary import BusinessSummary
from core.catalogue import Catalogue
from core.config.data_set import Config
from core.errors import BadInput
from core.ids import digest_of
from core.model_card import ModelCard
from core.model_kinds import RECOMMENDER, kinds_in_release
from core.recommender_experiment import MODEL_OF_ARM, Arm
from models.mlflow_store.package import ModelPackage
from serving.build.decisions.pricing import price_offers
from serving.build.inputs import BuildInputs, BuiltPart, Champions
from serving.release.experiment_part import NAME as EXPERIMENT
from serving.release.recommender_part import RecommenderPart
from serving.release.release import (
    PARTS,
    FittedModel,
    Release,
    ReleaseDescription,
    ReleasedModel,
    ReleasePart,
    new_release_id,
)
from tables.tables import Tables

PartBuilder = Callable[[BuildInputs, Mapping[str, ReleasePart | None]], BuiltPart]
"Called with the parts that were built before, in the order of `PARTS`."

BUILDERS: Catalogue[PartBuilder] = Catalogue.of_folder("serving.build", attribute="build_part")

MODEL_PARTS = (*(kind.name for kind in kinds_in_release()), "offers")
"A release needs at least one of these."


def build_release(
    config: Config,
    tables: Tables,
    *,
    champions: Champions,
    cutoff: date,
    created_at: datetime,
    summary: BusinessSummary | None = None,
) -> Release:
    """Build everything that the service responds from, as known before midnight of the cutoff.

    `summary` is what the pages show of the business.
    Raises BadInput if a champion must be trained again, or if there is nothing to release.
    """
    inputs = BuildInputs(config, tables, champions, cutoff, summary)
    parts: dict[str, ReleasePart | None] = {}
    missing = dict(champions.missing)
    _build_parts(inputs, [name for name in PARTS if name in MODEL_PARTS], parts=parts, missing=missing)
    if not any(part is not None for part in parts.values()):
        reasons = "; ".join(f"{kind}: {reason}" for kind, reason in missing.items())
        raise BadInput(f"there is nothing to release: {reasons}")
    _build_parts(inputs, [name for name in PARTS if name not in MODEL_PARTS], parts=parts, missing=missing)
    packages = _find_packages(champions, parts)
    description = msgspec.structs.replace(
        describe_tables(tables, cutoff=cutoff, created_at=created_at),
        models={kind: _describe(package.card) for kind, package in packages.items()},
        champions=dict(champions.versions),
        similar_items=_describe_similarity_model(parts[RECOMMENDER.name], tables),
        missing=missing,
    )
    cards = {kind: package.card for kind, package in packages.items()}
    release = Release(description, msgspec.Raw(msgspec.json.encode(cards)), **parts)  # pyright: ignore[reportArgumentType]
    return price_offers(release)


def describe_tables(tables: Tables, *, cutoff: date, created_at: datetime) -> ReleaseDescription:
    """A new release of these tables, without models."""
    config = tables.config
    return ReleaseDescription(
        release_id=new_release_id(created_at, tables.digest),
        created_at=created_at,
        data_set=config.name,
        time_zone=config.time_zone,
        currency=config.currency,
        n_decimals=config.n_decimals,
        cutoff=cutoff,
        data_digest=tables.digest,
        journal_number=tables.journal_number,
        models={},
    )


def _build_parts(
    inputs: BuildInputs, names: list[str], *, parts: dict[str, ReleasePart | None], missing: dict[str, str]
) -> None:
    """Build parts, and add each to `parts`, or the reason to `missing`."""
    for name in names:
        parts[name], missing_reason = BUILDERS[name](inputs, parts)
        if missing_reason:
            missing[name] = missing_reason


def _find_packages(champions: Champions, parts: Mapping[str, ReleasePart | None]) -> dict[str, ModelPackage]:
    """The registered models of a release by name: the champions, and the challenger of an experiment."""
    challenger = champions.challenger if parts[EXPERIMENT] is not None else None
    return {**champions.packages, **({} if challenger is None else {MODEL_OF_ARM[Arm.CHALLENGER]: challenger})}


def _describe(card: ModelCard) -> ReleasedModel:
    return ReleasedModel(
        name=card.registry_name,
        version=card.version or 0,
        model=card.model,
        cutoff=card.cutoff,
        card_digest=digest_of(card),
        features_digest=digest_of(card.features),
        data_digest=card.data_digest,
        is_baseline=card.is_baseline,
    )


def _describe_similarity_model(recommender: ReleasePart | None, tables: Tables) -> FittedModel | None:
    model = recommender.model.similarity_model_ if isinstance(recommender, RecommenderPart) else None
    if model is None:
        return None
    return FittedModel(model=model.name, settings=model.settings, cutoff=model.cutoff_, data_digest=tables.digest)
