"""POST /v1/next-best-offer: what to offer one customer now, or to leave them alone."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import msgspec

from core.offers import ExpectedValue, RankedOffer
from models.protocols import Situation
from serving.http.schema import Answer, Count, CustomerId, Endpoint, Question, RequestContext, not_released, source_of

Channel = Annotated[str, msgspec.Meta(min_length=1, max_length=64, examples=["mail"])]


class OfferQuestion(Question, frozen=True):
    """Whom, through which channel, and how many offers to name."""

    customer_id: CustomerId
    channel: Channel | None = None
    k: Count = 3


class AllowedOffer(msgspec.Struct, frozen=True):
    """An offer that this customer may receive, and what it is worth to the business."""

    rank: int
    offer_id: str
    kind: str
    item_id: str | None
    category: str | None
    expected_value: ExpectedValue


class OfferAnswer(Answer, frozen=True, kw_only=True):
    """The decision, and the offers that it was made among."""

    decision_id: str
    customer_id: str
    known_customer: bool
    channel: str | None
    choice: Literal["offer", "nothing"]
    "nothing: no offer is worth more than it costs."
    offer_id: str | None
    "The chosen offer."
    offers: list[AllowedOffer]
    "Every offer allowed, ranked by value, at most k; also those that do not pay."


def respond(question: OfferQuestion, shop: RequestContext) -> OfferAnswer:
    """Describe the customer's situation and let the policy decide."""
    release = shop.release
    part = release.offers
    if part is None:
        raise not_released(release, "offers")
    churn = release.churn
    situation = Situation(
        question.customer_id,
        datetime.now(ZoneInfo(release.description.time_zone)).replace(tzinfo=None),
        None if churn is None else churn.probability_of(question.customer_id),
        part.facts_of(question.customer_id),
        question.channel,
    )
    decision = part.policy.decide([situation], part.book.offers)[0]
    return OfferAnswer(
        **source_of(release, "churn"),
        decision_id=decision.decision_id,
        customer_id=question.customer_id,
        known_customer=part.knows(question.customer_id),
        channel=question.channel,
        choice="nothing" if decision.chosen is None else "offer",
        offer_id=None if decision.chosen is None else decision.chosen.offer.offer_id,
        offers=[_allowed(rank, one) for rank, one in enumerate(decision.alternatives[: question.k], start=1)],
    )


def _allowed(rank: int, ranked: RankedOffer) -> AllowedOffer:
    offer = ranked.offer
    return AllowedOffer(rank, offer.offer_id, offer.kind, offer.item_id, offer.category, ranked.expected_value)


ENDPOINT = Endpoint(
    "POST", "/v1/next-best-offer", OfferQuestion, OfferAnswer, respond, "What to offer them, or nothing", "offers"
)
