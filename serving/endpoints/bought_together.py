"""GET /v1/items/{item_id}/bought-together: items that share orders with this one more often than by chance."""

from __future__ import annotations

from itertools import islice

import msgspec

from core.access import Scope
from core.model_kinds import RECOMMENDER
from serving.http.schema import (
    Count,
    Endpoint,
    ItemDescription,
    ItemId,
    Request,
    RequestContext,
    Response,
    not_released,
    provenance_of,
)
from serving.release.recommender_part import RecommenderPart


class BoughtTogetherRequest(Request, frozen=True):
    """The item, and how many results."""

    item_id: ItemId
    k: Count = 10


class BoughtTogetherItem(msgspec.Struct, frozen=True, kw_only=True):
    """An item that is bought together with the requested one."""

    rank: int
    item_id: str
    lift: float
    "Orders with both items as a multiple of what chance would give; shrunk towards 1 if there are few orders."
    support: int
    "Orders with both items."
    item: ItemDescription
    "The item's columns in the items table."


class BoughtTogetherResponse(Response, frozen=True, kw_only=True):
    """Items by lift, largest first; only items in stock."""

    item_id: str
    known_item: bool
    items: list[BoughtTogetherItem]
    shortfall: str
    "Why there are fewer than k; empty otherwise."


def handle(request: BoughtTogetherRequest, context: RequestContext) -> BoughtTogetherResponse:
    """Look up the pairs, without items that are out of stock."""
    part = context.recommender
    if part is None:
        raise not_released(context.release, RECOMMENDER.name)
    code, is_gone = part.code_of(request.item_id), context.stock.out_of_stock(part).mask
    pairs = (pair for pair in part.context_models.together.pairs_of(code, len(part.items)) if not is_gone[pair[0]])
    items = [_item(part, pair, rank=rank) for rank, pair in enumerate(islice(pairs, request.k), start=1)]
    return BoughtTogetherResponse(
        **provenance_of(context.release, RECOMMENDER.name),
        item_id=request.item_id,
        known_item=code >= 0,
        items=items,
        shortfall=_shortfall(len(items), request.k),
    )


def _item(part: RecommenderPart, pair: tuple[int, float, int], *, rank: int) -> BoughtTogetherItem:
    code, lift, support = pair
    return BoughtTogetherItem(
        rank=rank,
        item_id=str(part.model.item_ids[code]),
        lift=lift,
        support=support,
        item=part.items.descriptions[code],
    )


def _shortfall(n_items: int, k: int) -> str:
    return "" if n_items == k else f"only {n_items} items in stock were bought with it in enough orders"


ENDPOINT = Endpoint(
    method="GET",
    path="/v1/items/{item_id:id}/bought-together",
    request=BoughtTogetherRequest,
    response=BoughtTogetherResponse,
    handle=handle,
    summary="Items bought together with this one",
    scope=Scope.RECOMMEND,
    open_to_browsers=True,
)
