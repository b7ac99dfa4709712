"""POST /v1/recommendations: what a customer, known or not, would like next."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import uuid4
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from core.recommendations import RUNGS, Recommendations
from serving.recommender_part import RecommenderPart
from serving.release import Release
from serving.wire import Answer, Count, CustomerId, Endpoint, ItemId, Question, not_released, source_of

Items = Annotated[tuple[ItemId, ...], msgspec.Meta(max_length=1000)]
Description = Annotated[msgspec.Raw, msgspec.Meta(extra_json_schema={"type": "object"})]


class RecommendationsQuestion(Question, frozen=True):
    """For whom: a customer on record, a history that the caller knows, both, or neither (what everybody buys)."""

    customer_id: CustomerId | None = None
    history: Items = ()
    "Items bought since the release was made, or by a customer who is not on record."
    k: Count = 10
    exclude: Items = ()
    "Items that must not come back."


class RecommendedItem(msgspec.Struct, frozen=True):
    """One item, and where the idea came from."""

    rank: int
    item_id: str
    score: float
    "Comparable within this answer only."
    rung: Literal["personal", "similar_items", "popularity"]
    because: list[str]
    "The item of the history that speaks most for it."
    item: Description
    "What the items table says of it."


class RecommendationsAnswer(Answer, frozen=True, kw_only=True):
    """The best items, best first."""

    recommendation_id: str
    "Unique; name it when the customer reacts."
    customer_id: str | None
    known_customer: bool
    items: list[RecommendedItem]
    shortfall: str
    "Why there are fewer than k; empty where there are not."


def respond(question: RecommendationsQuestion, release: Release) -> RecommendationsAnswer:
    """Read what was worked out beforehand, or ask the model where the request brings something new."""
    part = release.recommender
    if part is None:
        raise not_released(release, "recommender")
    best = _best(part, question, release.description.time_zone)
    customer_id = question.customer_id
    return RecommendationsAnswer(
        **source_of(release, "recommender"),
        recommendation_id=uuid4().hex,
        customer_id=customer_id,
        known_customer=customer_id is not None and part.index.find(customer_id) >= 0,
        items=_items(part, best),
        shortfall=best.shortfalls[0],
    )


def _best(part: RecommenderPart, question: RecommendationsQuestion, time_zone: str) -> Recommendations:
    if question.customer_id is not None and not question.history and not question.exclude:
        known = part.worked_out(question.customer_id, question.k)
        if known is not None:
            return known
    now = np.datetime64(datetime.now(ZoneInfo(time_zone)).replace(tzinfo=None), "s")
    history = part.history_of(question.customer_id, question.history, now)
    return part.recommend(history, question.k, question.exclude)


def _items(part: RecommenderPart, best: Recommendations) -> list[RecommendedItem]:
    names = best.item_ids
    return [
        RecommendedItem(
            rank,
            str(names[item]),
            float(score),
            RUNGS[rung],
            [str(names[because])] if because >= 0 else [],
            part.descriptions[item],
        )
        for rank, (item, score, rung, because) in enumerate(
            zip(best.items[0], best.scores[0], best.rungs[0], best.because[0], strict=True), start=1
        )
        if item >= 0
    ]


ENDPOINT = Endpoint(
    "POST",
    "/v1/recommendations",
    RecommendationsQuestion,
    RecommendationsAnswer,
    respond,
    "What they would like next",
    "recommender",
)
