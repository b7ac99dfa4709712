"""Who may be made which offer: validity, capacity and rule; what every policy starts from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from core.offers import Offer, OfferContacts
from core.rules.rule import parse_rule
from models.protocols import Situation


def eligible(situations: Sequence[Situation], offers: Sequence[Offer]) -> np.ndarray:
    """Whether each situation allows each offer, (situations, offers) bool. Raises RuleError for a rule that fails.

    A fact that a customer lacks is missing, so that a rule about it is unknown and the offer not allowed.
    """
    allowed = np.ones((len(situations), len(offers)), dtype=bool)
    now = np.array([situation.now for situation in situations], dtype="datetime64[us]")
    for column, offer in enumerate(offers):
        if offer.starts_at is not None:
            allowed[:, column] &= now >= np.datetime64(offer.starts_at)
        if offer.ends_at is not None:
            allowed[:, column] &= now < np.datetime64(offer.ends_at)
        if offer.rule is not None and len(situations):
            rule = parse_rule(offer.rule)
            allowed[:, column] &= rule.evaluate(_columns(situations, rule.names()))
    return allowed


def capacity_left(offers: Sequence[Offer], contacts: Mapping[str, OfferContacts]) -> dict[str, int]:
    """How often each offer of limited capacity can still be made, by offer id."""
    return {
        offer.offer_id: max(0, offer.capacity - (contacts[offer.offer_id].given if offer.offer_id in contacts else 0))
        for offer in offers
        if offer.capacity is not None
    }


def _columns(situations: Sequence[Situation], names: frozenset[str]) -> dict[str, np.ndarray]:
    columns = {name: np.empty(len(situations), dtype=object) for name in names or {"channel"}}
    for name, column in columns.items():
        column[:] = [_fact(situation, name) for situation in situations]
    return columns


def _fact(situation: Situation, name: str) -> float | str | None:
    match name:
        case "churn_probability":
            return situation.churn_probability
        case "channel":
            return situation.channel
        case _:
            return situation.facts.get(name)
