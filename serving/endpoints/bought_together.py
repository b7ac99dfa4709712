"""GET /v1/items/{item_id}/bought-together: what lands in one order with this item, more often than by chance."""

from __future__ import annotations

from itertools import islice

import msgspec

from serving.http.schema import (
    Answer,
    Count,
    Description,
    Endpoint,
    ItemId,
    Question,
    RequestContext,
    not_released,
    source_of,
)
from serving.release.item_part import ItemPart


class TogetherQuestion(Question, frozen=True):
    """With which item, and how many."""

    item_id: ItemId
    k: Count = 10


class Companion(msgspec.Struct, frozen=True):
    """One item, and how much more often than by chance it is bought with the one asked about."""

    rank: int
    item_id: str
    lift: float
    "Orders with both, as a multiple of what chance would bring; shrunk towards 1 where few orders tell."
    support: int
    "Orders with both."
    item: Description
    "What the items table says of it."


class TogetherAnswer(Answer, frozen=True, kw_only=True):
    """The items bought with it, the largest lift first; only what is in stock."""

    item_id: str
    known_item: bool
    items: list[Companion]
    shortfall: str
    "Why there are fewer than k; empty where there are not."


def respond(question: TogetherQuestion, shop: RequestContext) -> TogetherAnswer:
    """Look the pairs up, and leave out what is out of stock."""
    part = shop.release.recommender
    if part is None:
        raise not_released(shop.release, "recommender")
    code, gone = part.code_of(question.item_id), shop.stock.lacking(part).mask
    pairs = (pair for pair in part.around.together.with_item(code, len(part.items)) if not gone[pair[0]])
    shown = [_companion(part.items, rank, *pair) for rank, pair in enumerate(islice(pairs, question.k), start=1)]
    return TogetherAnswer(
        **source_of(shop.release, "recommender"),
        item_id=question.item_id,
        known_item=code >= 0,
        items=shown,
        shortfall=_shortfall(len(shown), question.k),
    )


def _companion(items: ItemPart, rank: int, code: int, lift: float, support: int) -> Companion:
    return Companion(rank, str(items.attributes.item_ids[code]), lift, support, items.descriptions[code])


def _shortfall(n_shown: int, k: int) -> str:
    return "" if n_shown == k else f"only {n_shown} items in stock were bought with it in enough orders"


ENDPOINT = Endpoint(
    "GET",
    "/v1/items/{item_id:id}/bought-together",
    TogetherQuestion,
    TogetherAnswer,
    respond,
    "What is bought together with this item",
    "recommender",
)
