"""GET /v1/models: the models of the active release, with their cards."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

from core.access import Scope
from serving.http.schema import Endpoint, Request, RequestContext, Response, provenance_of
from serving.release.release import FittedModel, ReleasedModel

Cards = Annotated[
    msgspec.Raw, msgspec.Meta(extra_json_schema={"type": "object", "additionalProperties": {"type": "object"}})
]


class ModelsRequest(Request, frozen=True):
    """No parameters."""


class ModelsResponse(Response, frozen=True, kw_only=True):
    """The models of the active release."""

    data_set: str
    created_at: datetime
    models: dict[str, ReleasedModel]
    "By kind."
    similar_items: FittedModel | None
    "The similarity model fitted for the release, if the recommender itself has no item similarity."
    missing: dict[str, str]
    "Why a kind is not in the release."
    cards: Cards
    "Model cards by kind: what each model is, what it was fitted on, and its metrics."


def handle(request: ModelsRequest, context: RequestContext) -> ModelsResponse:
    """Return the description of the release."""
    del request
    description = context.release.description
    return ModelsResponse(
        **provenance_of(context.release, None),
        data_set=description.data_set,
        created_at=description.created_at,
        models=description.models,
        similar_items=description.similar_items,
        missing=description.missing,
        cards=context.release.cards,
    )


ENDPOINT = Endpoint(
    method="GET",
    path="/v1/models",
    request=ModelsRequest,
    response=ModelsResponse,
    handle=handle,
    summary="Models in the active release",
    scope=Scope.SCORE,
)
