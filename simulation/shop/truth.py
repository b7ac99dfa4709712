"""What no real shop knows: who is still a customer, true churn probabilities, the next item, the value of contacts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput
from core.interactions import Histories, codes_of
from simulation.contact_values import ContactValues
from simulation.shop.baskets import ShopItems, first_choices
from simulation.shop.consents import Consents
from simulation.shop.effects import BOTHER_KEPT, REDEEMABLE_DAYS, TIRED_KEPT, OfferEffects
from simulation.shop.expected_margins import Forecast, HiddenState
from simulation.shop.history import (
    ANNOYANCE_KEPT,
    FADING_DAYS,
    FADING_ORDERS,
    ShopHistory,
    hazards_on,
)
from simulation.shop.world import Customers, ShopWorld

VALUE_DAYS = 180
"Days after a contact whose margin counts."


@dataclass(frozen=True)
class ShopTruth:
    """The true state of a simulated shop; arrays by customer are (n,), in the order of `customers.customer_ids`."""

    world: ShopWorld
    customers: Customers
    items: ShopItems
    history: ShopHistory
    consents: Consents
    effects: OfferEffects
    "Without `offer_effects`, nothing but the cost of a contact."

    def rows_of(self, customer_ids: NDArray[np.str_]) -> NDArray[np.int32]:
        """(k,) the row of each customer in the arrays; -1 for an unknown id."""
        return codes_of(customer_ids, self.customers.customer_ids)

    def present_on(self, day: date) -> NDArray[np.bool_]:
        """(n,) whether each customer has joined and not left at midnight of the day."""
        number = self._day(day)
        return (self.customers.joins_on < number) & (self.history.gone_from > number)

    def fading_on(self, day: date) -> NDArray[np.bool_]:
        """(n,) whether each customer is losing interest at midnight of the day."""
        return self.present_on(day) & (self.history.fading_from <= self._day(day))

    def p_no_purchase(self, cutoff: date, horizon_days: int) -> NDArray[np.float64]:
        """(n,) P(no purchase in the horizon | the past and the hidden state, and no contact in it), exact.

        Without an order nothing new annoys a customer, so annoyances only fade. The probabilities of no purchase so
        far as a regular and as a fading customer are therefore carried from day to day. Valid for customers who
        joined before the cutoff, where offers of earlier contacts have ended.
        """
        state = self.state_on(cutoff)
        first, annoyance, bother = state.day, state.annoyance, state.bother
        demand = self.world.demand(first + horizon_days)
        regular, fading = state.regular.astype(np.float64), state.fading.astype(np.float64)
        gone = 1 - regular - fading
        for day in range(first, first + horizon_days):
            silence = np.exp(-self.customers.orders_per_day * state.orders_kept * demand[day])
            regular, fading = regular * silence, fading * silence**FADING_ORDERS
            annoyance, bother = annoyance * ANNOYANCE_KEPT, bother * BOTHER_KEPT
            hazards = hazards_on(
                self.world, self.customers, annoyance=annoyance, bother=self.effects.bother_hazard(bother), day=day
            )
            losing = 1 - np.exp(-hazards.sum(axis=0))
            gone = gone + fading / FADING_DAYS
            regular, fading = regular * (1 - losing), fading * (1 - 1 / FADING_DAYS) + regular * losing
        return regular + fading + gone

    def contact_values(self, cutoff: date, *, horizon_days: int = VALUE_DAYS) -> ContactValues:
        """What one contact at midnight of the cutoff is worth over the horizon, exact; see `expected_margins`.

        Offers are in the order of the table `offers`. Raises BadInput for a horizon in which an offer cannot end.
        """
        if horizon_days < REDEEMABLE_DAYS:
            raise BadInput(f"offers are redeemed within {REDEEMABLE_DAYS} days; set horizon_days to at least that")
        state, effects = self.state_on(cutoff), self.effects
        forecast = Forecast(
            world=self.world, customers=self.customers, items=self.items, state=state, horizon_days=horizon_days
        )
        without = forecast.expect(effects, offer=None)
        offers = range(len(effects.offer_ids))
        subscribed = [forecast.expect(effects, offer=offer) for offer in offers]
        lost = np.stack(
            [
                one.margin - forecast.expect(effects, offer=offer, unsubscribed=True).margin
                for offer, one in zip(offers, subscribed, strict=True)
            ],
            axis=1,
        )
        n, day = len(self.customers), state.day
        return ContactValues(
            customer_ids=self.customers.customer_ids,
            offer_ids=effects.offer_ids,
            margin=np.stack([one.margin - without.margin for one in subscribed], axis=1),
            fatigue=effects.p_unsubscribe(state.tired * TIRED_KEPT)[:, None] * lost,
            cost=effects.contact_costs,
            response=np.stack([one.p_order - without.p_order for one in subscribed], axis=1),
            response_without=without.p_order,
            staying=np.stack([one.p_stay - without.p_stay for one in subscribed], axis=1),
            may_contact=(self.customers.joins_on < day)
            & self.consents.allow_contact_on(day)
            & self.history.contacts.are_subscribed(day, n=n),
        )

    def state_on(self, cutoff: date) -> HiddenState:
        """The hidden state of each customer at midnight of a day."""
        day, n, contacts = self._day(cutoff), len(self.customers), self.history.contacts
        orders, fading, last = self.history.orders, self.fading_on(cutoff), self.customers.joins_on.copy()
        np.maximum.at(last, orders.customers[orders.days < day], orders.days[orders.days < day])
        return HiddenState(
            day=day,
            regular=self.present_on(cutoff) & ~fading,
            fading=fading,
            annoyance=self._annoyance(day),
            bother=contacts.remaining(day, kept=BOTHER_KEPT, n=n),
            tired=contacts.remaining(day, kept=TIRED_KEPT, n=n),
            orders_kept=contacts.orders_kept(day, n=n),
            days_since_order=(day - last).astype(np.float64),
        )

    def next_item_probabilities(self, histories: Histories) -> NDArray[np.float64]:
        """(len(histories), m) P(item of the next line | the lines so far), by row of `items`.

        No model can be better, apart from lines that offers add. All customers in `histories` must be customers of the
        shop.
        """
        rows = self.rows_of(histories.customer_ids)
        bought = np.asarray(histories.recode(self.items.item_ids).matrix().todense(), dtype=np.float64)
        n_lines = bought.sum(axis=1, keepdims=True)
        repeating = np.where(n_lines > 0, self.customers.repeat_share[rows, None], 0)
        new = first_choices(self.customers, self.items)[rows]
        return repeating * bought / np.maximum(n_lines, 1) + (1 - repeating) * new

    def _day(self, day: date) -> int:
        return (day - self.world.start).days

    def _annoyance(self, day: int) -> NDArray[np.float64]:
        """(2, n) the remaining annoyance from defects and delays at midnight of a day."""
        contacts, n = self.history.contacts, len(self.customers)
        annoyance, begins = np.zeros((2, n)), 0
        for contact_day in np.unique(contacts.days[contacts.days < day]).tolist():
            annoyance = self._annoy(annoyance, begins=begins, ends=contact_day)
            sent = contacts.treated & (contacts.days == contact_day)
            who = contacts.customers[sent]
            annoyance[:, who] *= 1 - self.effects.soothing[who, contacts.offers[sent]]
            begins = contact_day
        return self._annoy(annoyance, begins=begins, ends=day)

    def _annoy(self, annoyance: NDArray[np.float64], *, begins: int, ends: int) -> NDArray[np.float64]:
        """(2, n) the annoyance after some days: what is left of it, and of what goes wrong in them."""
        orders = self.history.orders
        past = (orders.days >= begins) & (orders.days < ends)
        left = ANNOYANCE_KEPT ** (ends - 1 - orders.days[past])
        wrongs = (orders.defect[past], orders.delayed[past])
        added = [np.bincount(orders.customers[past], wrong * left, len(self.customers)) for wrong in wrongs]
        return annoyance * ANNOYANCE_KEPT ** (ends - begins) + np.stack(added)
