"""POST /v1/next-best-offer: which offer to make to one customer now, if any."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import msgspec

from core.model_kinds import CHURN
from core.offers import Decision, OfferValue, RankedOffer
from models.protocols import Situation
from serving.http.schema import (
    Count,
    CustomerId,
    Endpoint,
    Request,
    RequestContext,
    Response,
    not_released,
    provenance_of,
)

Channel = Annotated[str, msgspec.Meta(min_length=1, max_length=64, examples=["mail"])]


class NextBestOfferRequest(Request, frozen=True):
    """The customer, the channel, and how many offers to return."""

    customer_id: CustomerId
    channel: Channel | None = None
    k: Count = 3


class EligibleOffer(msgspec.Struct, frozen=True, kw_only=True):
    """An offer that this customer may receive, with its expected value to the business."""

    rank: int
    offer_id: str
    kind: str
    item_id: str | None
    category: str | None
    expected_value: OfferValue


class NextBestOfferResponse(Response, frozen=True, kw_only=True):
    """The decision, and the eligible offers."""

    decision_id: str
    customer_id: str
    known_customer: bool
    channel: str | None
    choice: Literal["offer", "nothing"]
    nothing_because: Literal["no_consent", "not_eligible", "does_not_pay"] | None
    """Why there is no offer: the customer refuses contact, no offer's rule, dates and capacity allow one, or none is
    worth more than it costs."""
    offer_id: str | None
    "The chosen offer."
    offers: list[EligibleOffer]
    "Eligible offers by expected value, at most k, including those that do not pay."


def handle(request: NextBestOfferRequest, context: RequestContext) -> NextBestOfferResponse:
    """Let the policy decide for this customer."""
    release = context.release
    part, churn = release.offers, release.churn
    if part is None:
        raise not_released(release, "offers")
    situation = Situation(
        customer_id=request.customer_id,
        now=datetime.now(ZoneInfo(release.description.time_zone)).replace(tzinfo=None),
        churn_probability=None if churn is None else churn.probability_of(request.customer_id),
        variables=part.facts_of(request.customer_id),
        channel=request.channel,
    )
    may_contact = part.may_contact(request.customer_id)
    decision = part.policy.decide([situation], part.book.offers if may_contact else ())[0]
    return NextBestOfferResponse(
        **provenance_of(release, CHURN.name),
        decision_id=decision.decision_id,
        customer_id=request.customer_id,
        known_customer=part.is_customer(request.customer_id),
        channel=request.channel,
        choice="nothing" if decision.chosen is None else "offer",
        nothing_because=_explain_nothing(decision, may_contact=may_contact),
        offer_id=None if decision.chosen is None else decision.chosen.offer.offer_id,
        offers=[_eligible(rank, offer) for rank, offer in enumerate(decision.alternatives[: request.k], start=1)],
    )


def _explain_nothing(
    decision: Decision, *, may_contact: bool
) -> Literal["no_consent", "not_eligible", "does_not_pay"] | None:
    if decision.chosen is not None:
        return None
    if not may_contact:
        return "no_consent"
    return "does_not_pay" if decision.alternatives else "not_eligible"


def _eligible(rank: int, ranked: RankedOffer) -> EligibleOffer:
    offer = ranked.offer
    return EligibleOffer(
        rank=rank,
        offer_id=offer.offer_id,
        kind=offer.kind,
        item_id=offer.item_id,
        category=offer.category,
        expected_value=ranked.expected_value,
    )


ENDPOINT = Endpoint(
    method="POST",
    path="/v1/next-best-offer",
    request=NextBestOfferRequest,
    response=NextBestOfferResponse,
    handle=handle,
    summary="The offer to make to a customer, or none",
)
