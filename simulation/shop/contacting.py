"""The campaigns of the simulated shop, day by day, and what they change while the history is simulated.

Campaigns draw from a stream of random numbers of their own. Each sends one offer, by chance, to active customers by
chance who consent to contact; a random part of them is the control group, who get nothing. A new contact ends the
customer's earlier offer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulation.shop.consents import Consents
from simulation.shop.effects import (
    BOTHER_KEPT,
    REDEEMABLE_DAYS,
    TIRED_KEPT,
    UNSUBSCRIBED_ORDERS,
    OfferEffects,
)
from simulation.shop.world import Customers, ShopWorld

STREAM = 6
FIRST_CAMPAIGN_DAY, DAYS_BETWEEN_CAMPAIGNS = 30, 15
"A campaign begins after the offers of the one before have ended."
ACTIVE_DAYS = 180
"A campaign selects among customers who have ordered within this many days."
REACHED, TREATED = 0.4, 0.8
"Shares of these that it selects, and of the selected customers who are contacted."
MAILED_AT_HOUR, LATEST_UNSUBSCRIBING_HOURS = 10, 48


def campaign_days(world: ShopWorld) -> NDArray[np.int64]:
    """The day of each campaign; the offers of the last one end before the records do."""
    return np.arange(FIRST_CAMPAIGN_DAY, world.n_days - REDEEMABLE_DAYS, DAYS_BETWEEN_CAMPAIGNS)


@dataclass(frozen=True, kw_only=True)
class ShopContacts:
    """All contacts, by day and then customer; arrays are (contacts,)."""

    customers: NDArray[np.int64]
    days: NDArray[np.int64]
    offers: NDArray[np.int64]
    "int64 rows of the offers: what is sent, or would have been."
    treated: NDArray[np.bool_]
    takes_up: NDArray[np.bool_]
    "bool: whether the first order within REDEEMABLE_DAYS would redeem the offer."
    unsubscribes: NDArray[np.bool_]
    hours: NDArray[np.int64]
    "int64: from the contact to unsubscribing, for those who do."

    def __len__(self) -> int:
        return len(self.customers)

    def remaining(self, day: int, *, kept: float, n: int) -> NDArray[np.float64]:
        """(n,) what remains at midnight of a day of the contacts that customers got before, losing a share a day."""
        past = self.treated & (self.days < day)
        return np.bincount(self.customers[past], kept ** (day - 1 - self.days[past]), n).astype(np.float64)

    def orders_kept(self, day: int, *, n: int) -> NDArray[np.float64]:
        """(n,) the factor on order rates at midnight of a day, below 1 for those who have unsubscribed for long."""
        factor = np.ones(n)
        factor[self.customers[self.unsubscribes & (self.days + REDEEMABLE_DAYS <= day)]] = UNSUBSCRIBED_ORDERS
        return factor

    def are_subscribed(self, day: int, *, n: int) -> NDArray[np.bool_]:
        """(n,) whether each customer has not unsubscribed before a day."""
        subscribed = np.ones(n, bool)
        subscribed[self.customers[self.unsubscribes & (self.days < day)]] = False
        return subscribed


class ContactProcess:
    """The state that contacts leave in customers; without `offer_effects`, none is made and nothing ever changes."""

    def __init__(self, world: ShopWorld, customers: Customers, *, effects: OfferEffects, consents: Consents) -> None:
        n = len(customers)
        self.random = np.random.default_rng([world.seed, STREAM])
        self.effects, self.consents = effects, consents
        self._joins_on = customers.joins_on
        self._days = set(campaign_days(world).tolist()) if world.offer_effects else set[int]()
        self._last_order = customers.joins_on.astype(np.float64)
        self._ends_on, self._offered_lift = np.zeros(n, np.int64), np.zeros(n)
        self._unsubscribed_on = np.full(n, world.n_days + 1)
        self._bother, self._tired = np.zeros(n), np.zeros(n)
        self._log: list[ShopContacts] = []

    @property
    def contacts(self) -> ShopContacts:
        """All contacts so far."""
        none, flags = np.empty(0, np.int64), np.empty(0, np.bool_)
        empty = ShopContacts(
            customers=none, days=none, offers=none, treated=flags, takes_up=flags, unsubscribes=flags, hours=none
        )
        parts = [empty, *self._log]
        merged: dict[str, NDArray[Any]] = {
            name: np.concatenate([vars(one)[name] for one in parts]) for name in vars(empty)
        }
        return ShopContacts(**merged)

    def begin_day(self, day: int, annoyance: NDArray[np.float64]) -> NDArray[np.float64]:
        """Make the contacts of a day; returns what is left of the annoyance, (2, n)."""
        self._bother, self._tired = self._bother * BOTHER_KEPT, self._tired * TIRED_KEPT
        if day not in self._days:
            return annoyance
        drawn = self._draw(day)
        self._log.append(drawn)
        who, offers = drawn.customers[drawn.treated], drawn.offers[drawn.treated]
        lifts = self.effects.lifts(day - self._last_order)
        self._ends_on[who], self._offered_lift[who] = day + REDEEMABLE_DAYS, lifts[who, offers]
        self._bother[who] += 1
        self._tired[who] += 1
        self._unsubscribed_on[drawn.customers[drawn.unsubscribes]] = day
        left = np.ones(len(self._tired))
        left[who] = 1 - self.effects.soothing[who, offers]
        return annoyance * left

    def _draw(self, day: int) -> ShopContacts:
        """Draw the contacts of a campaign; the same numbers are drawn whatever has happened before."""
        (n, m), random = self.effects.take_up.shape, self.random
        selected, treated, takes_up, leaves = random.random((4, n))
        offers, hours = random.integers(0, m, n), random.integers(1, LATEST_UNSUBSCRIBING_HOURS, n)
        may = (
            (self._joins_on < day)
            & (day - self._last_order <= ACTIVE_DAYS)
            & self.consents.allow_contact_on(day)
            & (self._unsubscribed_on > day)
        )
        who = np.flatnonzero(may & (selected < REACHED))
        is_treated = treated[who] < TREATED
        unsubscribing = leaves[who] < self.effects.p_unsubscribe(self._tired)[who]
        return ShopContacts(
            customers=who,
            days=np.full(len(who), day),
            offers=offers[who],
            treated=is_treated,
            takes_up=is_treated & (takes_up[who] < self.effects.take_up[who, offers[who]]),
            unsubscribes=is_treated & unsubscribing,
            hours=hours[who],
        )

    def lifts_on(self, day: int) -> NDArray[np.float64]:
        """(n,) how much running offers raise the order rate of a day."""
        return self._offered_lift * (self._ends_on > day)

    def orders_kept_on(self, day: int) -> NDArray[np.float64]:
        """(n,) the factor on the order rates of a day, below 1 for those who have unsubscribed."""
        return np.where(self._unsubscribed_on + REDEEMABLE_DAYS <= day, UNSUBSCRIBED_ORDERS, 1.0)

    def bother_hazard(self) -> NDArray[np.float64]:
        """(n,) the hazard of losing interest that the contacts so far cause on the day."""
        return self.effects.bother_hazard(self._bother)

    def note_orders(self, day: int, ordered: NDArray[np.bool_]) -> None:
        """Remember who has ordered on a day."""
        self._last_order[ordered] = day
