"""GET /v1/models: the model cards now live."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

from serving.http.schema import Answer, Endpoint, Question, RequestContext, source_of
from serving.release.release import FittedModel, ReleasedModel

Cards = Annotated[
    msgspec.Raw, msgspec.Meta(extra_json_schema={"type": "object", "additionalProperties": {"type": "object"}})
]


class ModelsQuestion(Question, frozen=True):
    """Nothing has to be said."""


class ModelsAnswer(Answer, frozen=True, kw_only=True):
    """What is in force."""

    data_set: str
    created_at: datetime
    models: dict[str, ReleasedModel]
    "By kind."
    similar_items: FittedModel | None
    "Fitted beside a recommender that cannot say which items are similar, when the release was made."
    missing: dict[str, str]
    "Kind to the reason why it was not released."
    cards: Cards
    "By kind: what each model is, what it was fitted on, how good it is."


def respond(question: ModelsQuestion, shop: RequestContext) -> ModelsAnswer:
    """Read the release's own description."""
    described = shop.release.description
    return ModelsAnswer(
        **source_of(shop.release, None),
        data_set=described.data_set,
        created_at=described.created_at,
        models=described.models,
        similar_items=described.similar_items,
        missing=described.missing,
        cards=shop.release.cards,
    )


ENDPOINT = Endpoint("GET", "/v1/models", ModelsQuestion, ModelsAnswer, respond, "The models in force")
