"""GET /v1/trending: what is on the rise."""

from __future__ import annotations

import msgspec
import numpy as np

from serving.http.schema import (
    Answer,
    Count,
    Description,
    Endpoint,
    Question,
    RequestContext,
    Word,
    not_released,
    source_of,
)
from serving.release.item_part import ItemPart
from serving.release.trend_part import TrendPart


class TrendingQuestion(Question, frozen=True):
    """How many, and of which category."""

    k: Count = 10
    category: Word | None = None
    "Only items of this category."


class RisingItem(msgspec.Struct, frozen=True):
    """One item, and how its purchases grow."""

    rank: int
    item_id: str
    doublings: float
    "How often its purchases have doubled against the window before, the latest counting most; 1 is twice as many."
    purchases: int
    "In the window that ends with the cutoff."
    purchases_before: int
    "In the window before."
    item: Description
    "What the items table says of it."


class TrendingAnswer(Answer, frozen=True, kw_only=True):
    """What rises, the steepest first; only what is in stock."""

    window_days: int
    items: list[RisingItem]
    shortfall: str
    "Why there are fewer than k; empty where there are not."


def respond(question: TrendingQuestion, shop: RequestContext) -> TrendingAnswer:
    """Read what was worked out beforehand, less what is out of stock or of another category."""
    part = shop.release.recommender
    if part is None:
        raise not_released(shop.release, "recommender")
    trend, shown = part.around.trend, ~shop.stock.lacking(part).mask
    if question.category is not None:
        shown = shown & _of_category(part.items, question.category)
    places = np.flatnonzero(shown[trend.items])[: question.k].tolist()
    return TrendingAnswer(
        **source_of(shop.release, "recommender"),
        window_days=trend.window_days,
        items=[_rising(part.items, trend, rank, place) for rank, place in enumerate(places, start=1)],
        shortfall="" if len(places) == question.k else f"only {len(places)} such items are on the rise",
    )


def _of_category(items: ItemPart, category: str) -> np.ndarray:
    """(m,) bool; none where the items table has no categories."""
    return items.having({"category": (category,)}) if "category" in items.names else np.zeros(len(items), dtype=bool)


def _rising(items: ItemPart, trend: TrendPart, rank: int, place: int) -> RisingItem:
    code = int(trend.items[place])
    return RisingItem(
        rank,
        str(items.attributes.item_ids[code]),
        float(trend.scores[place]),
        int(trend.counts[place]),
        int(trend.counts_before[place]),
        items.descriptions[code],
    )


ENDPOINT = Endpoint(
    "GET", "/v1/trending", TrendingQuestion, TrendingAnswer, respond, "What is on the rise", "recommender"
)
