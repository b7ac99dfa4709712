"""The words on the wire: what requests and answers of all routes have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, ClassVar

import msgspec

from core.ids import Id
from serving.http.problems import Problem
from serving.release.release import Release
from serving.stock import LiveStock
from serving.tasks.database import TaskDatabase

CustomerId = Annotated[Id, msgspec.Meta(description="A customer's id, as in the tables.", examples=["17850"])]
ItemId = Annotated[Id, msgspec.Meta(description="An item's id, as in the tables.", examples=["22423"])]
Attribute = Annotated[
    str, msgspec.Meta(min_length=1, max_length=64, description="An attribute of items.", examples=["category"])
]
Word = Annotated[str, msgspec.Meta(min_length=1, max_length=128, examples=["tea"])]
Count = Annotated[int, msgspec.Meta(ge=1, le=100, description="How many to answer with, at most.")]

Description = Annotated[msgspec.Raw, msgspec.Meta(extra_json_schema={"type": "object"})]
"An item as the items table has it; stored as JSON and passed on as it is."


class Question(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a route is asked: the fields of a JSON body, or of the path and the query."""


class ModelReference(msgspec.Struct, frozen=True):
    """Which registered model version stands behind an answer."""

    name: str
    version: int


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What every answer names: the release, the model version, and until when facts were known."""

    release_id: str
    model: ModelReference | None
    cutoff: date


@dataclass(frozen=True)
class RequestContext:
    """What a question is answered from: the release in force, what is in stock at this moment, and the tasks."""

    release: Release
    stock: LiveStock
    tasks: TaskDatabase


@dataclass(frozen=True)
class Endpoint:
    """One route: what it is asked, what it answers, and how."""

    method: str
    path: str
    "In braces, a field of the question; `{item_id:id}` may contain any character."
    question: type[Question]
    answer: type[msgspec.Struct]
    respond: Callable[[Any, RequestContext], msgspec.Struct]
    summary: str
    needs: str | None = None
    "The kind of model without which it answers 503."
    waits: bool = False
    "Whether it waits for a disk or a database, and so must not keep other requests waiting."
    body_field: str | None = None
    "The field of the question that the body fills, where the address fills the others; None: it fills all."
    also: tuple[str, ...] = ()
    "Problems of this route alone."
    problems: ClassVar[tuple[str, ...]] = ("invalid-request", "internal", "no-release", "model-not-released")

    @property
    def has_body(self) -> bool:
        """Whether the question, or a field of it, is the body of the request."""
        return self.method in {"POST", "PUT", "PATCH"}

    @property
    def body(self) -> type[msgspec.Struct]:
        """What the body has to be."""
        kinds = {field.name: field.type for field in msgspec.structs.fields(self.question)}
        return self.question if self.body_field is None else kinds[self.body_field]

    @property
    def template(self) -> str:
        """The path as documents and metrics write it."""
        return self.path.replace(":id}", "}")


def source_of(release: Release, kind: str | None) -> dict[str, Any]:
    """The fields that every answer begins with; `kind` is the model behind it, where there is one."""
    described = release.description
    found = described.models.get(kind) if kind else None
    return {
        "release_id": described.release_id,
        "model": ModelReference(found.name, found.version) if found else None,
        "cutoff": described.cutoff,
    }


def not_released(release: Release, kind: str) -> Problem:
    """The answer of a route whose model the release lacks, with the reason."""
    reason = release.description.missing.get(kind, "it was not asked for")
    return Problem("model-not-released", f"release {release.description.release_id} has no {kind}: {reason}")
