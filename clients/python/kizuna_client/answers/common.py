"""What every answer contains."""

from __future__ import annotations

from typing import TypedDict


class ModelReference(TypedDict):
    """The registered model version behind a response."""

    name: str
    version: int


class Answer(TypedDict):
    """The fields of every answer: the release, the model version, and the cutoff of the data."""

    release_id: str
    model: ModelReference | None
    cutoff: str
