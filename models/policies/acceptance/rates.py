"""P(accept) of each offer, shrunk step by step towards larger groups of offers.

    this offer  ->  offers of its kind  ->  all offers  ->  the configuration's assumption

Each step is a beta prior worth PRIOR_CONTACTS contacts (Gelman et al., Bayesian Data Analysis, ch. 2.4), so that 3 of 4
accepted do not make 75 %.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.config.money import OfferAssumptions
from core.offers import OfferBook, OfferContacts

PRIOR_CONTACTS = 20
NO_CONTACTS = OfferContacts(made=0)
ASSUMED = "assumed in the configuration"


@dataclass(frozen=True)
class Acceptance:
    """P(accept) of one offer, and the data it comes from in words."""

    probability: float
    source: str
    n_contacts: float
    "How many contacts the estimate is worth: P(accept) ~ Beta(p n, (1 - p) n)."


def estimate_acceptance(book: OfferBook, assumptions: OfferAssumptions) -> dict[str, Acceptance]:
    """P(accept) of each offer of the book, by offer id."""
    of_all = _sum(book.contacts.values())
    overall = _shrink(of_all, assumptions.acceptance_probability)
    acceptance: dict[str, Acceptance] = {}
    for offer in book.offers:
        same_kind = [other for other in book.offers if other.kind == offer.kind]
        of_kind = _sum(book.contacts.get(other.offer_id, NO_CONTACTS) for other in same_kind)
        own = book.contacts.get(offer.offer_id, NO_CONTACTS)
        probability = _shrink(own, _shrink(of_kind, overall))
        source = _source(offer.kind, own=own, of_kind=of_kind, of_all=of_all)
        acceptance[offer.offer_id] = Acceptance(probability, source, float(own.matured + PRIOR_CONTACTS))
    return acceptance


def _sum(contacts: Iterable[OfferContacts]) -> OfferContacts:
    rows = list(contacts)
    return OfferContacts(
        made=sum(row.made for row in rows),
        matured=sum(row.matured for row in rows),
        accepted=sum(row.accepted for row in rows),
    )


def _shrink(contacts: OfferContacts, prior: float) -> float:
    return (contacts.accepted + PRIOR_CONTACTS * prior) / (contacts.matured + PRIOR_CONTACTS)


def _source(kind: str, *, own: OfferContacts, of_kind: OfferContacts, of_all: OfferContacts) -> str:
    for contacts, which in ((own, ""), (of_kind, f" with other offers of kind {kind}"), (of_all, " with other offers")):
        if contacts.matured:
            return f"contacts{which}: {contacts.accepted:,} of {contacts.matured:,} accepted"
    return ASSUMED
