"""Load the champions that commands read beside a release, and look up what a model is capable of."""

from __future__ import annotations

from typing import Any

from core.catalogue import Catalogue
from core.errors import BadInput, NotFound
from core.model_kinds import CHURN, HAZARD, TEXTS, Capability, ModelKind
from models.churn.additive import AdditiveModel
from models.churn.catalogue import CHURN_MODELS
from models.hazard.catalogue import HAZARD_MODELS
from models.hazard.hazard import Hazard
from models.mlflow_store.registry import CHAMPION, Registry
from models.texts.text_model import TextModel


def model_capabilities(kind: ModelKind, model: str) -> frozenset[Capability]:
    """The capabilities that a model declares beyond the protocol of its kind; empty where its kind needs none."""
    if not kind.champion_needs:
        return frozenset()
    models: Catalogue[Any] = Catalogue.of_folder(kind.package, attribute="MODEL")
    return models[model].capabilities


def load_churn_champion(registry: Registry) -> AdditiveModel:
    """Load the churn champion. Raises NotFound where there is none, BadInput where its log-odds are not additive."""
    artifact = registry.artifact(registry.find(CHURN.name, CHAMPION))
    if Capability.ADDITIVE_LOG_ODDS not in model_capabilities(CHURN, artifact.model):
        raise BadInput(
            f"the churn champion is {artifact.model}, which gives no reasons; promote another with "
            f"{CHURN.promote_command}"
        )
    model = CHURN_MODELS[artifact.model].from_artifact(artifact)
    assert isinstance(model, AdditiveModel)
    return model


def load_hazard_champion(registry: Registry) -> tuple[Hazard, int] | None:
    """Load the hazard champion and its version; None where none was promoted.

    A baseline that is champion only because there was none does not count: it predicts the same for every customer.
    """
    try:
        registered = registry.find(HAZARD.name, CHAMPION)
    except NotFound:
        return None
    if registered.card.is_baseline:
        return None
    artifact = registry.artifact(registered)
    return HAZARD_MODELS[artifact.model].from_artifact(artifact), registered.version


def load_text_champion(registry: Registry) -> TextModel | None:
    """Load the text champion; None where there is none and the word lists in `[causes]` are used."""
    if CHAMPION not in registry.aliases(TEXTS.name):
        return None
    return TextModel.from_artifact(registry.artifact(registry.find(TEXTS.name, CHAMPION)))
