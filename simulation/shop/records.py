"""What the simulated shop's till, web site and mail tool would have written down: tables under the contract."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from simulation.shop.baskets import Items, Lines, draw
from simulation.shop.customers import CHANNELS, Customers
from simulation.shop.lives import Lives
from simulation.shop.world import ShopWorld

HOUR_WEIGHTS = np.array([1, 0, 0, 0, 0, 0, 1, 3, 4, 5, 6, 6, 9, 6, 5, 5, 5, 6, 8, 10, 12, 12, 8, 4], dtype=float)
"How much of a day's business falls into each hour."
WALK_INS = 0.04
"Lines without a customer, as a share of the others."
RETURN_DAYS = (3, 15)
"A defect comes back so many days later; the end is exclusive."
MOVERS = 0.05
"Share of the customers whose prefecture changes once."
UNAVAILABLE = 0.03
"Share of the items that are sold out at the end."


@dataclass(frozen=True)
class Clock:
    """Draws times of day and keeps to what was recorded."""

    world: ShopWorld
    random: np.random.Generator

    def moments(self, days: np.ndarray) -> np.ndarray:
        """A busy time of each day, (n,) datetime64[s]."""
        hours = self.random.choice(24, len(days), p=HOUR_WEIGHTS / HOUR_WEIGHTS.sum())
        return self.world.times(days, hours * 3_600 + self.random.integers(0, 3_600, len(days)))


def purchases_table(
    clock: Clock, customers: Customers, items: Items, lives: Lives, lines: Lines, ordered_at: np.ndarray
) -> pa.Table:
    """Lines, the returns of what was broken, and lines of walk-ins that nobody knows; by time."""
    channels = CHANNELS[draw(customers.channel_shares, lives.orders.customers, clock.random)]
    sold = pa.table(
        {
            "event_time": ordered_at[lines.orders],
            "amount": lines.amounts,
            "customer_id": customers.customer_ids[lives.orders.customers[lines.orders]],
            "item_id": items.item_ids[lines.items],
            "quantity": lines.quantities,
            "order_id": np.char.mod("o%07d", lines.orders + 1),
            "line_id": np.char.mod("l%08d", np.arange(1, len(lines.items) + 1)),
            "cost": items.cost[lines.items] * lines.quantities,
            "channel": channels[lines.orders],
        }
    )
    parts = [sold, _returned(clock, sold, lives, lines), _walk_ins(clock, items, len(sold))]
    return pa.concat_tables(parts, promote_options="default").sort_by([("event_time", "ascending")])


def _returned(clock: Clock, sold: pa.Table, lives: Lives, lines: Lines) -> pa.Table:
    """The first line of each defect order, given back some days later where that is still recorded."""
    world, orders = clock.world, lives.orders
    _, first_lines = np.unique(lines.orders, return_index=True)
    broken = first_lines[orders.defect[lines.orders[first_lines]]]
    days = orders.days[lines.orders[broken]] + clock.random.integers(*RETURN_DAYS, len(broken))
    broken, days = broken[days < world.n_days], days[days < world.n_days]
    returned = sold.take(pa.array(broken))
    changed = {
        "event_time": clock.moments(days),
        "amount": -lines.amounts[broken],
        "quantity": -lines.quantities[broken],
        "cost": -np.asarray(returned["cost"]),
        "line_id": np.char.mod("r%08d", broken + 1),
    }
    return pa.table({name: changed.get(name, returned[name]) for name in returned.column_names})


def _walk_ins(clock: Clock, items: Items, n_known: int) -> pa.Table:
    random, n = clock.random, int(WALK_INS * n_known)
    bought = random.choice(len(items), n, p=items.popularity / items.popularity.sum())
    return pa.table(
        {
            "event_time": clock.moments(random.integers(0, clock.world.n_days, n)),
            "amount": items.price[bought],
            "item_id": items.item_ids[bought],
            "quantity": np.ones(n),
            "line_id": np.char.mod("w%08d", np.arange(1, n + 1)),
            "cost": items.cost[bought],
            "channel": np.full(n, "shop"),
        }
    )


def usage_table(clock: Clock, customers: Customers, lives: Lives) -> pa.Table:
    """Visits of the web site and the app, and looks at the help page after a late delivery; by time."""
    who, days = lives.visits
    delayed = lives.orders.delayed
    events = np.repeat(["visit", "help"], [len(who), delayed.sum()])
    who = np.concatenate([who, lives.orders.customers[delayed]])
    days = np.concatenate([days, lives.orders.days[delayed]])
    by_app = clock.random.random(len(who)) < customers.channel_shares[who, 2]
    table = pa.table(
        {
            "customer_id": customers.customer_ids[who],
            "event_time": clock.moments(days),
            "event": events,
            "channel": np.where(by_app, "app", "web"),
        }
    )
    return table.sort_by([("event_time", "ascending")])


def customers_table(clock: Clock, customers: Customers) -> pa.Table:
    """Who they said they are when they joined, and a second dated row for those who moved."""
    world, random = clock.world, clock.random
    joined_at = world.times(customers.joins_on, np.zeros(len(customers)))
    decade = np.clip((world.start.year - customers.birth_year) // 10 * 10, 10, 70)
    told = pa.table(
        {
            "customer_id": customers.customer_ids,
            "joined_at": joined_at,
            "acquisition_source": customers.source,
            "prefecture": customers.prefecture,
            "age_band": np.char.mod("%ds", decade),
            "valid_from": joined_at,
        }
    )
    days_left = world.n_days - customers.joins_on
    moved_after = random.integers(1, np.maximum(days_left, 2))
    movers = np.flatnonzero((random.random(len(customers)) < MOVERS) & (moved_after < days_left))
    moved = told.take(pa.array(movers)).to_pydict() | {
        "prefecture": random.permutation(customers.prefecture)[movers],
        "valid_from": joined_at[movers] + moved_after[movers].astype("timedelta64[D]"),
    }
    return pa.concat_tables([told, pa.table(moved).cast(told.schema)])


def items_table(clock: Clock, items: Items) -> pa.Table:
    """The catalogue as it stood when the shop opened, and a second dated row for what has sold out."""
    opened = pa.table(
        {
            "item_id": items.item_ids,
            "category": items.category,
            "price": items.price,
            "cost": items.cost,
            "available": np.ones(len(items), bool),
            "title": items.title,
            "valid_from": clock.world.times(np.zeros(len(items)), np.zeros(len(items))),
        }
    )
    sold_out = np.flatnonzero(clock.random.random(len(items)) < UNAVAILABLE)
    last_day = clock.world.times(np.full(len(sold_out), clock.world.n_days - 1), np.zeros(len(sold_out)))
    gone = opened.take(pa.array(sold_out)).to_pydict() | {
        "available": np.zeros(len(sold_out), bool),
        "valid_from": last_day,
    }
    return pa.concat_tables([opened, pa.table(gone).cast(opened.schema)])
