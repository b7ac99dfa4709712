"""What the simulated shop sells, and what lands in each basket."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulation.shop.customers import Customers
from simulation.shop.lives import Orders
from simulation.shop.world import ShopWorld

CATEGORIES = np.array(
    ["tea", "coffee", "sweets", "bowls", "cloth", "paper", "incense", "knives", "plants", "games", "candles", "bags"]
)
WORDS = np.array(["Quiet", "Morning", "Blue", "Old", "Northern", "Small", "Fine", "Summer", "Plain", "Twin"])
PRICE_RISE = 1.12
EXTRA_LINES = 0.9
"Mean number of lines of an order after the first; Poisson."
POPULARITY_DECAY = 0.7
"Of an item's popularity within its taste group: rank ** -decay."
HOME_CATEGORIES = 0.8
"Share of a taste group's items that stand in its own two categories."


@dataclass(frozen=True)
class Items:
    """The catalogue; every array is (m,)."""

    item_ids: np.ndarray
    taste: np.ndarray
    "int64: the latent group."
    popularity: np.ndarray
    "Share of the group's sales; sums to 1 within each group."
    category: np.ndarray
    title: np.ndarray
    price: np.ndarray
    "Whole yen, before the rise."
    cost: np.ndarray

    def __len__(self) -> int:
        return len(self.item_ids)


@dataclass(frozen=True)
class Lines:
    """Every line bought, sorted by customer and day; every array is (lines,)."""

    orders: np.ndarray
    "int64 rows of Orders."
    items: np.ndarray
    "int64 rows of Items."
    quantities: np.ndarray
    amounts: np.ndarray


def make_items(world: ShopWorld, random: np.random.Generator) -> Items:
    """Draw the catalogue."""
    m = world.n_items
    taste = np.arange(m) % world.n_tastes
    weight = (1.0 + np.arange(m) // world.n_tastes) ** -POPULARITY_DECAY
    home = (2 * taste + random.integers(0, 2, m)) % len(CATEGORIES)
    anywhere = random.integers(0, len(CATEGORIES), m)
    category = CATEGORIES[np.where(random.random(m) < HOME_CATEGORIES, home, anywhere)]
    price = np.round(np.exp(random.normal(7.3, 0.6, m)), -1)
    named = zip(WORDS[random.integers(0, len(WORDS), m)], category, np.arange(1, m + 1), strict=True)
    return Items(
        item_ids=np.char.mod("i%04d", np.arange(1, m + 1)),
        taste=taste,
        popularity=weight / np.bincount(taste, weight)[taste],
        category=category,
        title=np.array([f"{word} {kind} {number}" for word, kind, number in named]),
        price=price,
        cost=np.round(price * random.uniform(0.4, 0.7, m)),
    )


def first_choices(customers: Customers, items: Items) -> np.ndarray:
    """(n, m) P(item) of a line that repeats nothing, rows sum to 1: taste, popularity, and price for who minds it."""
    dearness = np.log(items.price) - np.log(items.price).mean()
    wanted = (
        customers.tastes[:, items.taste] * items.popularity * np.exp(-np.outer(customers.price_sensitivity, dearness))
    )
    return wanted / wanted.sum(axis=1, keepdims=True)


def fill_baskets(
    world: ShopWorld, customers: Customers, items: Items, orders: Orders, random: np.random.Generator
) -> Lines:
    """The lines of every order: new choices by taste, and things bought before."""
    by_customer = np.lexsort((orders.days, orders.customers))
    lines = np.repeat(by_customer, 1 + random.poisson(EXTRA_LINES, len(by_customer)))
    buyers = orders.customers[lines]
    chosen = draw(first_choices(customers, items), buyers, random)
    repeats = random.random(len(lines)) < customers.repeat_share[buyers]
    bought = chosen[repeated_from(buyers, repeats, random)]
    quantities = 1.0 + (random.random(len(lines)) < 0.2) + (random.random(len(lines)) < 0.05)
    prices = items.price[bought] * np.where(orders.days[lines] >= world.price_rise_day, PRICE_RISE, 1)
    return Lines(lines, bought, quantities, np.round(prices * quantities))


def draw(choices: np.ndarray, rows: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """One column for each entry of `rows`, drawn by that row's probabilities; (len(rows),) int64."""
    ladder = np.cumsum(choices, axis=1) + np.arange(len(choices))[:, None]
    places = np.searchsorted(ladder.ravel(), rows + random.random(len(rows)), side="right")
    return np.minimum(places - rows * choices.shape[1], choices.shape[1] - 1)


def repeated_from(buyers: np.ndarray, repeats: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """(lines,) int64: the line whose item each line carries: itself, or any earlier one of the same customer.

    A line may repeat one that was itself a repetition; chains are followed to their beginning.
    """
    places = np.arange(len(buyers))
    begins = np.searchsorted(buyers, buyers)
    earlier = begins + np.floor(random.random(len(buyers)) * (places - begins)).astype(np.int64)
    origin = np.where(repeats, earlier, places)
    while not np.array_equal(origin[origin], origin):
        origin = origin[origin]
    return origin
