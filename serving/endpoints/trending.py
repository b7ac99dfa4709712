"""GET /v1/trending: items whose purchases are growing."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.access import Scope
from core.model_kinds import RECOMMENDER
from serving.http.schema import (
    AttributeValue,
    Count,
    Endpoint,
    ItemDescription,
    Request,
    RequestContext,
    Response,
    not_released,
    provenance_of,
)
from serving.release.item_part import ItemPart
from serving.release.recommender_part import RecommenderPart


class TrendingRequest(Request, frozen=True):
    """How many items, and of which category."""

    k: Count = 10
    category: AttributeValue | None = None
    "Only items of this category."


class TrendingItem(msgspec.Struct, frozen=True, kw_only=True):
    """One item with the growth of its purchases."""

    rank: int
    item_id: str
    doublings: float
    "Number of doublings of purchases against the window before, recent ones weighing more; 1 is twice as many."
    purchases: int
    "In the window that ends at the cutoff."
    purchases_before: int
    "In the window before."
    item: ItemDescription
    "The item's columns in the items table."


class TrendingResponse(Response, frozen=True, kw_only=True):
    """Items by growth, steepest first; only items in stock."""

    window_days: int
    items: list[TrendingItem]
    shortfall: str
    "Why there are fewer than k; empty otherwise."


def handle(request: TrendingRequest, context: RequestContext) -> TrendingResponse:
    """Return the precomputed trend, without items that are out of stock or of another category."""
    part = context.recommender
    if part is None:
        raise not_released(context.release, RECOMMENDER.name)
    trend, is_allowed = part.context_models.trend, ~context.stock.out_of_stock(part).mask
    if request.category is not None:
        is_allowed = is_allowed & _is_of_category(part.items, request.category)
    places = np.flatnonzero(is_allowed[trend.items])[: request.k].tolist()
    return TrendingResponse(
        **provenance_of(context.release, RECOMMENDER.name),
        window_days=trend.window_days,
        items=[_item(part, place, rank=rank) for rank, place in enumerate(places, start=1)],
        shortfall="" if len(places) == request.k else f"only {len(places)} such items are on the rise",
    )


def _is_of_category(items: ItemPart, category: str) -> NDArray[np.bool_]:
    """(m,); false for all if the items table has no categories."""
    return (
        items.with_values({"category": (category,)}) if "category" in items.names else np.zeros(len(items), dtype=bool)
    )


def _item(part: RecommenderPart, place: int, *, rank: int) -> TrendingItem:
    trend = part.context_models.trend
    code = int(trend.items[place])
    return TrendingItem(
        rank=rank,
        item_id=str(part.model.item_ids[code]),
        doublings=float(trend.scores[place]),
        purchases=int(trend.counts[place]),
        purchases_before=int(trend.counts_before[place]),
        item=part.items.descriptions[code],
    )


ENDPOINT = Endpoint(
    method="GET",
    path="/v1/trending",
    request=TrendingRequest,
    response=TrendingResponse,
    handle=handle,
    summary="Trending items",
    scope=Scope.RECOMMEND,
    open_to_browsers=True,
)
