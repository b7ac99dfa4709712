"""What can be offered to a customer, and what was decided."""

from __future__ import annotations

from datetime import datetime

import msgspec

SITUATION_FACTS = {"churn_probability": float, "channel": str}
"What an offer's rule may speak of besides the customer's features and attributes, by name, and what each is."


class Offer(msgspec.Struct, frozen=True):
    """Something a business may put before a customer; a row of the `offers` table."""

    offer_id: str
    kind: str
    "item, category_coupon, discount, thank_you, or the business's own word."
    item_id: str | None = None
    category: str | None = None
    cost: float = 0.0
    "Of making the offer once, base currency."
    margin: float = 0.0
    "Earned when it is accepted, base currency."
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    "Exclusive; both in local time."
    capacity: int | None = None
    rule: str | None = None
    "Who is eligible, in the language of core.rules.rule; None is everybody."


class OfferContacts(msgspec.Struct, frozen=True):
    """What `contacts` tells of one offer; customers of the untreated group do not count."""

    given: int
    "Contacts that have used up the offer's capacity."
    asked: int = 0
    "Those among them whose time to answer is over."
    accepted: int = 0
    "Those asked who answered within that time."


class OfferBook(msgspec.Struct, frozen=True):
    """The offers of a business and how they have been taken so far; plain data, so that a release can carry it."""

    offers: tuple[Offer, ...] = ()
    contacts: dict[str, OfferContacts] = {}
    "By offer id; offers that nobody was contacted with are not in it."


class ExpectedValue(msgspec.Struct, frozen=True):
    """What an offer is worth to the business with one customer, and the parts it is made of.

    value = acceptance_probability * margin + churn_probability * saved_by_offer - cost
    """

    value: float
    acceptance_probability: float
    acceptance_source: str
    "'contacts: 312 of 4,810 accepted' or 'assumed in the configuration'."
    margin: float
    churn_probability: float | None
    saved_by_offer: float
    cost: float


class RankedOffer(msgspec.Struct, frozen=True):
    """An offer that a customer may receive, with its worth."""

    offer: Offer
    expected_value: ExpectedValue


class Decision(msgspec.Struct, frozen=True):
    """What to do with one customer now: an offer, or nothing where nothing pays."""

    decision_id: str
    customer_id: str
    channel: str | None
    chosen: RankedOffer | None
    "None: leave them alone."
    propensity: float
    "Probability with which the policy makes this choice; 1 for a deterministic one."
    alternatives: tuple[RankedOffer, ...]
    "Every offer that was allowed, ranked, the chosen one included."
