"""The items of the simulated shop, and the lines of each order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulation.shop.history import ShopOrders
from simulation.shop.world import Customers, ShopWorld

CATEGORIES = np.array(
    ["tea", "coffee", "sweets", "bowls", "cloth", "paper", "incense", "knives", "plants", "games", "candles", "bags"]
)
WORDS = np.array(["Quiet", "Morning", "Blue", "Old", "Northern", "Small", "Fine", "Summer", "Plain", "Twin"])
PRICE_RISE = 1.12
EXTRA_LINES = 0.9
"Mean number of lines of an order after the first; Poisson."
SECOND_PIECE, THIRD_PIECE = 0.2, 0.05
"Shares of the lines with one more piece, each drawn by itself."
MEAN_QUANTITY = 1 + SECOND_PIECE + THIRD_PIECE
POPULARITY_DECAY = 0.7
"Popularity of an item within its taste group is rank ** -POPULARITY_DECAY."
HOME_CATEGORIES = 0.8
"Share of the items of a taste group that are in its own two categories."


@dataclass(frozen=True, kw_only=True)
class ShopItems:
    """All items; arrays are (m,)."""

    item_ids: NDArray[np.str_]
    taste: NDArray[np.int64]
    "int64: the latent taste group."
    popularity: NDArray[np.float64]
    "Share of the sales of its group; sums to 1 within each group."
    category: NDArray[np.str_]
    title: NDArray[np.str_]
    price: NDArray[np.float64]
    "Whole yen, before the price rise."
    cost: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.item_ids)


@dataclass(frozen=True, kw_only=True)
class OrderLines:
    """All lines, sorted by customer and day; arrays are (lines,)."""

    orders: NDArray[np.int64]
    "int64 rows of ShopOrders."
    items: NDArray[np.int64]
    "int64 rows of ShopItems."
    quantities: NDArray[np.float64]
    amounts: NDArray[np.float64]


def make_items(world: ShopWorld, random: np.random.Generator) -> ShopItems:
    """Draw the items."""
    m = world.n_items
    taste = np.arange(m) % world.n_tastes
    weight = (1.0 + np.arange(m) // world.n_tastes) ** -POPULARITY_DECAY
    home = (2 * taste + random.integers(0, 2, m)) % len(CATEGORIES)
    anywhere = random.integers(0, len(CATEGORIES), m)
    category = CATEGORIES[np.where(random.random(m) < HOME_CATEGORIES, home, anywhere)]
    price = np.exp(random.normal(7.3, 0.6, m)).round(-1)
    titles = zip(WORDS[random.integers(0, len(WORDS), m)], category, np.arange(1, m + 1), strict=True)
    return ShopItems(
        item_ids=np.char.mod("i%04d", np.arange(1, m + 1)),
        taste=taste,
        popularity=weight / np.bincount(taste, weight)[taste],
        category=category,
        title=np.array([f"{word} {kind} {number}" for word, kind, number in titles]),
        price=price,
        cost=(price * random.uniform(0.4, 0.7, m)).round(),
    )


def first_choices(customers: Customers, items: ShopItems) -> NDArray[np.float64]:
    """(n, m) P(item) of a line that repeats nothing, by taste, popularity and price sensitivity; rows sum to 1."""
    dearness = np.log(items.price) - np.log(items.price).mean()
    weights = (
        customers.tastes[:, items.taste] * items.popularity * np.exp(-np.outer(customers.price_sensitivity, dearness))
    )
    return weights / weights.sum(axis=1, keepdims=True)


def fill_baskets(
    world: ShopWorld, customers: Customers, *, items: ShopItems, orders: ShopOrders, random: np.random.Generator
) -> OrderLines:
    """Draw the lines of every order: new choices by taste, and repeats of earlier items."""
    by_customer = np.lexsort((orders.days, orders.customers))
    lines = np.repeat(by_customer, 1 + random.poisson(EXTRA_LINES, len(by_customer)))
    buyers = orders.customers[lines]
    chosen = draw_columns(first_choices(customers, items), buyers, random=random)
    repeats = random.random(len(lines)) < customers.repeat_share[buyers]
    bought = chosen[resolve_repeats(buyers, repeats, random=random)]
    has_second, has_third = random.random(len(lines)) < SECOND_PIECE, random.random(len(lines)) < THIRD_PIECE
    quantities = (1.0 + has_second + has_third).astype(np.float64)
    prices = price_on(world, items, rows=bought, days=orders.days[lines])
    return OrderLines(orders=lines, items=bought, quantities=quantities, amounts=(prices * quantities).round())


def price_on(
    world: ShopWorld, items: ShopItems, *, rows: NDArray[np.int64], days: NDArray[np.int64]
) -> NDArray[np.float64]:
    """The price of each item on a day, yen."""
    return items.price[rows] * price_levels(world, days)


def price_levels(world: ShopWorld, days: NDArray[np.int64]) -> NDArray[np.float64]:
    """The factor on all prices of each day."""
    return np.where(days >= world.price_rise_day, PRICE_RISE, 1.0)


def draw_columns(
    choices: NDArray[np.float64], rows: NDArray[np.int64], *, random: np.random.Generator
) -> NDArray[np.int64]:
    """(len(rows),) one column for each entry of `rows`, drawn with that row's probabilities.

    One search in the cumulative probabilities of all rows, each shifted by its row number.
    """
    cumulative = np.cumsum(choices, axis=1) + np.arange(len(choices))[:, None]
    places = np.searchsorted(cumulative.ravel(), rows + random.random(len(rows)), side="right")
    return np.minimum(places - rows * choices.shape[1], choices.shape[1] - 1)


def resolve_repeats(
    buyers: NDArray[np.int64], repeats: NDArray[np.bool_], *, random: np.random.Generator
) -> NDArray[np.int64]:
    """(lines,) the line whose item each line has: itself, or a random earlier one of the same customer.

    A line may repeat a line that is itself a repeat; such chains are resolved to their beginning.
    """
    places = np.arange(len(buyers))
    begins = np.searchsorted(buyers, buyers)
    earlier = begins + np.floor(random.random(len(buyers)) * (places - begins)).astype(np.int64)
    origin = np.where(repeats, earlier, places)
    while not np.array_equal(origin[origin], origin):
        origin = origin[origin]
    return origin
