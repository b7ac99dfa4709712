"""Offers of a business, and how they have been accepted."""

from __future__ import annotations

from datetime import datetime

import msgspec

CHANNEL = "channel"
"The variable of rules that holds the channel of a contact."
PROMOTIONAL_KINDS = ("item", "category_coupon", "discount", "upgrade", "thank_you", "birthday", "content", "points",
                     "rank_benefit", "referral")  # fmt: skip
"Kinds of offers that are marketing: customers of the control group do not get them."
SERVICE_KINDS = ("renewal", "service_call", "legal", "health")
"Kinds of contacts that a customer is owed: no control group, no cool-down."
OFFER_KINDS = PROMOTIONAL_KINDS + SERVICE_KINDS
"Known kinds; a business may have kinds of its own, which are promotional if `[contact_policy]` lists them."


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """An offer that a business may make to a customer; a row of the `offers` table."""

    offer_id: str
    kind: str
    "One of OFFER_KINDS, or a kind of the business's own."
    item_id: str | None = None
    category: str | None = None
    cost: float = 0.0
    "Cost of making the offer once, in base currency."
    margin: float = 0.0
    "Margin earned when it is accepted, in base currency."
    starts_at: datetime | None = None
    "Local time."
    ends_at: datetime | None = None
    "Local time, exclusive."
    capacity: int | None = None
    "How often the offer can be made in total; None is unlimited."
    channel: str | None = None
    "The only channel that the offer is made through; None is any."
    rule: str | None = None
    "Eligibility in the language of core.rules.rule; None is every customer."


class OfferContacts(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of the `contacts` rows of one offer, without customers of the untreated group."""

    made: int
    "Contacts that have used up capacity."
    matured: int = 0
    "Of these, the ones whose time to respond is over."
    accepted: int = 0
    "Of the matured ones, those accepted within that time."


class OfferBook(msgspec.Struct, frozen=True):
    """The offers of a business with their contact counts, as a release stores them."""

    offers: tuple[Offer, ...] = ()
    contacts: dict[str, OfferContacts] = {}
    "By offer id; offers without contacts have no entry."

    def remaining(self) -> dict[str, int]:
        """How often each offer of limited capacity can still be made, by offer id."""
        made = {offer_id: contacts.made for offer_id, contacts in self.contacts.items()}
        return {
            offer.offer_id: max(0, offer.capacity - made.get(offer.offer_id, 0))
            for offer in self.offers
            if offer.capacity is not None
        }
