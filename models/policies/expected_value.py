"""Next best offer by expected value, or no offer where none pays.

    value = P(accept) * margin + P(churn) * saved_by_offer - cost

P(accept) comes from `contacts`, see `models.policies.acceptance.rates`. It is who accepts, not who accepts because of
the offer, which needs a measured uplift; and what an offer saves is an assumption. Capacity is kept within one call and
against earlier contacts, greedily by value (at least half of the best total). Only offers that are valid now, have
capacity left and whose rule holds are eligible. Budgets and measured uplift need a policy of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from core.config.money import OfferAssumptions
from core.ids import digest_of
from core.offers import Decision, Offer, OfferBook, OfferContacts, OfferValue, RankedOffer
from core.rules.rule import parse_rule
from models.policies.acceptance.rates import estimate_acceptance
from models.protocols import Situation


class ExpectedValuePolicy:
    """Ranks offers by expected value, given the offers' contacts and the configuration's assumptions."""

    name: ClassVar[str] = "expected_value"

    def __init__(self, assumptions: OfferAssumptions, book: OfferBook) -> None:
        self._assumptions = assumptions
        self._contacts = book.contacts
        self._acceptance = estimate_acceptance(book, assumptions)

    def decide(self, situations: Sequence[Situation], offers: Sequence[Offer]) -> list[Decision]:
        """One decision for each situation; `offers` are from the book. An unknown churn probability counts as 0."""
        capacity = remaining_capacity(offers, self._contacts)
        available = [offer for offer in offers if capacity.get(offer.offer_id, 1)]
        rankings = [
            self._rank(situation, [offer for offer, allowed in zip(available, row, strict=True) if allowed])
            for situation, row in zip(situations, eligible(situations, available), strict=True)
        ]
        chosen = _choose(rankings, capacity)
        return [
            _make_decision(situation, offer, ranking=ranking)
            for situation, offer, ranking in zip(situations, chosen, rankings, strict=True)
        ]

    def _rank(self, situation: Situation, offers: Sequence[Offer]) -> tuple[RankedOffer, ...]:
        ranked = [RankedOffer(offer, self._value(offer, situation.churn_probability)) for offer in offers]
        return tuple(sorted(ranked, key=lambda one: (-one.expected_value.value, one.offer.offer_id)))

    def _value(self, offer: Offer, churn_probability: float | None) -> OfferValue:
        acceptance = self._acceptance[offer.offer_id]
        assumed = self._assumptions
        saves = offer.kind in assumed.saving_kinds
        saved_by_offer = assumed.save_rate * assumed.customer_value if saves else 0.0
        gain = acceptance.probability * offer.margin + (churn_probability or 0.0) * saved_by_offer
        return OfferValue(
            value=gain - offer.cost,
            acceptance_probability=acceptance.probability,
            acceptance_source=acceptance.source,
            margin=offer.margin,
            churn_probability=churn_probability,
            saved_by_offer=saved_by_offer,
            cost=offer.cost,
        )


def _choose(rankings: Sequence[Sequence[RankedOffer]], capacity: dict[str, int]) -> list[RankedOffer | None]:
    """The best offer that pays for each customer, while capacity lasts; the most valuable pairs come first."""
    pairs = [(-one.expected_value.value, row, place) for row, ranking in enumerate(rankings)
             for place, one in enumerate(ranking) if one.expected_value.value > 0]  # fmt: skip
    chosen: list[RankedOffer | None] = [None] * len(rankings)
    for _, row, place in sorted(pairs):
        one = rankings[row][place]
        if chosen[row] is None and capacity.get(one.offer.offer_id, 1) > 0:
            chosen[row] = one
            if one.offer.offer_id in capacity:
                capacity[one.offer.offer_id] -= 1
    return chosen


def _make_decision(situation: Situation, chosen: RankedOffer | None, *, ranking: tuple[RankedOffer, ...]) -> Decision:
    """The same situation and ranking give the same id, so that a repeated request is recognised."""
    values = [(one.offer.offer_id, one.expected_value) for one in ranking]
    return Decision(
        decision_id=digest_of((situation.customer_id, situation.now, situation.channel, values)),
        customer_id=situation.customer_id,
        channel=situation.channel,
        chosen=chosen,
        propensity=1.0,
        alternatives=ranking,
    )


POLICY = ExpectedValuePolicy


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
