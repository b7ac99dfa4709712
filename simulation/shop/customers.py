"""Who the simulated shop's customers are: how often they buy, what they like, what drives them away."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulation.shop.world import ShopWorld

CHANNELS = np.array(["web", "shop", "app"])
PREFECTURES = np.array(["Tokyo", "Osaka", "Aichi", "Fukuoka", "Hokkaido", "Miyagi", "Hiroshima", "Okinawa"])
SOURCES = np.array(["search", "friend", "ad", "event"])

MEAN_DAYS_BETWEEN_ORDERS = 22.0
RATE_SHAPE = 1.0
"Of the gamma law of order rates: the smaller, the more customers differ."
VISITS_PER_ORDER = 2.5
VISIT_SHAPE = 1.5
MEAN_DAYS_BEFORE_LEAVING = 1_100.0
"Of the reasons that the shop has no part in; bad experiences and prices come on top."
REGULARS_AT_START = 0.4
"Share of the customers who have joined in the first month."


@dataclass(frozen=True)
class Customers:
    """The population; every array is (n,) unless said otherwise."""

    customer_ids: np.ndarray
    joins_on: np.ndarray
    "int64 days from the start of the records; the first order is made on this day."
    orders_per_day: np.ndarray
    visits_per_day: np.ndarray
    leaves_per_day: np.ndarray
    "Hazard of reasons of their own: moved away, found another shop."
    bad_luck: np.ndarray
    "Probability that an order goes wrong."
    price_sensitivity: np.ndarray
    "0 to about 3: how much a price above others puts them off."
    repeat_share: np.ndarray
    "Probability that a line is something bought before."
    tastes: np.ndarray
    "(n, n_tastes), rows sum to 1."
    channel_shares: np.ndarray
    "(n, channels), rows sum to 1."
    prefecture: np.ndarray
    source: np.ndarray
    birth_year: np.ndarray
    "int64"

    def __len__(self) -> int:
        return len(self.customer_ids)


def make_customers(world: ShopWorld, random: np.random.Generator) -> Customers:
    """Draw everybody; in a coin-toss world all have one rate, and nobody has a reason to leave."""
    n = world.n_customers
    rates = random.gamma(RATE_SHAPE, 1 / (RATE_SHAPE * MEAN_DAYS_BETWEEN_ORDERS), n)
    visits = VISITS_PER_ORDER * rates * random.gamma(VISIT_SHAPE, 1 / VISIT_SHAPE, n)
    leaving = random.gamma(1.5, 1 / (1.5 * MEAN_DAYS_BEFORE_LEAVING), n)
    if world.churn_is_a_coin_toss:
        rates = np.full(n, np.log(2) / world.horizon_days)
        visits, leaving = VISITS_PER_ORDER * rates, np.zeros(n)
    return Customers(
        customer_ids=np.char.mod("c%06d", np.arange(1, n + 1)),
        joins_on=joining_days(world, random),
        orders_per_day=rates,
        visits_per_day=visits,
        leaves_per_day=leaving,
        bad_luck=random.beta(1.2, 10, n),
        price_sensitivity=random.gamma(1.5, 0.5, n),
        repeat_share=random.beta(2, 5, n),
        tastes=random.dirichlet(np.full(world.n_tastes, 0.3), n),
        channel_shares=random.dirichlet([1.0, 0.6, 0.8], n),
        prefecture=random.choice(PREFECTURES, n, p=np.arange(8, 0, -1) / 36),
        source=random.choice(SOURCES, n),
        birth_year=world.start.year - random.integers(18, 80, n),
    )


def joining_days(world: ShopWorld, random: np.random.Generator) -> np.ndarray:
    """(n,) int64: many in the first month, the others evenly over all days."""
    at_start = random.random(world.n_customers) < REGULARS_AT_START
    latest = np.where(at_start, min(30, world.n_days), world.n_days)
    return np.floor(random.random(world.n_customers) * latest).astype(np.int64)
