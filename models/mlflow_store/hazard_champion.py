"""The champion that tells when customers leave, for whoever asks for the risk of each cause."""

from __future__ import annotations

from core.errors import NotFound
from models.hazard.hazard import Hazard
from models.hazard.hazard_models import HAZARD_MODELS
from models.mlflow_store.registry import CHAMPION, Registry


def champion_hazard(registry: Registry) -> tuple[Hazard, int] | None:
    """The data set's champion hazard and its version; None where none was promoted.

    A baseline that stands in until then does not count: it says the same of everybody.
    """
    try:
        registered = registry.find("hazard", CHAMPION)
    except NotFound:
        return None
    if registered.card.is_baseline:
        return None
    artifact = registry.artifact(registered)
    return HAZARD_MODELS[artifact.model].from_artifact(artifact), registered.version
