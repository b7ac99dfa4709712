"""GET /v1/stock: what is out of stock at this moment."""

from __future__ import annotations

from datetime import UTC, datetime

from core.access import Scope
from core.model_kinds import RECOMMENDER
from serving.http.schema import Endpoint, Request, RequestContext, Response, provenance_of
from serving.stock import Stock


class StockRequest(Request, frozen=True):
    """No parameters."""


class StockResponse(Response, frozen=True, kw_only=True):
    """The items that no response contains, unless the request says `in_stock` false."""

    unavailable: list[str]
    "Items that PUT /v1/stock has marked as sold out; sorted."
    unavailable_as_released: list[str]
    "Items that the items table marked as unavailable when the release was built. Only a newer release changes this."
    changed_at: datetime | None
    "Time of the last PUT, UTC; null before the first."


def handle(request: StockRequest, context: RequestContext) -> StockResponse:
    """Return the current stock and the release's unavailable items."""
    del request
    return stock_response(context.stock.now, context)


def stock_response(stock: Stock, context: RequestContext) -> StockResponse:
    """The response for one state of the stock."""
    part = context.recommender
    return StockResponse(
        **provenance_of(context.release, RECOMMENDER.name),
        unavailable=sorted(stock.unavailable),
        unavailable_as_released=[] if part is None else part.items.unavailable_ids,
        changed_at=datetime.fromtimestamp(stock.changed_at_ns / 1e9, UTC) if stock.changed_at_ns else None,
    )


ENDPOINT = Endpoint(
    method="GET",
    path="/v1/stock",
    request=StockRequest,
    response=StockResponse,
    handle=handle,
    summary="Items out of stock",
    scope=Scope.RECOMMEND,
)
