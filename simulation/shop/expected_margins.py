"""The expected margin of each customer of the simulated shop after a cutoff, with each offer and without any; exact.

    R  regular at the start of a day      R' = R * P(no reason to lose interest that day)
    F  fading                             F' = F * (1 - 1 / FADING_DAYS) + R - R'
    margin = sum over days of (R * P(order | regular) + F * P(order | fading)) * margin of an order

Orders annoy by chance, and annoyances raise the hazard of losing interest for weeks. Because the hazard is a sum over
them, the probability of staying regular is a product over the days on which an order may go wrong:

    R(T) = exp(-sum of what is certain) * product over days s < T of (1 - P(mishap on s) * (1 - exp(-hazard until T)))

Offers change the first REDEEMABLE_DAYS factors and what is certain; unsubscribing changes the others. Expectations are
over everything that is still to happen, baskets included, given the hidden traits and state at the cutoff, as if offers
of earlier contacts had ended and no contact came later. Amounts are not rounded to whole yen.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simulation.shop.baskets import EXTRA_LINES, MEAN_QUANTITY, ShopItems, first_choices, price_levels
from simulation.shop.effects import BOTHER_KEPT, REDEEMABLE_DAYS, UNSUBSCRIBED_ORDERS, OfferEffects
from simulation.shop.history import (
    ANNOYANCE_KEPT,
    DEFECT_HAZARD,
    DEFECT_SHARE,
    DELAY_HAZARD,
    FADING_DAYS,
    FADING_ORDERS,
    hazards_on,
)
from simulation.shop.world import Customers, ShopWorld

Days = NDArray[np.float64]
"(days, n)."


@dataclass(frozen=True, kw_only=True)
class HiddenState:
    """Customers at midnight of a day; arrays are (n,) unless stated otherwise."""

    day: int
    regular: NDArray[np.bool_]
    fading: NDArray[np.bool_]
    annoyance: NDArray[np.float64]
    "(2, n) what is left of defects and delays."
    bother: NDArray[np.float64]
    "What is left of earlier contacts, as for annoyance."
    tired: NDArray[np.float64]
    "Likewise, for unsubscribing."
    orders_kept: NDArray[np.float64]
    "The factor on order rates; below 1 for those who have unsubscribed."
    days_since_order: NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """What is expected of each customer within the horizon; arrays are (n,)."""

    margin: NDArray[np.float64]
    p_order: NDArray[np.float64]
    "P(an order within REDEEMABLE_DAYS)."
    p_stay: NDArray[np.float64]
    "P(regular or fading at the end of the horizon)."


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """Forecasts the customers of a shop from one state on."""

    world: ShopWorld
    customers: Customers
    items: ShopItems
    state: HiddenState
    horizon_days: int

    def expect(self, effects: OfferEffects, *, offer: int | None, unsubscribed: bool = False) -> Expectation:
        """The expectation with a contact at the start of the horizon, or without; `unsubscribed` by that contact."""
        lifts = 0.0 if offer is None else effects.lifts(self.state.days_since_order)[:, offer]
        orders = self._p_orders(lifts, unsubscribed=unsubscribed)
        certain = self._certain(effects, offer=offer)
        mishaps = self._window_survival(orders[0]) * self._later_survival[int(unsubscribed)]
        regular, fading = self._presence(np.exp(-certain) * mishaps)
        expected = regular[:-1] * orders[0] + fading[:-1] * orders[1]
        margin = (expected * self._order_margins).sum(axis=0)
        first = self._p_first_order(orders, certain=certain)
        if offer is not None:
            redeemed = (first * self._margins_of_redeeming(effects, offer)).sum(axis=0)
            margin += effects.take_up[:, offer] * redeemed
        return Expectation(margin=margin, p_order=first.sum(axis=0), p_stay=regular[-1] + fading[-1])

    @cached_property
    def _days(self) -> NDArray[np.int64]:
        return self.state.day + np.arange(self.horizon_days)

    @cached_property
    def _usual(self) -> Days:
        """Expected orders of regular customers without offers."""
        demand = self.world.demand(self.state.day + self.horizon_days)[self.state.day :]
        return np.outer(demand, self.customers.orders_per_day * self.state.orders_kept)

    def _p_orders(self, lifts: NDArray[np.float64] | float, *, unsubscribed: bool) -> tuple[Days, Days]:
        """P(an order on each day) of regular and of fading customers."""
        rates = self._usual.copy()
        rates[:REDEEMABLE_DAYS] += lifts
        if unsubscribed:
            rates[REDEEMABLE_DAYS:] *= np.where(self.state.orders_kept < 1, 1.0, UNSUBSCRIBED_ORDERS)
        return 1 - np.exp(-rates), 1 - np.exp(-rates * FADING_ORDERS)

    def _certain(self, effects: OfferEffects, *, offer: int | None) -> Days:
        """The hazards of losing interest that do not depend on orders to come, summed up to each day."""
        fades = BOTHER_KEPT ** (1 + np.arange(self.horizon_days))
        earlier = effects.bother_hazard(np.outer(fades, self.state.bother))
        certain, annoyed = self._hazards
        if offer is None:
            return np.cumsum(certain + earlier, axis=0)
        added = effects.bother_hazard(np.outer(fades / BOTHER_KEPT, np.ones(len(self.customers))))
        return np.cumsum(certain - effects.soothing[:, offer] * annoyed + earlier + added, axis=0)

    @cached_property
    def _hazards(self) -> tuple[Days, Days]:
        """The hazard of each day apart from what contacts add, and the part of it that annoyances so far cause."""
        none = np.zeros(len(self.customers))
        fades = ANNOYANCE_KEPT ** (1 + np.arange(self.horizon_days))
        calm, annoyed = (
            np.stack(
                [
                    hazards_on(self.world, self.customers, annoyance=one * fade, bother=none, day=int(day)).sum(axis=0)
                    for day, fade in zip(self._days, fades, strict=True)
                ]
            )
            for one in (np.zeros_like(self.state.annoyance), self.state.annoyance)
        )
        return annoyed, annoyed - calm

    @cached_property
    def _mishap_losses(self) -> NDArray[np.float64]:
        """(days,) P(a mishap makes a customer lose interest by the end of its first, second, ... day)."""
        lasting = np.cumsum(ANNOYANCE_KEPT ** np.arange(self.horizon_days))
        stays = DEFECT_SHARE * np.exp(-DEFECT_HAZARD * lasting)
        return 1 - stays - (1 - DEFECT_SHARE) * np.exp(-DELAY_HAZARD * lasting)

    def _survival(self, p_orders: Days, days: range) -> Days:
        """P(no mishap of orders on some of the days has made a customer lose interest by each day)."""
        survival, p_mishaps = np.ones(self._usual.shape), p_orders * self.customers.bad_luck
        for day in days:
            survival[day:] *= 1 - np.outer(self._mishap_losses[: self.horizon_days - day], p_mishaps[day])
        return survival

    def _window_survival(self, p_orders: Days) -> Days:
        return self._survival(p_orders, range(REDEEMABLE_DAYS))

    @cached_property
    def _later_survival(self) -> tuple[Days, Days]:
        """The same of the days after the redeemable ones, for customers who stay subscribed, and who unsubscribe."""
        days = range(REDEEMABLE_DAYS, self.horizon_days)
        staying, leaving = (self._p_orders(0.0, unsubscribed=flag)[0] for flag in (False, True))
        return self._survival(staying, days), self._survival(leaving, days)

    def _presence(self, stays_regular: Days) -> tuple[Days, Days]:
        """(days + 1, n) P(regular) and P(fading) at the start of each day and at the end."""
        regular = np.concatenate([np.ones((1, len(self.customers))), stays_regular]) * self.state.regular
        fading = np.empty(regular.shape)
        fading[0] = self.state.fading
        for day in range(self.horizon_days):
            fading[day + 1] = fading[day] * (1 - 1 / FADING_DAYS) + regular[day] - regular[day + 1]
        return regular, fading

    def _p_first_order(self, p_orders: tuple[Days, Days], *, certain: Days) -> Days:
        """P(the first order is on each of the redeemable days): until then, no order can have annoyed."""
        regular, fading = self.state.regular.astype(np.float64), self.state.fading.astype(np.float64)
        first, hazards = np.zeros(self._usual.shape), np.diff(certain, axis=0, prepend=0)
        for day in range(REDEEMABLE_DAYS):
            ordered, faded = p_orders[0][day], p_orders[1][day]
            first[day] = regular * ordered + fading * faded
            regular, fading = regular * (1 - ordered), fading * (1 - faded)
            losing = regular * (1 - np.exp(-hazards[day]))
            regular, fading = regular - losing, fading * (1 - 1 / FADING_DAYS) + losing
        return first

    @cached_property
    def _lines(self) -> tuple[Days, NDArray[np.float64]]:
        """The expected amount of a line on each day, and (n,) its cost."""
        choices = first_choices(self.customers, self.items) * MEAN_QUANTITY
        return np.outer(price_levels(self.world, self._days), choices @ self.items.price), choices @ self.items.cost

    @cached_property
    def _lines_kept(self) -> NDArray[np.float64]:
        """(n,) expected lines of an order that are not returned: the first one of a defective order is."""
        return 1 + EXTRA_LINES - self.customers.bad_luck * DEFECT_SHARE

    @cached_property
    def _order_margins(self) -> Days:
        amounts, costs = self._lines
        return (amounts - costs) * self._lines_kept

    def _margins_of_redeeming(self, effects: OfferEffects, offer: int) -> Days:
        """What redeeming adds to the margin of an order: that of the added line, less the discount."""
        added = np.outer(price_levels(self.world, self._days), effects.added_prices[:, offer])
        discount = effects.discounts[offer] * (self._lines[0] * self._lines_kept + added)
        return added - effects.added_costs[:, offer] - discount
