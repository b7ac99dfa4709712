"""The offer that is worth most to the business with each customer, or nothing where nothing pays.

    value = P(accept) * margin + P(churn) * saved_by_offer - cost

The first honest form: P(accept) is who accepts, not who accepts because of the
offer, and what an offer saves is assumed. Capacity is kept within one call and
against the contacts made before it, greedily by value (at least half of the
best total); budgets and measured uplift need a policy of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from core import offers as nouns
from core.config.money import OfferAssumptions
from core.digest import digest_of
from core.offers import Decision, Offer, OfferBook, RankedOffer
from models.policies.acceptance import Acceptance, acceptance_by_offer
from models.policies.eligibility import capacity_left, eligible
from models.protocols import Situation


class ExpectedValue:
    """Ranks offers by expected value from a book of offers and the configuration's assumptions."""

    name: ClassVar[str] = "expected_value"

    def __init__(self, assumptions: OfferAssumptions, book: OfferBook) -> None:
        self._assumptions = assumptions
        self._contacts = book.contacts
        self._acceptance = acceptance_by_offer(book, assumptions)

    def decide(self, situations: Sequence[Situation], offers: Sequence[Offer]) -> list[Decision]:
        """One decision a situation; `offers` are the book's or some of them, and an unknown churn adds nothing."""
        left = capacity_left(offers, self._contacts)
        available = [offer for offer in offers if left.get(offer.offer_id, 1)]
        rankings = [
            self._ranking(situation, [offer for offer, may in zip(available, row, strict=True) if may])
            for situation, row in zip(situations, eligible(situations, available), strict=True)
        ]
        chosen = _chosen(rankings, left)
        return [_decision(*row) for row in zip(situations, chosen, rankings, strict=True)]

    def _ranking(self, situation: Situation, offers: Sequence[Offer]) -> tuple[RankedOffer, ...]:
        ranked = [RankedOffer(offer, self._worth(offer, situation.churn_probability)) for offer in offers]
        return tuple(sorted(ranked, key=lambda one: (-one.expected_value.value, one.offer.offer_id)))

    def _worth(self, offer: Offer, churn_probability: float | None) -> nouns.ExpectedValue:
        acceptance: Acceptance = self._acceptance[offer.offer_id]
        assumed = self._assumptions
        saves = offer.kind in assumed.saving_kinds
        saved_by_offer = assumed.save_rate * assumed.customer_value if saves else 0.0
        gained = acceptance.probability * offer.margin + (churn_probability or 0.0) * saved_by_offer
        return nouns.ExpectedValue(
            value=gained - offer.cost,
            acceptance_probability=acceptance.probability,
            acceptance_source=acceptance.source,
            margin=offer.margin,
            churn_probability=churn_probability,
            saved_by_offer=saved_by_offer,
            cost=offer.cost,
        )


def _chosen(rankings: Sequence[Sequence[RankedOffer]], left: dict[str, int]) -> list[RankedOffer | None]:
    """The best that pays for each customer, while capacity lasts; the most valuable pairs are served first."""
    pairs = [(-one.expected_value.value, row, place) for row, ranking in enumerate(rankings)
             for place, one in enumerate(ranking) if one.expected_value.value > 0]  # fmt: skip
    chosen: list[RankedOffer | None] = [None] * len(rankings)
    for _, row, place in sorted(pairs):
        one = rankings[row][place]
        if chosen[row] is None and left.get(one.offer.offer_id, 1) > 0:
            chosen[row] = one
            if one.offer.offer_id in left:
                left[one.offer.offer_id] -= 1
    return chosen


def _decision(situation: Situation, chosen: RankedOffer | None, ranking: tuple[RankedOffer, ...]) -> Decision:
    """The same situation and ranking give the same id, so that a repeated question is seen as one."""
    asked = (
        situation.customer_id,
        situation.now,
        situation.channel,
        [(r.offer.offer_id, r.expected_value) for r in ranking],
    )
    return Decision(
        decision_id=digest_of(asked),
        customer_id=situation.customer_id,
        channel=situation.channel,
        chosen=chosen,
        propensity=1.0,
        alternatives=ranking,
    )
