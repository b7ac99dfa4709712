"""What the simulated shop's customers say themselves: what they agree to, and what they like."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from simulation.shop.baskets import CATEGORIES
from simulation.shop.customers import Customers
from simulation.shop.world import ShopWorld

STREAM = 3
"Statements are drawn apart from everything else, so that a shop lives the same life with and without them."
GRANTED = {"recommend": 0.96, "contact": 0.93, "score": 0.97}
"P(a customer agrees when they join), by purpose."
SECOND_THOUGHTS = 0.01
"P(a customer says the opposite later), by purpose."
TELLING = 0.33
"Share of the customers who tell a category that they like, within so many days of joining:"
TELLING_DAYS = 30
SINCERITY = 0.85
"P(the category they tell is one of their strongest taste's own); else it is any."


def statement_stream(world: ShopWorld) -> np.random.Generator:
    """The stream of random numbers that statements are drawn from."""
    return np.random.default_rng([world.seed, STREAM])


def consents_table(world: ShopWorld, customers: Customers, random: np.random.Generator) -> pa.Table:
    """One row for each customer and purpose on the day they join, and one for each second thought."""
    n, purposes = len(customers), np.array(list(GRANTED))
    granted = random.random((n, len(purposes))) < np.array(list(GRANTED.values()))
    later = customers.joins_on[:, None] + random.integers(1, world.n_days + 1, granted.shape)
    changed = (random.random(granted.shape) < SECOND_THOUGHTS) & (later < world.n_days)
    joined = np.repeat(customers.joins_on, len(purposes)).reshape(granted.shape)
    asked = np.ones(granted.shape, bool)
    said = [(asked, granted, joined), (changed, ~granted, later)]
    parts = [
        pa.table(
            {
                "customer_id": customers.customer_ids[np.nonzero(chosen)[0]],
                "purpose": purposes[np.nonzero(chosen)[1]],
                "granted": answers[chosen],
                "event_time": world.times(days[chosen], np.zeros(chosen.sum())),
            }
        )
        for chosen, answers, days in said
    ]
    return pa.concat_tables(parts)


def preferences_table(world: ShopWorld, customers: Customers, random: np.random.Generator) -> pa.Table:
    """A category each, of some customers; most of them like it indeed."""
    n = len(customers)
    strongest = customers.tastes.argmax(axis=1)
    own = (2 * strongest + random.integers(0, 2, n)) % len(CATEGORIES)
    told = np.where(random.random(n) < SINCERITY, own, random.integers(0, len(CATEGORIES), n))
    days = customers.joins_on + random.integers(0, TELLING_DAYS, n)
    telling = np.flatnonzero((random.random(n) < TELLING) & (days < world.n_days))
    return pa.table(
        {
            "customer_id": customers.customer_ids[telling],
            "event_time": world.times(days[telling], np.zeros(len(telling))),
            "key": pa.array(["category"] * len(telling), pa.string()),
            "value": CATEGORIES[told[telling]],
        }
    )
