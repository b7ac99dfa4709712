"""What nobody can see in a real shop: who is still there, how likely silence is, what would be bought next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from core.interactions import Histories, codes_of
from simulation.shop.baskets import Items, first_choices
from simulation.shop.customers import Customers
from simulation.shop.lives import ANNOYANCE_KEPT, FADING_DAYS, FADING_ORDERS, Lives, hazards_on
from simulation.shop.world import ShopWorld


@dataclass(frozen=True)
class Truth:
    """The simulated shop as it is; arrays by customer are (n,), in the order of `customers.customer_ids`."""

    world: ShopWorld
    customers: Customers
    items: Items
    lives: Lives

    def rows_of(self, customer_ids: np.ndarray) -> np.ndarray:
        """Where each customer stands in the arrays; -1 for unknown ones."""
        return codes_of(customer_ids, self.customers.customer_ids)

    def present_on(self, day: date) -> np.ndarray:
        """Who has joined and is not gone at midnight of the day; bool."""
        number = self._day(day)
        return (self.customers.joins_on < number) & (self.lives.gone_from > number)

    def fading_on(self, day: date) -> np.ndarray:
        """Who is losing interest at midnight of the day; bool."""
        return self.present_on(day) & (self.lives.fading_from <= self._day(day))

    def gone_on(self) -> np.ndarray:
        """The first day without each customer, datetime64[D]; NaT for who is still there."""
        days = np.datetime64(self.world.start, "D") + self.lives.gone_from.astype("timedelta64[D]")
        return np.where(self.lives.gone_from <= self.world.n_days, days, np.datetime64("NaT", "D"))

    def p_no_purchase(self, cutoff: date, horizon_days: int) -> np.ndarray:
        """P(no purchase in the horizon | everything that has happened, the hidden state too); exact.

        Without an order nothing new can annoy anybody, so annoyances only fade and the probabilities of having
        stayed silent as a regular and as a fading customer can be carried from day to day. Means something for
        customers who joined before the cutoff.
        """
        first = self._day(cutoff)
        demand = self.world.demand(first + horizon_days)
        annoyance = self._annoyance(first)
        fading = self.fading_on(cutoff).astype(np.float64)
        regular = self.present_on(cutoff) - fading
        gone = 1 - regular - fading
        for day in range(first, first + horizon_days):
            silence = np.exp(-self.customers.orders_per_day * demand[day])
            regular, fading = regular * silence, fading * silence**FADING_ORDERS
            annoyance = annoyance * ANNOYANCE_KEPT
            losing = 1 - np.exp(-hazards_on(self.world, self.customers, annoyance, day).sum(axis=0))
            gone = gone + fading / FADING_DAYS
            regular, fading = regular * (1 - losing), fading * (1 - 1 / FADING_DAYS) + regular * losing
        return regular + fading + gone

    def next_item_probabilities(self, histories: Histories) -> np.ndarray:
        """(len(histories), m) P(item of the next line | the lines so far), by row of `items`; the best there can be.

        Whoever stands in `histories` must be one of the shop's customers.
        """
        rows = self.rows_of(histories.customer_ids)
        bought = np.asarray(histories.recode(self.items.item_ids).matrix().todense(), dtype=np.float64)
        n_lines = bought.sum(axis=1, keepdims=True)
        repeating = np.where(n_lines > 0, self.customers.repeat_share[rows, None], 0)
        new = first_choices(self.customers, self.items)[rows]
        return repeating * bought / np.maximum(n_lines, 1) + (1 - repeating) * new

    def _day(self, day: date) -> int:
        return (day - self.world.start).days

    def _annoyance(self, day: int) -> np.ndarray:
        """(2, n) what is left of defects and delays at midnight of a day."""
        orders, n = self.lives.orders, len(self.customers)
        past = orders.days < day
        left = ANNOYANCE_KEPT ** (day - 1 - orders.days[past])
        wrongs = (orders.defect[past], orders.delayed[past])
        return np.stack([np.bincount(orders.customers[past], wrong * left, n) for wrong in wrongs])
