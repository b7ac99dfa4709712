"""Simulates a shop with known truth: models must find what is there, and nothing where there is nothing.

This is the public entry of the package: `simulate_shop(ShopWorld(n_customers=300)).write(folder)`. The truth is what no
real shop knows: who is still a customer, the true churn probability, and the true next item.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.interactions import Histories, codes_of
from simulation.shop.baskets import ShopItems, fill_baskets, first_choices, make_items
from simulation.shop.campaigns import contacts_table, offers_table
from simulation.shop.history import (
    ANNOYANCE_KEPT,
    FADING_DAYS,
    FADING_ORDERS,
    ShopHistory,
    hazards_on,
    simulate_history,
)
from simulation.shop.records import (
    RecordingClock,
    consents_table,
    customers_table,
    items_table,
    preferences_table,
    purchases_table,
    statement_stream,
    usage_table,
)
from simulation.shop.world import Customers, ShopWorld, make_customers
from simulation.writing import list_tables, write_company


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


__all__ = ["ShopTruth", "ShopWorld", "SimulatedShop", "simulate_shop"]

CONFIG_NAME = "shop.toml"

CONFIG = """\
# A simulated shop: seed {seed}, {n_customers} customers.
name = "shop"
time_zone = "Asia/Tokyo"
currency = "JPY"
active_days = 180
watermark = {watermark}

[churn]
definition = "no_purchase"
horizon_days = {horizon_days}

[cutoffs]
step_days = 30
max_cutoffs = 6

[risk_levels]
medium = 0.3
high = 0.6

[offers]
acceptance_probability = 0.03
save_rate = 0.1
customer_value = 6000

[recommender]
k = 10
horizon_days = 28
# The models that are fast on a small shop. Without this line, all of them are compared.
models = ["personal_frequency", "item_knn", "next_basket", "rp3beta", "graph_filter", "ease", "als", "blend"]

[attributes]
customers = ["prefecture", "age_band"]
"""


@dataclass(frozen=True)
class SimulatedShop:
    """The tables that a shop would have, and the truth that no shop knows."""

    tables: dict[str, pa.Table]
    "By table name of the contract; columns have the names of the contract."
    truth: ShopTruth

    def write(self, folder: Path) -> Path:
        """Write each table as Parquet and a TOML that describes them; returns the path of the TOML."""
        return write_company(folder, self.tables, name=CONFIG_NAME, text=self.config_text())

    def config_text(self) -> str:
        """The TOML of this shop; paths are relative to its folder."""
        world = self.truth.world
        text = CONFIG.format(
            seed=world.seed, n_customers=world.n_customers, watermark=world.end, horizon_days=world.horizon_days
        )
        return text + list_tables(self.tables)


def simulate_shop(world: ShopWorld | None = None) -> SimulatedShop:
    """Simulate a shop. The same settings give the same tables, to the last row."""
    world = world or ShopWorld()
    # Every part draws from this one stream, so the order of these calls is part of the result.
    random = np.random.default_rng(world.seed)
    customers = make_customers(world, random)
    items = make_items(world, random)
    history = simulate_history(world, customers, random=random)
    lines = fill_baskets(world, customers, items=items, orders=history.orders, random=random)
    clock = RecordingClock(world, random)
    ordered_at = clock.moments(history.orders.days)
    offers = offers_table(world, items)
    statements = statement_stream(world)
    tables = {
        "customers": customers_table(clock, customers),
        "items": items_table(clock, items),
        "purchases": purchases_table(
            clock, customers, items=items, history=history, lines=lines, ordered_at=ordered_at
        ),
        "usage": usage_table(clock, customers, history=history),
        "contacts": contacts_table(
            world, customers, orders=history.orders, ordered_at=ordered_at, offers=offers, random=random
        ),
        "offers": offers,
        "consents": consents_table(world, customers, random=statements),
        "preferences": preferences_table(world, customers, random=statements),
    }
    if world.no_items:
        del tables["items"], tables["preferences"]
        tables["purchases"] = tables["purchases"].drop_columns(["item_id"])
    return SimulatedShop(tables, ShopTruth(world, customers, items, history))
