"""What an offer changes for each customer of the simulated shop, and how contacts wear off.

    contact on day d    | d ... d + 9               | from d + 10          |
    persuaded             orders more often
    takes it up           the first order redeems it
    bothered              may lose interest, ever less
    unsubscribes          no more contacts            orders less often

An offer appeals to a customer by traits that purchases show in part: price sensitivity, repetition, taste, and how long
they have not bought. Some customers are bothered by every contact; more of those who buy in the shop itself are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

REDEEMABLE_DAYS = 10
DISCOUNTS = {"item": 0.0, "category_coupon": 0.1, "discount": 0.15, "thank_you": 0.0}
"Share of the amount that the redeeming order is cheaper by, by kind of offer."
PERSUASION = {"item": 0.9, "category_coupon": 1.3, "discount": 1.5, "thank_you": 1.2}
"Expected additional orders of a customer of average openness to whom the offer appeals most."
TAKE_UP = {"item": 0.3, "category_coupon": 0.5, "discount": 0.8, "thank_you": 0.4}
"P(the first order within REDEEMABLE_DAYS redeems the offer) for those to whom it appeals most."
SOOTHING = {"item": 0.0, "category_coupon": 0.0, "discount": 0.2, "thank_you": 0.3}
"Share of the annoyance with defects and delays that a contact takes away."
FORGETTING_DAYS = 20.0
"A contact persuades 63 % of its most where a customer has not bought for this many days: the others need no reminder."
CONTACT_HAZARD = 0.0015
"Per day, of losing interest, right after a contact that bothers."
BOTHER_KEPT = 0.965
"Share of what remains of a contact after a day."
UNSUBSCRIBING = 0.004
"Hazard of unsubscribing, by one contact after a long time without any, of customers who are not bothered."
TIRING, TIRED_KEPT = 0.7, 0.98
"How much each recent contact adds to that hazard, relative to it, and the share of that which remains after a day."
BOTHERED_UNSUBSCRIBING = 4.0
"Factor on the hazard of unsubscribing of customers who are bothered."
UNSUBSCRIBED_ORDERS = 0.6
"Factor on the order rate of customers who get no letters any more."


@dataclass(frozen=True, kw_only=True)
class OfferEffects:
    """What each of m offers does to each of n customers; arrays are (n, m) unless stated otherwise."""

    offer_ids: NDArray[np.str_]
    "(m,)"
    persuasion: NDArray[np.float64]
    "Expected additional orders of a regular customer who has not bought for long."
    take_up: NDArray[np.float64]
    "P(the first order within REDEEMABLE_DAYS redeems the offer)."
    soothing: NDArray[np.float64]
    "Share of the annoyance that a contact takes away."
    bothered: NDArray[np.bool_]
    "(n,) whether contacts bother the customer."
    unsubscribing: NDArray[np.float64]
    "(n,) hazard of unsubscribing, by one contact after a long time without any."
    discounts: NDArray[np.float64]
    "(m,) share of the amount of the redeeming order."
    added_prices: NDArray[np.float64]
    "Expected price of the line that a redeeming order has in addition, before the price rise; 0 for none."
    added_costs: NDArray[np.float64]
    "Likewise its cost."
    contact_costs: NDArray[np.float64]
    "(m,) of one contact."

    def lifts(self, days_since_order: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, m) how much the order rate per day rises while an offer can be redeemed."""
        need = 1 - np.exp(-days_since_order.clip(0) / FORGETTING_DAYS)
        return self.persuasion * need[:, None] / REDEEMABLE_DAYS

    def p_unsubscribe(self, tired: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n,) P(a contact makes a customer unsubscribe); `tired` is what remains of earlier contacts."""
        return 1 - np.exp(-self.unsubscribing * (1 + TIRING * tired))

    def bother_hazard(self, bother: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n,) or (days, n) the daily hazard of losing interest that contacts cause."""
        return CONTACT_HAZARD * self.bothered * bother


def no_effects(n_customers: int, *, offer_ids: NDArray[np.str_], contact_costs: NDArray[np.float64]) -> OfferEffects:
    """Offers that change nothing for any customer and cost what they cost."""
    zeros, nothing = np.zeros(n_customers), np.zeros((n_customers, len(offer_ids)))
    return OfferEffects(
        offer_ids=offer_ids,
        persuasion=nothing,
        take_up=nothing,
        soothing=nothing,
        bothered=np.zeros(n_customers, np.bool_),
        unsubscribing=zeros,
        discounts=np.zeros(len(offer_ids)),
        added_prices=nothing,
        added_costs=nothing,
        contact_costs=contact_costs,
    )
