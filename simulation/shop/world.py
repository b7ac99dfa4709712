"""The settings of a simulated shop, its calendar, and its customers: what they like, and what makes them churn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput

SEASON_STRENGTH = 0.15
SEASON_PEAK_DAY = 350
"Mid-December."
WEEKDAY_FACTORS = (0.9, 0.9, 0.9, 0.9, 1.0, 1.25, 1.15)
"Monday to Sunday; their mean is 1."


@dataclass(frozen=True)
class ShopWorld:
    """The settings of a simulated shop; the same settings give the same shop."""

    n_customers: int = 3_000
    n_items: int = 300
    n_tastes: int = 8
    "Number of latent groups that items belong to and customers prefer."

    start: date = date(2024, 4, 1)
    n_days: int = 730
    "Number of completely recorded days, from `start` on."

    seed: int = 7
    horizon_days: int = 60
    "Horizon of the churn definition in the shop's TOML."

    churn_is_random: bool = False
    "All customers buy at the same rate without memory, so nothing predicts churn; half of them churn in the horizon."

    no_items: bool = False
    "Purchases have no items, and there is no items table."

    offer_effects: bool = False
    """\
    Contacts change what customers do: some buy because of them, some unsubscribe, some leave. Without, no contact has
    any effect, so no offer pays and nothing about effects can be learned. Off by default: the true probabilities of
    churn and of the next item are exact only where later campaigns change nothing, and figures that were published on
    this shop stay comparable. `kizuna simulate` sets it."""

    def __post_init__(self) -> None:
        if self.offer_effects and self.churn_is_random:
            raise BadInput("where churn is random, contacts cannot change it; set offer_effects or churn_is_random")
        if min(self.n_customers, self.n_days, self.horizon_days, self.n_tastes) < 1:
            raise BadInput("a simulated shop needs at least one customer, one day, one taste and a horizon of one day")
        if self.n_items < self.n_tastes:
            raise BadInput(
                f"{self.n_items} items are too few for {self.n_tastes} tastes; set n_items to at least {self.n_tastes}"
            )

    @property
    def end(self) -> date:
        """The first day that is not recorded."""
        return self.start + timedelta(days=self.n_days)

    @property
    def price_rise_day(self) -> int:
        """The day, counted from `start`, on which every price goes up."""
        return int(0.6 * self.n_days)

    def demand(self, n_days: int) -> NDArray[np.float64]:
        """(n_days,) factor of season and weekday on all order rates, from `start` on; 1 is average."""
        if self.churn_is_random:
            return np.ones(n_days)
        days = np.arange(n_days)
        day_of_year = days + self.start.timetuple().tm_yday
        season = 1 + SEASON_STRENGTH * np.cos(2 * np.pi * (day_of_year - SEASON_PEAK_DAY) / 365.25)
        return season * np.array(WEEKDAY_FACTORS)[(days + self.start.weekday()) % 7]

    def times(
        self, days: NDArray[np.int64] | NDArray[np.float64], seconds: NDArray[np.int64] | NDArray[np.float64]
    ) -> NDArray[np.datetime64]:
        """(n,) local times, datetime64[s]: `seconds` after midnight of each day, counted from `start`."""
        moments = days.astype(np.int64) * 86_400 + seconds.astype(np.int64)
        return np.datetime64(self.start, "s") + moments.astype("timedelta64[s]")


CHANNELS = np.array(["web", "shop", "app"])
PREFECTURES = np.array(["Tokyo", "Osaka", "Aichi", "Fukuoka", "Hokkaido", "Miyagi", "Hiroshima", "Okinawa"])
SOURCES = np.array(["search", "friend", "ad", "event"])

MEAN_DAYS_BETWEEN_ORDERS = 22.0
RATE_SHAPE = 1.0
"Shape of the gamma distribution of order rates: the smaller, the more customers differ."
VISITS_PER_ORDER = 2.5
VISIT_SHAPE = 1.5
MEAN_DAYS_BEFORE_LEAVING = 1_100.0
"For reasons outside the shop; bad experiences and prices come on top."
REGULARS_AT_START = 0.4
"Share of the customers who join in the first month."


@dataclass(frozen=True, kw_only=True)
class Customers:
    """All customers; arrays are (n,) unless stated otherwise."""

    customer_ids: NDArray[np.str_]
    joins_on: NDArray[np.int64]
    "int64 days from the start of the records; the first order is placed on this day."
    orders_per_day: NDArray[np.float64]
    visits_per_day: NDArray[np.float64]
    leaves_per_day: NDArray[np.float64]
    "Hazard of leaving for reasons outside the shop, e.g. a move."
    bad_luck: NDArray[np.float64]
    "Probability that an order goes wrong."
    price_sensitivity: NDArray[np.float64]
    "0 to about 3: how strongly a price above average deters them."
    repeat_share: NDArray[np.float64]
    "Probability that a line repeats an earlier item."
    tastes: NDArray[np.float64]
    "(n, n_tastes), rows sum to 1."
    channel_shares: NDArray[np.float64]
    "(n, channels), rows sum to 1."
    prefecture: NDArray[np.str_]
    source: NDArray[np.str_]
    birth_year: NDArray[np.int64]
    "int64"

    def __len__(self) -> int:
        return len(self.customer_ids)


def make_customers(world: ShopWorld, random: np.random.Generator) -> Customers:
    """Draw all customers; if churn is random, all have the same rate and no reason to leave."""
    n = world.n_customers
    rates = random.gamma(RATE_SHAPE, 1 / (RATE_SHAPE * MEAN_DAYS_BETWEEN_ORDERS), n)
    visits = VISITS_PER_ORDER * rates * random.gamma(VISIT_SHAPE, 1 / VISIT_SHAPE, n)
    leaving = random.gamma(1.5, 1 / (1.5 * MEAN_DAYS_BEFORE_LEAVING), n)
    if world.churn_is_random:
        rates = np.full(n, np.log(2) / world.horizon_days)
        visits, leaving = VISITS_PER_ORDER * rates, np.zeros(n)
    return Customers(
        customer_ids=np.char.mod("c%06d", np.arange(1, n + 1)),
        joins_on=draw_join_days(world, random),
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


def draw_join_days(world: ShopWorld, random: np.random.Generator) -> NDArray[np.int64]:
    """(n,) the day on which each customer joins: many in the first month, the others evenly over all days."""
    at_start = random.random(world.n_customers) < REGULARS_AT_START
    latest = np.where(at_start, min(30, world.n_days), world.n_days)
    return np.floor(random.random(world.n_customers) * latest).astype(np.int64)
