"""Simulates a shop with known truth: models must find what is there, and nothing where there is nothing.

This is the public entry of the package: `simulate_shop(ShopWorld(n_customers=300)).write(folder)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from simulation.shop.baskets import fill_baskets, make_items
from simulation.shop.campaigns import contacts_table, offers_table
from simulation.shop.customers import make_customers
from simulation.shop.history import simulate_history
from simulation.shop.records import RecordingClock, customers_table, items_table, purchases_table, usage_table
from simulation.shop.stated import consents_table, preferences_table, statement_stream
from simulation.shop.truth import ShopTruth
from simulation.shop.world import ShopWorld
from simulation.writing import list_tables, write_company

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
