"""What the customers of the simulated shop state themselves: their consents and preferences."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from simulation.shop.baskets import CATEGORIES
from simulation.shop.customers import Customers
from simulation.shop.world import ShopWorld

STREAM = 3
"A stream of their own, so that the rest of the shop is the same with and without statements."
GRANTED = {"recommend": 0.96, "contact": 0.93, "score": 0.97}
"P(a customer consents when they join), by purpose."
SECOND_THOUGHTS = 0.01
"P(a customer changes a consent later), for each purpose."
STATING_SHARE = 0.33
"Share of the customers who state a preferred category within STATING_DAYS of joining."
STATING_DAYS = 30
SINCERITY = 0.85
"P(the stated category belongs to their strongest taste); otherwise it is drawn from all."


def statement_stream(world: ShopWorld) -> np.random.Generator:
    """The stream of random numbers for statements."""
    return np.random.default_rng([world.seed, STREAM])


def consents_table(world: ShopWorld, customers: Customers, *, random: np.random.Generator) -> pa.Table:
    """One row per customer and purpose on the day they join, and one for each later change."""
    n, purposes = len(customers), np.array(list(GRANTED))
    granted = random.random((n, len(purposes))) < np.array(list(GRANTED.values()))
    later = customers.joins_on[:, None] + random.integers(1, world.n_days + 1, granted.shape)
    changed = (random.random(granted.shape) < SECOND_THOUGHTS) & (later < world.n_days)
    joined = np.repeat(customers.joins_on, len(purposes)).reshape(granted.shape)
    everyone = np.ones(granted.shape, bool)
    answers_by_time = [(everyone, granted, joined), (changed, ~granted, later)]
    parts = [
        pa.table(
            {
                "customer_id": customers.customer_ids[np.nonzero(chosen)[0]],
                "purpose": purposes[np.nonzero(chosen)[1]],
                "granted": answers[chosen],
                "event_time": world.times(days[chosen], np.zeros(chosen.sum())),
            }
        )
        for chosen, answers, days in answers_by_time
    ]
    return pa.concat_tables(parts)


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
