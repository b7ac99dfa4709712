"""GET /v1/items/{item_id}/similar: items like this one."""

from __future__ import annotations

import msgspec
import numpy as np

from core.interactions import codes_of
from serving.http.schema import Answer, Count, Endpoint, ItemId, Question, RequestContext, not_released, source_of


class SimilarQuestion(Question, frozen=True):
    """Like which item, and how many."""

    item_id: ItemId
    k: Count = 10


class SimilarItem(msgspec.Struct, frozen=True):
    """One item and how alike it is."""

    rank: int
    item_id: str
    score: float
    "Comparable within this answer only."


class SimilarAnswer(Answer, frozen=True, kw_only=True):
    """The items most like it, best first."""

    item_id: str
    known_item: bool
    answered_by: str
    "Which recommender knows the likeness: the champion, or the one fitted beside it when the release was made."
    items: list[SimilarItem]
    shortfall: str
    "Why there are fewer than k; empty where there are not."


def respond(question: SimilarQuestion, shop: RequestContext) -> SimilarAnswer:
    """Ask the model, and leave out what is out of stock."""
    part = shop.release.recommender
    if part is None:
        raise not_released(shop.release, "recommender")
    lacking, knowing = shop.stock.lacking(part), part.model.similarity_model_ or part.model
    found = knowing.similar(question.item_id, question.k + len(lacking.codes))
    gone = lacking.mask[codes_of(np.array([item_id for item_id, _ in found], dtype=str), part.model.item_ids)]
    shown = [alike for alike, hidden in zip(found, gone.tolist(), strict=True) if not hidden][: question.k]
    return SimilarAnswer(
        **source_of(shop.release, "recommender"),
        item_id=question.item_id,
        known_item=part.code_of(question.item_id) >= 0,
        answered_by=knowing.name,
        items=[SimilarItem(rank, item_id, float(score)) for rank, (item_id, score) in enumerate(shown, start=1)],
        shortfall=_shortfall(knowing.name, len(shown), question.k),
    )


def _shortfall(model: str, n_shown: int, k: int) -> str:
    return "" if n_shown == k else f"the released model, {model}, knows {n_shown} items like it that may be shown"


ENDPOINT = Endpoint(
    "GET",
    "/v1/items/{item_id:id}/similar",
    SimilarQuestion,
    SimilarAnswer,
    respond,
    "Items like this one",
    "recommender",
)
