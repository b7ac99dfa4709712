"""Simulates a shop with known truth: models must find what is there, and nothing where there is nothing.

This is the public entry of the package: `simulate_shop(ShopWorld(n_customers=300)).write(folder)`. The truth is what no
real shop knows: who is still a customer, the true churn probability, and the true next item.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from simulation.shop.baskets import ShopItems, fill_baskets, make_items
from simulation.shop.campaigns import contacts_table, offers_table
from simulation.shop.consents import consents_table, draw_consents
from simulation.shop.contacting import ContactProcess
from simulation.shop.effects import OfferEffects, no_effects
from simulation.shop.history import simulate_history
from simulation.shop.reactions import draw_effects, limit_offers, price_offers
from simulation.shop.records import (
    RecordingClock,
    customers_table,
    items_table,
    preferences_table,
    purchases_table,
    statement_stream,
    usage_table,
)
from simulation.shop.redemptions import (
    Redemptions,
    contact_log_table,
    find_redemptions,
    mail_before_orders,
    redeem,
    unsubscribing_times,
)
from simulation.shop.truth import ShopTruth
from simulation.shop.world import Customers, ShopWorld, make_customers
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
# Assumed, as every shop has to before it measures. Control groups of contacts go before it where they can tell.
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
    # Every part without a stream of its own draws from this one, so the order of these calls is part of the result.
    random = np.random.default_rng(world.seed)
    customers = make_customers(world, random)
    items = make_items(world, random)
    statements = statement_stream(world)
    consents = draw_consents(world, customers, random=statements)
    preferences = preferences_table(world, customers, random=statements)
    offers, effects = make_offers(world, customers, items=items)
    contacting = ContactProcess(world, customers, effects=effects, consents=consents)
    history = simulate_history(world, customers, contacting=contacting, random=random)
    truth = ShopTruth(world, customers, items, history, consents, effects)
    tables = record_tables(truth, offers, random=random) | {"preferences": preferences}
    if world.no_items:
        del tables["items"], tables["preferences"]
        tables["purchases"] = tables["purchases"].drop_columns(["item_id"])
    return SimulatedShop(tables, truth)


def record_tables(truth: ShopTruth, offers: pa.Table, *, random: np.random.Generator) -> dict[str, pa.Table]:
    """The tables that the shop records, but for preferences, by table name of the contract."""
    world, customers, items, history = truth.world, truth.customers, truth.items, truth.history
    lines = fill_baskets(world, customers, items=items, orders=history.orders, random=random)
    clock = RecordingClock(world, random)
    ordered_at, redemptions = clock.moments(history.orders.days), find_redemptions(history.contacts, history.orders)
    if world.offer_effects:
        ordered_at = mail_before_orders(world, history, redemptions=redemptions, ordered_at=ordered_at)
        lines = redeem(
            world, customers, items=items, history=history, lines=lines, redemptions=redemptions, offers=offers
        )
    return {
        "customers": customers_table(clock, customers),
        "items": items_table(clock, items),
        "purchases": purchases_table(
            clock, customers, items=items, history=history, lines=lines, ordered_at=ordered_at
        ),
        "usage": usage_table(clock, customers, history=history),
        "contacts": record_contacts(truth, offers, redemptions=redemptions, ordered_at=ordered_at, random=random),
        "offers": limit_offers(offers, history.contacts, n_customers=len(customers)) if world.offer_effects else offers,
        "consents": consents_table(
            world,
            customers,
            consents=truth.consents,
            unsubscribed_at=unsubscribing_times(world, history.contacts, n=len(customers)),
        ),
    }


def make_offers(world: ShopWorld, customers: Customers, *, items: ShopItems) -> tuple[pa.Table, OfferEffects]:
    """The offers of the shop and what they change."""
    offers = offers_table(world, items)
    if world.offer_effects:
        offers = price_offers(offers, items)
        return offers, draw_effects(world, customers, items=items, offers=offers)
    ids, costs = np.array(offers["offer_id"].to_pylist()), np.asarray(offers["cost"])
    return offers, no_effects(len(customers), offer_ids=ids, contact_costs=costs)


def record_contacts(
    truth: ShopTruth,
    offers: pa.Table,
    *,
    redemptions: Redemptions,
    ordered_at: NDArray[np.datetime64],
    random: np.random.Generator,
) -> pa.Table:
    """The contacts of the history; without effects, contacts that are drawn now and change nothing."""
    world, customers, history = truth.world, truth.customers, truth.history
    if not world.offer_effects:
        return contacts_table(
            world, customers, orders=history.orders, ordered_at=ordered_at, offers=offers, random=random
        )
    return contact_log_table(
        world,
        customers,
        contacts=history.contacts,
        redemptions=redemptions,
        ordered_at=ordered_at,
        offers=offers,
    )
