"""GET /v1/items/{item_id}/similar: items similar to this one."""

from __future__ import annotations

import msgspec
import numpy as np

from core.access import Scope
from core.interactions import codes_of
from core.model_kinds import RECOMMENDER
from serving.http.schema import (
    Count,
    Endpoint,
    ItemId,
    Request,
    RequestContext,
    Response,
    not_released,
    provenance_of,
)


class SimilarItemsRequest(Request, frozen=True):
    """The item, and how many results."""

    item_id: ItemId
    k: Count = 10


class SimilarItem(msgspec.Struct, frozen=True):
    """One item with its similarity."""

    rank: int
    item_id: str
    score: float
    "Comparable within this response only."


class SimilarItemsResponse(Response, frozen=True, kw_only=True):
    """Items by similarity, most similar first."""

    item_id: str
    known_item: bool
    answered_by: str
    "The recommender with the item similarity: the champion, or the similarity model of the release."
    items: list[SimilarItem]
    shortfall: str
    "Why there are fewer than k; empty otherwise."


def handle(request: SimilarItemsRequest, context: RequestContext) -> SimilarItemsResponse:
    """Ask the model, without items that are out of stock."""
    part = context.recommender
    if part is None:
        raise not_released(context.release, RECOMMENDER.name)
    out_of_stock, model = context.stock.out_of_stock(part), part.model.similarity_model_ or part.model
    candidates = model.similar_items(request.item_id, request.k + len(out_of_stock.codes))
    codes = codes_of(np.array([item_id for item_id, _ in candidates], dtype=str), part.model.item_ids)
    is_gone = out_of_stock.mask[codes].tolist()
    similar = [candidate for candidate, gone in zip(candidates, is_gone, strict=True) if not gone][: request.k]
    return SimilarItemsResponse(
        **provenance_of(context.release, RECOMMENDER.name),
        item_id=request.item_id,
        known_item=part.code_of(request.item_id) >= 0,
        answered_by=model.name,
        items=[SimilarItem(rank, item_id, float(score)) for rank, (item_id, score) in enumerate(similar, start=1)],
        shortfall=_shortfall(len(similar), request.k, model=model.name),
    )


def _shortfall(n_items: int, k: int, *, model: str) -> str:
    return "" if n_items == k else f"the released model, {model}, has {n_items} similar items that are in stock"


ENDPOINT = Endpoint(
    method="GET",
    path="/v1/items/{item_id:id}/similar",
    request=SimilarItemsRequest,
    response=SimilarItemsResponse,
    handle=handle,
    summary="Items similar to this one",
    scope=Scope.RECOMMEND,
    open_to_browsers=True,
)
