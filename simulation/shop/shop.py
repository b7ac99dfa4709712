"""A shop whose truth is known, to try everything in: what is there should be found, and nothing where nothing is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from simulation.shop.baskets import fill_baskets, make_items
from simulation.shop.campaigns import contacts_table, offers_table
from simulation.shop.customers import make_customers
from simulation.shop.lives import live
from simulation.shop.records import Clock, customers_table, items_table, purchases_table, usage_table
from simulation.shop.statements import consents_table, preferences_table, statement_stream
from simulation.shop.truth import Truth
from simulation.shop.world import ShopWorld
from simulation.writing import listed, write_world

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
# Those that are quick on a small shop; all of the shelf where nothing is said.
models = ["personal_frequency", "item_knn", "next_basket", "rp3beta", "graph_filter", "ease", "als", "blend"]

[attributes]
customers = ["prefecture", "age_band"]
"""


@dataclass(frozen=True)
class SimulatedShop:
    """The tables that a shop would have, and the truth that it would not."""

    tables: dict[str, pa.Table]
    "By contract name; columns are called as in the contract."
    truth: Truth

    def write(self, folder: Path) -> Path:
        """Write each table as Parquet and a TOML that describes them all; returns the TOML's path."""
        return write_world(folder, self.tables, CONFIG_NAME, self.config_text())

    def config_text(self) -> str:
        """The TOML of this shop; paths are relative to its folder."""
        world = self.truth.world
        stated = CONFIG.format(
            seed=world.seed, n_customers=world.n_customers, watermark=world.end, horizon_days=world.horizon_days
        )
        return stated + listed(self.tables)


def simulate_shop(world: ShopWorld | None = None) -> SimulatedShop:
    """Make a shop; the same settings make the same one, to the last line."""
    world = world or ShopWorld()
    random = np.random.default_rng(world.seed)
    customers = make_customers(world, random)
    items = make_items(world, random)
    lives = live(world, customers, random)
    lines = fill_baskets(world, customers, items, lives.orders, random)
    clock = Clock(world, random)
    ordered_at = clock.moments(lives.orders.days)
    offers = offers_table(world, items)
    statements = statement_stream(world)
    tables = {
        "customers": customers_table(clock, customers),
        "items": items_table(clock, items),
        "purchases": purchases_table(clock, customers, items, lives, lines, ordered_at),
        "usage": usage_table(clock, customers, lives),
        "contacts": contacts_table(world, customers, lives.orders, ordered_at, offers, random),
        "offers": offers,
        "consents": consents_table(world, customers, statements),
        "preferences": preferences_table(world, customers, statements),
    }
    if world.no_items:
        del tables["items"], tables["preferences"]
        tables["purchases"] = tables["purchases"].drop_columns(["item_id"])
    return SimulatedShop(tables, Truth(world, customers, items, lives))
