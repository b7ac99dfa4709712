"""Answers with recommended items."""

from __future__ import annotations

from typing import Literal, TypedDict

from kizuna_client.answers.common import Answer

Stage = Literal["bought_together", "personal", "popularity", "preferences", "segment", "similar_items", "trending"]


class Contribution(TypedDict):
    """A past purchase, or an item looked at since the release, that contributes to a recommended item."""

    item_id: str
    share: float


class Explanation(TypedDict):
    """One sentence per language, to show to the customer."""

    en: str
    ja: str


class RecommendedItem(TypedDict):
    """One recommended item."""

    rank: int
    item_id: str
    score: float
    stage: Stage
    contributions: list[Contribution]
    explanation: Explanation
    in_stock: bool
    item: dict[str, object]


class RecommendationsResponse(Answer):
    """The best items first; with `diversity`, in the order in which they were selected."""

    recommendation_id: str
    customer_id: str | None
    known_customer: bool
    personalised: bool
    not_personalised_because: str
    items: list[RecommendedItem]
    shortfall: str
