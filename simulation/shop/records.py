"""The tables that the simulated shop records, under the contract: orders, visits, and what its customers state."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from simulation.shop.baskets import CATEGORIES, OrderLines, ShopItems, draw_columns
from simulation.shop.history import ShopHistory
from simulation.shop.world import CHANNELS, Customers, ShopWorld

HOUR_WEIGHTS = np.array([1, 0, 0, 0, 0, 0, 1, 3, 4, 5, 6, 6, 9, 6, 5, 5, 5, 6, 8, 10, 12, 12, 8, 4], dtype=float)
"Relative amount of business in each hour of a day."
WALK_INS = 0.04
"Lines without a customer, relative to those with one."
RETURN_DAYS = (3, 15)
"Days until a defective item is returned; the end is exclusive."
MOVERS = 0.05
"Share of the customers who move to another prefecture, once."
UNAVAILABLE = 0.03
"Share of the items that are sold out at the end."


@dataclass(frozen=True)
class RecordingClock:
    """Draws times of day."""

    world: ShopWorld
    random: np.random.Generator

    def moments(self, days: NDArray[np.int64]) -> NDArray[np.datetime64]:
        """(n,) a time on each day, drawn by how busy the hours are."""
        hours = self.random.choice(24, len(days), p=HOUR_WEIGHTS / HOUR_WEIGHTS.sum())
        return self.world.times(days, hours * 3_600 + self.random.integers(0, 3_600, len(days)))


def purchases_table(
    clock: RecordingClock,
    customers: Customers,
    *,
    items: ShopItems,
    history: ShopHistory,
    lines: OrderLines,
    ordered_at: NDArray[np.datetime64],
) -> pa.Table:
    """Purchase lines, returns of defective items, and lines of unknown walk-in customers; by time."""
    channels = CHANNELS[draw_columns(customers.channel_shares, history.orders.customers, random=clock.random)]
    sold = pa.table(
        {
            "event_time": ordered_at[lines.orders],
            "amount": lines.amounts,
            "customer_id": customers.customer_ids[history.orders.customers[lines.orders]],
            "item_id": items.item_ids[lines.items],
            "quantity": lines.quantities,
            "order_id": np.char.mod("o%07d", lines.orders + 1),
            "line_id": np.char.mod("l%08d", np.arange(1, len(lines.items) + 1)),
            "cost": items.cost[lines.items] * lines.quantities,
            "channel": channels[lines.orders],
        }
    )
    parts = [
        sold,
        _build_returns(clock, sold, history=history, lines=lines),
        _build_walk_ins(clock, items, n_known=len(sold)),
    ]
    return pa.concat_tables(parts, promote_options="default").sort_by([("event_time", "ascending")])


def _build_returns(clock: RecordingClock, sold: pa.Table, *, history: ShopHistory, lines: OrderLines) -> pa.Table:
    """The first line of each defective order, returned some days later if that is still recorded."""
    world, orders = clock.world, history.orders
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


def _build_walk_ins(clock: RecordingClock, items: ShopItems, *, n_known: int) -> pa.Table:
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


def usage_table(clock: RecordingClock, customers: Customers, *, history: ShopHistory) -> pa.Table:
    """Visits of the web site and the app, and of the help page after a late delivery; by time."""
    who, days = history.visits
    delayed = history.orders.delayed
    events = np.repeat(["visit", "help"], [len(who), delayed.sum()])
    who = np.concatenate([who, history.orders.customers[delayed]])
    days = np.concatenate([days, history.orders.days[delayed]])
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


def customers_table(clock: RecordingClock, customers: Customers) -> pa.Table:
    """One row per customer when they join, and a second dated row for those who move."""
    world, random = clock.world, clock.random
    joined_at = world.times(customers.joins_on, np.zeros(len(customers)))
    decade = np.clip((world.start.year - customers.birth_year) // 10 * 10, 10, 70)
    rows = pa.table(
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
    moved = rows.take(pa.array(movers)).to_pydict() | {
        "prefecture": random.permutation(customers.prefecture)[movers],
        "valid_from": joined_at[movers] + moved_after[movers].astype("timedelta64[D]"),
    }
    return pa.concat_tables([rows, pa.table(moved).cast(rows.schema)])


def items_table(clock: RecordingClock, items: ShopItems) -> pa.Table:
    """One row per item when the shop opens, and a second dated row for items that sell out."""
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


STREAM = 3
"A stream of their own, so that the rest of the shop is the same with and without statements."
STATING_SHARE = 0.33
"Share of the customers who state a preferred category within STATING_DAYS of joining."
STATING_DAYS = 30
SINCERITY = 0.85
"P(the stated category belongs to their strongest taste); otherwise it is drawn from all."


def statement_stream(world: ShopWorld) -> np.random.Generator:
    """The stream of random numbers for statements."""
    return np.random.default_rng([world.seed, STREAM])


def preferences_table(world: ShopWorld, customers: Customers, *, random: np.random.Generator) -> pa.Table:
    """A preferred category of some customers; most of them do prefer it."""
    n = len(customers)
    strongest = customers.tastes.argmax(axis=1)
    own = (2 * strongest + random.integers(0, 2, n)) % len(CATEGORIES)
    category = np.where(random.random(n) < SINCERITY, own, random.integers(0, len(CATEGORIES), n))
    days = customers.joins_on + random.integers(0, STATING_DAYS, n)
    stating = np.flatnonzero((random.random(n) < STATING_SHARE) & (days < world.n_days))
    return pa.table(
        {
            "customer_id": customers.customer_ids[stating],
            "event_time": world.times(days[stating], np.zeros(len(stating))),
            "key": pa.array(["category"] * len(stating), pa.string()),
            "value": CATEGORIES[category[stating]],
        }
    )
