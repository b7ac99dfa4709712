"""GET /v1/stock: what is out of stock at this moment."""

from __future__ import annotations

from datetime import UTC, datetime

from serving.http.schema import Answer, Endpoint, Question, RequestContext, source_of
from serving.stock import Stock


class StockQuestion(Question, frozen=True):
    """Nothing has to be said."""


class StockAnswer(Answer, frozen=True, kw_only=True):
    """What no answer shows, unless it is asked for with `in_stock` false."""

    unavailable: list[str]
    "What PUT /v1/stock has taken out; sorted."
    unavailable_as_released: list[str]
    "What the items table said when the release was made; only a newer release brings it back."
    changed_at: datetime | None
    "Of the last PUT, UTC; null before the first."


def respond(question: StockQuestion, shop: RequestContext) -> StockAnswer:
    """Read the live set and the release's own."""
    return told(shop.stock.now, shop)


def told(stock: Stock, shop: RequestContext) -> StockAnswer:
    """One state of the set as an answer."""
    part = shop.release.recommender
    return StockAnswer(
        **source_of(shop.release, "recommender"),
        unavailable=sorted(stock.unavailable),
        unavailable_as_released=[] if part is None else part.items.unavailable_ids,
        changed_at=datetime.fromtimestamp(stock.changed_at_ns / 1e9, UTC) if stock.changed_at_ns else None,
    )


ENDPOINT = Endpoint("GET", "/v1/stock", StockQuestion, StockAnswer, respond, "What is out of stock")
