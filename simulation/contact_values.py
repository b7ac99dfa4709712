"""What each contact is truly worth in a simulated company, and the four types of customers that follow.

type            what an offer does to the customer
persuadable     more is bought or kept because of it
sure thing      is likely to buy or stay anyway, so it changes little
lost cause      is unlikely to, with it and without
sleeping dog    the contact does harm
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

PERSUADED = 0.02
"An offer persuades where it changes the probability of the response by more than this."
HARMED = 0.01
"A contact harms where it lowers P(stays) by more than this, and the expected margin."
SURE = 0.5
"P(the response without an offer) from which a customer is sure."


class ReactionType(StrEnum):
    """How a customer reacts to an offer."""

    PERSUADABLE = "persuadable"
    SURE_THING = "sure_thing"
    LOST_CAUSE = "lost_cause"
    SLEEPING_DOG = "sleeping_dog"


@dataclass(frozen=True, kw_only=True)
class ContactValues:
    """What one contact at a cutoff changes, for n customers and m offers; arrays are (n, m), money in base currency.

    value = margin - fatigue - cost
    """

    customer_ids: NDArray[np.str_]
    "(n,)"
    offer_ids: NDArray[np.str_]
    "(m,)"
    margin: NDArray[np.float64]
    "Expected change of the customer's margin within the horizon, if the customer stays subscribed."
    fatigue: NDArray[np.float64]
    "Expected margin within the horizon that is lost because the contact makes the customer unsubscribe."
    cost: NDArray[np.float64]
    "(m,) of one contact."
    response: NDArray[np.float64]
    "Change of the probability that the customer responds: orders while the offer can be redeemed, or stays."
    response_without: NDArray[np.float64]
    "(n,) P(the customer responds without a contact)."
    staying: NDArray[np.float64]
    "Change of the probability that the customer is still there at the end of the horizon."
    may_contact: NDArray[np.bool_]
    "(n,) whether the customer has joined and consents to contact."

    def take(self, rows: NDArray[np.int64]) -> ContactValues:
        """The customers at these rows."""
        own = ("customer_ids", "margin", "fatigue", "response", "response_without", "staying", "may_contact")
        return replace(self, **{name: getattr(self, name)[rows] for name in own})

    def of_offers(self, offer_ids: Sequence[str]) -> ContactValues:
        """The same in the order of these offers."""
        places = [self.offer_ids.tolist().index(one) for one in offer_ids]
        own = {name: getattr(self, name)[:, places] for name in ("margin", "fatigue", "response", "staying")}
        return replace(self, offer_ids=self.offer_ids[places], cost=self.cost[places], **own)

    @property
    def value(self) -> NDArray[np.float64]:
        """(n, m) expected incremental margin of each contact, net of its cost and of fatigue."""
        return self.margin - self.fatigue - self.cost

    @property
    def types(self) -> NDArray[np.str_]:
        """(n, m) the ReactionType of each customer to each offer."""
        is_sure = np.broadcast_to(self.response_without[:, None] >= SURE, self.response.shape)
        return np.select(
            [(self.staying < -HARMED) & (self.margin < self.fatigue), self.response > PERSUADED, is_sure],
            [ReactionType.SLEEPING_DOG, ReactionType.PERSUADABLE, ReactionType.SURE_THING],
            default=ReactionType.LOST_CAUSE,
        )
