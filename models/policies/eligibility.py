"""Eligibility of offers: validity, capacity and rule. Every policy starts from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from core.offers import Offer, OfferContacts
from core.rules.rule import parse_rule
from models.protocols import Situation


def eligible(situations: Sequence[Situation], offers: Sequence[Offer]) -> NDArray[np.bool_]:
    """(situations, offers) whether each offer may be made in each situation. Raises RuleError for an invalid rule.

    A variable that a customer lacks is missing; a rule that compares it is unknown, and the offer is not eligible.
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


def remaining_capacity(offers: Sequence[Offer], contacts: Mapping[str, OfferContacts]) -> dict[str, int]:
    """How often each offer of limited capacity can still be made, by offer id."""
    return {
        offer.offer_id: max(0, offer.capacity - (contacts[offer.offer_id].made if offer.offer_id in contacts else 0))
        for offer in offers
        if offer.capacity is not None
    }


def _columns(situations: Sequence[Situation], names: frozenset[str]) -> dict[str, NDArray[np.object_]]:
    # A rule without variables still needs a column, which gives it the number of situations.
    columns = {name: np.empty(len(situations), dtype=object) for name in names or {"channel"}}
    for name, column in columns.items():
        column[:] = [_value_of(situation, name) for situation in situations]
    return columns


def _value_of(situation: Situation, name: str) -> float | str | None:
    match name:
        case "churn_probability":
            return situation.churn_probability
        case "channel":
            return situation.channel
        case _:
            return situation.variables.get(name)
