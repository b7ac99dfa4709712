"""What no real shop knows: who is still a customer, the true churn probability, and the true next item."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from core.interactions import Histories, codes_of
from simulation.shop.baskets import ShopItems, first_choices
from simulation.shop.customers import Customers
from simulation.shop.history import ANNOYANCE_KEPT, FADING_DAYS, FADING_ORDERS, ShopHistory, hazards_on
from simulation.shop.world import ShopWorld


@dataclass(frozen=True)
class ShopTruth:
    """The true state of a simulated shop; arrays by customer are (n,), in the order of `customers.customer_ids`."""

    world: ShopWorld
    customers: Customers
    items: ShopItems
    history: ShopHistory

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
        """(n,) P(no purchase in the horizon | the past and the hidden state), exact.

        Without an order nothing new annoys a customer, so annoyances only fade. The probabilities of no purchase so
        far as a regular and as a fading customer are therefore carried from day to day. Valid for customers who
        joined before the cutoff.
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
            losing = 1 - np.exp(-hazards_on(self.world, self.customers, annoyance=annoyance, day=day).sum(axis=0))
            gone = gone + fading / FADING_DAYS
            regular, fading = regular * (1 - losing), fading * (1 - 1 / FADING_DAYS) + regular * losing
        return regular + fading + gone

    def next_item_probabilities(self, histories: Histories) -> NDArray[np.float64]:
        """(len(histories), m) P(item of the next line | the lines so far), by row of `items`.

        No model can be better. All customers in `histories` must be customers of the shop.
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
        orders, n = self.history.orders, len(self.customers)
        past = orders.days < day
        left = ANNOYANCE_KEPT ** (day - 1 - orders.days[past])
        wrongs = (orders.defect[past], orders.delayed[past])
        return np.stack([np.bincount(orders.customers[past], wrong * left, n) for wrong in wrongs]).astype(np.float64)
