"""The text model that a data set's texts are read by, for whoever asks what customers wrote."""

from __future__ import annotations

from models.mlflow_store.registry import CHAMPION, Registry
from models.texts.text_model import NAME, TextModel


def text_champion(registry: Registry) -> TextModel | None:
    """The registered champion; None where there is none, so that texts are read by words."""
    if CHAMPION not in registry.aliases(NAME):
        return None
    return TextModel.from_artifact(registry.artifact(registry.find(NAME, CHAMPION)))
