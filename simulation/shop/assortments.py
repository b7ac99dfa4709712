"""A shop whose assortment changes every month, so that only categories say what a customer will buy next."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from core.interactions import Interactions

N_CATEGORIES, N_MONTHS, N_PER_CATEGORY = 8, 8, 3
FIRST_DAY = date(2024, 1, 1)
NEWEST_MONTH = FIRST_DAY + timedelta(days=30 * (N_MONTHS - 1) + 10)
"A day on which the items of the newest month have been sold for ten days."


def changing_assortment(n_customers: int = 600, *, seed: int = 7) -> Interactions:
    """Each customer buys from two categories, two items at a time and none twice; each month brings other items."""
    rng = np.random.default_rng(seed)
    lines = set[tuple[int, int, int]]()
    for customer in range(n_customers):
        own = rng.choice(N_CATEGORIES, 2, replace=False)
        for month in np.flatnonzero(rng.random(N_MONTHS) < 0.6).tolist():
            day = 30 * month + int(rng.integers(30))
            places = (month * N_CATEGORIES + own) * N_PER_CATEGORY + rng.integers(N_PER_CATEGORY, size=2)
            lines |= {(customer, day, int(place)) for place in places}
    customers, days, items = np.array(sorted(lines)).T
    n_items = N_MONTHS * N_CATEGORIES * N_PER_CATEGORY
    return Interactions(
        customer_ids=np.array([f"c{number:04d}" for number in range(n_customers)]),
        item_ids=np.array([f"i{number:04d}" for number in range(n_items)]),
        indptr=np.searchsorted(customers, np.arange(n_customers + 1)).astype(np.int64),
        items=items.astype(np.int32),
        times=(np.datetime64(FIRST_DAY, "D") + days).astype("datetime64[s]"),
        quantities=np.ones(len(items), dtype=np.float32),
        orders=np.full(len(items), -1, dtype=np.int64),
        item_categories=(np.arange(n_items) // N_PER_CATEGORY % N_CATEGORIES).astype(np.int32),
    )
