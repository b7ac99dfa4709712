"""How likely an offer is to be accepted: what `contacts` tells, shrunk towards what is known of its like.

    this offer  ->  offers of its kind  ->  all offers  ->  the configuration's assumption

Each step is a beta prior worth PRIOR_CONTACTS contacts (Gelman et al., Bayesian
Data Analysis, ch. 2.4): 3 of 4 accepted is no 75 %. This is who accepts, not
who accepts because of the offer; that takes a measured uplift.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.config.money import OfferAssumptions
from core.offers import OfferBook, OfferContacts

PRIOR_CONTACTS = 20
NOBODY = OfferContacts(given=0, asked=0, accepted=0)
ASSUMED = "assumed in the configuration"


@dataclass(frozen=True)
class Acceptance:
    """P(accept) of one offer, and in words where it comes from."""

    probability: float
    source: str


def acceptance_by_offer(book: OfferBook, assumptions: OfferAssumptions) -> dict[str, Acceptance]:
    """P(accept) of each offer of the book, by offer id."""
    everything = _sum(book.contacts.values())
    overall = _shrunk(everything, assumptions.acceptance_probability)
    found: dict[str, Acceptance] = {}
    for offer in book.offers:
        kin = _sum(book.contacts.get(other.offer_id, NOBODY) for other in book.offers if other.kind == offer.kind)
        own = book.contacts.get(offer.offer_id, NOBODY)
        probability = _shrunk(own, _shrunk(kin, overall))
        found[offer.offer_id] = Acceptance(probability, _source(own, kin, everything, offer.kind))
    return found


def _sum(contacts: Iterable[OfferContacts]) -> OfferContacts:
    rows = list(contacts)
    return OfferContacts(
        given=sum(row.given for row in rows),
        asked=sum(row.asked for row in rows),
        accepted=sum(row.accepted for row in rows),
    )


def _shrunk(contacts: OfferContacts, prior: float) -> float:
    return (contacts.accepted + PRIOR_CONTACTS * prior) / (contacts.asked + PRIOR_CONTACTS)


def _source(own: OfferContacts, kin: OfferContacts, everything: OfferContacts, kind: str) -> str:
    for counts, whose in ((own, ""), (kin, f" with other offers of kind {kind}"), (everything, " with other offers")):
        if counts.asked:
            return f"contacts{whose}: {counts.accepted:,} of {counts.asked:,} accepted"
    return ASSUMED
