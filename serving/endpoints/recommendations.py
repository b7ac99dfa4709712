"""POST /v1/recommendations: what a customer, known or not, would like next."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Literal
from uuid import uuid4
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from core.recommendations import RUNGS
from models.recommenders.diversity import Diversity
from serving.answering import Found, Wish, found_for
from serving.explanations import Because, Explainer, Explanation
from serving.problems import Problem
from serving.recommender_part import RecommenderPart
from serving.wire import (
    Answer,
    Attribute,
    Count,
    CustomerId,
    Description,
    Endpoint,
    ItemId,
    Question,
    Shop,
    Word,
    not_released,
    source_of,
)

Items = Annotated[tuple[ItemId, ...], msgspec.Meta(max_length=1000)]
Words = Annotated[tuple[Word, ...], msgspec.Meta(min_length=1, max_length=100)]
Price = Annotated[float, msgspec.Meta(ge=0, description="In the base currency, as in the items table.")]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
AtMost = Annotated[int, msgspec.Meta(ge=1, le=100)]
HowMany = Annotated[int, msgspec.Meta(ge=0, le=5)]

REFUSED = "the customer refused recommendations of their own: nothing on record of them was used"
UNKNOWN = "nothing is on record of this customer"
NOBODY = "no customer was named"


class RecommendationsQuestion(Question, frozen=True):
    """For whom: a customer on record, a history that the caller knows, both, or neither (what everybody buys)."""

    customer_id: CustomerId | None = None
    history: Items = ()
    "Items bought since the release was made, or by a customer who is not on record."
    preferences: Annotated[dict[Attribute, Word | Words], msgspec.Meta(max_length=20)] = msgspec.field(
        default_factory=dict
    )
    "What they tell us that they like, by attribute of items; replaces what was told of the same before."
    k: Count = 10
    exclude: Items = ()
    "Items that must not come back."
    where: Annotated[dict[Attribute, Words], msgspec.Meta(max_length=20)] = msgspec.field(default_factory=dict)
    "Only items that have one of the words in each of these attributes."
    price_min: Price | None = None
    price_max: Price | None = None
    "Only items that cost between the two, themselves included; items without a price are left out."
    in_stock: bool = True
    "Only items that are neither unavailable in the release nor in the live set of /v1/stock."
    repeat_policy: Literal["allow", "due", "never"] = "allow"
    "What they bought before: may come back; only when it is time to buy it again; never."
    at_most_per_category: AtMost | None = None
    diversity: Share = 0.0
    "How much variety counts against relevance (maximal marginal relevance): 0 not at all."
    because: HowMany = 1
    "With so many past purchases that speak for each item, at most."

    def __post_init__(self) -> None:
        if self.price_min is not None and self.price_max is not None and self.price_min > self.price_max:
            raise ValueError("Expected `price_min` to be no more than `price_max`")


class RecommendedItem(msgspec.Struct, frozen=True):
    """One item, and where the idea came from."""

    rank: int
    item_id: str
    score: float
    "Comparable within this answer and rung only."
    rung: Literal["personal", "similar_items", "preferences", "segment", "popularity"]
    because: list[Because]
    "The past purchases that speak most for it, the largest share first."
    explanation: Explanation
    in_stock: bool
    item: Description
    "What the items table says of it."


class RecommendationsAnswer(Answer, frozen=True, kw_only=True):
    """The best items, best first; with `diversity`, in the order in which they were chosen."""

    recommendation_id: str
    "Unique; name it when the customer reacts."
    customer_id: str | None
    known_customer: bool
    personalised: bool
    "Whether something on record of this customer was used."
    not_personalised_because: str
    "Empty where it was."
    items: list[RecommendedItem]
    shortfall: str
    "Why there are fewer than k; empty where there are not."


def respond(question: RecommendationsQuestion, shop: Shop) -> RecommendationsAnswer:
    """Read what was worked out beforehand, or ask the model where the request brings something new."""
    part = shop.release.recommender
    if part is None:
        raise not_released(shop.release, "recommender")
    _refuse_unknown(part, question)
    row = -1 if question.customer_id is None else part.customers.index.find(question.customer_id)
    lacking = shop.stock.lacking(part)
    now = datetime.now(ZoneInfo(shop.release.description.time_zone)).replace(tzinfo=None)
    found = found_for(part, _wish(question, row), lacking, np.datetime64(now, "s"))
    why_not = _why_not(part, question.customer_id, row)
    return RecommendationsAnswer(
        **source_of(shop.release, "recommender"),
        recommendation_id=uuid4().hex,
        customer_id=question.customer_id,
        known_customer=row >= 0,
        personalised=not why_not,
        not_personalised_because=why_not,
        items=list(_items(part, found, row, question.because, lacking.mask)),
        shortfall=found.best.shortfalls[0],
    )


def _refuse_unknown(part: RecommenderPart, question: RecommendationsQuestion) -> None:
    known = part.items.names
    for field, named in (("where", question.where), ("preferences", question.preferences)):
        if any(name not in known for name in named):
            there = ", ".join(known) or "none; list some under [attributes] items in the TOML"
            raise Problem("invalid-request", f"there is no such attribute of items; there are: {there}", f"$.{field}")


def _wish(question: RecommendationsQuestion, row: int) -> Wish:
    return Wish(
        row,
        question.k,
        question.history,
        question.exclude,
        question.where,
        question.price_min,
        question.price_max,
        {name: (told,) if isinstance(told, str) else told for name, told in question.preferences.items()},
        Diversity(question.at_most_per_category, question.diversity),
        allow_seen=question.repeat_policy != "never",
        allow_not_due=question.repeat_policy != "due",
        in_stock=question.in_stock,
        n_because=question.because,
    )


def _why_not(part: RecommenderPart, customer_id: str | None, row: int) -> str:
    if customer_id is None:
        return NOBODY
    if row >= 0 and part.customers.refused_recommending[row]:
        return REFUSED
    return "" if part.customers.has_record(row) else UNKNOWN


def _items(
    part: RecommenderPart, found: Found, row: int, n_because: int, gone: np.ndarray
) -> Iterator[RecommendedItem]:
    names, best = part.model.item_ids, found.best
    explainer = Explainer.of_customer(part, row, found.words)
    for place, speaking in enumerate(found.speaking):
        item, rung = int(best.items[0, place]), RUNGS[best.rungs[0, place]]
        yield RecommendedItem(
            place + 1,
            str(names[item]),
            float(best.scores[0, place]),
            rung,
            [Because(str(names[past]), share) for past, share in speaking[:n_because]],
            explainer.of(item, rung, speaking),
            not gone[item],
            part.items.descriptions[item],
        )


ENDPOINT = Endpoint(
    "POST",
    "/v1/recommendations",
    RecommendationsQuestion,
    RecommendationsAnswer,
    respond,
    "What they would like next",
    "recommender",
)
