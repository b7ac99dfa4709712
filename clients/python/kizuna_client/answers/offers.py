"""Answers with offers."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

from kizuna_client.answers.common import Answer

NoContact = Literal[
    "budget",
    "cap",
    "capacity",
    "complaint",
    "contacts_unknown",
    "control_group",
    "does_not_pay",
    "exploration",
    "frequency",
    "harmful",
    "no_consent",
    "not_eligible",
    "not_valid",
    "other_campaign",
    "quiet_hours",
]


class OfferValue(TypedDict):
    """Expected incremental value of an offer for one customer, base currency, and its parts."""

    value: float
    acceptance: float
    margin: float
    retained: float
    cost: float
    fatigue: float
    sources: dict[str, str]


class EligibleOffer(TypedDict):
    """An offer that this customer may receive, with its expected value to the business."""

    rank: int
    offer_id: str
    kind: str
    item_id: str | None
    category: str | None
    channel: str | None
    rule: str | None
    expected_value: OfferValue


class ExcludedOffer(TypedDict):
    """An offer that this customer may not receive now."""

    offer_id: str
    channel: str | None
    because: NoContact
    rule: str | None


class NextBestOfferResponse(Answer):
    """The decision, and the eligible offers."""

    decision_id: str
    customer_id: str
    known_customer: bool
    channel: str | None
    choice: Literal["nothing", "offer"]
    nothing_because: NoContact | None
    offer_id: str | None
    propensity: float
    offers: list[EligibleOffer]
    recorded: bool
    ignored_context: dict[str, str]
    excluded: NotRequired[list[ExcludedOffer]]
