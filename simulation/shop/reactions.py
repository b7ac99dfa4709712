"""How customers of the simulated shop react to its offers, by their traits; and what such offers cost and earn."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from simulation.shop.baskets import EXTRA_LINES, MEAN_QUANTITY, ShopItems, first_choices
from simulation.shop.contacting import ShopContacts
from simulation.shop.effects import (
    BOTHERED_UNSUBSCRIBING,
    DISCOUNTS,
    PERSUASION,
    SOOTHING,
    TAKE_UP,
    UNSUBSCRIBING,
    OfferEffects,
)
from simulation.shop.world import CHANNELS, Customers, ShopWorld

STREAM = 7
CONTACT_COSTS = {"item": 30.0, "category_coupon": 80.0, "discount": 100.0, "thank_you": 150.0}
"Yen for one contact, by kind of offer: a letter, a printed coupon, a letter with a code, a small gift."
OPENNESS_SHAPE = 1.5
"Shape of the gamma distribution of openness: what no trait explains of how a customer reacts."
BOTHERED_LOGIT, BOTHERED_BY_SHOP_SHARE = -2.7, 4.0
"Log-odds of being bothered of those who never buy in the shop itself, and how much more of those who always do."
LIKED_SHARE = 2.0
"An offer appeals fully to customers whose taste for it is this many times the average."
CAPACITY_SHARE = 0.1
"Of the customers: what an offer of limited capacity can still reach when the records end."
LIMITED = ("discount", "thank_you")
"Kinds of offers of limited capacity."


def draw_effects(world: ShopWorld, customers: Customers, *, items: ShopItems, offers: pa.Table) -> OfferEffects:
    """Draw who is bothered and how open each customer is; the rest follows from traits."""
    random = np.random.default_rng([world.seed, STREAM])
    in_shop = customers.channel_shares[:, CHANNELS.tolist().index("shop")]
    odds = np.exp(BOTHERED_LOGIT + BOTHERED_BY_SHOP_SHARE * in_shop)
    bothered = random.random(len(customers)) < odds / (1 + odds)
    openness = random.gamma(OPENNESS_SHAPE, 1 / OPENNESS_SHAPE, len(customers)) * ~bothered
    kinds = np.array(offers["kind"].to_pylist())
    choices = [_choices_of(row, customers=customers, items=items) for row in offers.to_pylist()]
    appeal = np.stack(
        [_appeal(kind, customers, liked=one.sum(axis=1)) for kind, one in zip(kinds, choices, strict=True)], axis=1
    )
    return OfferEffects(
        offer_ids=np.array(offers["offer_id"].to_pylist()),
        persuasion=appeal * _by_kind(PERSUASION, kinds) * openness[:, None],
        take_up=_by_kind(TAKE_UP, kinds) * (0.2 + 0.8 * appeal),
        soothing=_by_kind(SOOTHING, kinds) * ~bothered[:, None],
        bothered=bothered,
        unsubscribing=UNSUBSCRIBING * np.where(bothered, BOTHERED_UNSUBSCRIBING, 1.0),
        discounts=_by_kind(DISCOUNTS, kinds),
        added_prices=np.stack([_mean_of(one, items.price) for one in choices], axis=1),
        added_costs=np.stack([_mean_of(one, items.cost) for one in choices], axis=1),
        contact_costs=np.asarray(offers["cost"]),
    )


def _by_kind(values: dict[str, float], kinds: NDArray[np.str_]) -> NDArray[np.float64]:
    return np.array([values[kind] for kind in kinds])


def _choices_of(offer: dict[str, str], *, customers: Customers, items: ShopItems) -> NDArray[np.float64]:
    """(n, m) P(item) of a line, as far as the offer is for the item or its category; zeros where it is for neither."""
    return first_choices(customers, items) * select_items(offer, items)


def select_items(offer: dict[str, str], items: ShopItems) -> NDArray[np.bool_]:
    """(m,) the items that an offer is for: one, those of a category, or none."""
    if offer["item_id"]:
        return items.item_ids == offer["item_id"]
    return (
        items.category == offer["category"] if offer["category"] is not None else np.zeros(len(items), dtype=np.bool_)
    )


def _mean_of(choices: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) the expected value of an item chosen from these; 0 where there are none."""
    total = choices.sum(axis=1)
    return np.divide(choices @ values, total, out=np.zeros(len(choices)), where=total > 0)


def _appeal(kind: str, customers: Customers, *, liked: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) 0 to 1: how much an offer of a kind appeals; `liked` is P(its items) of a line."""
    saving = 1 - np.exp(-customers.price_sensitivity)
    fondness = np.minimum(1.0, liked / max(1e-12, LIKED_SHARE * liked.mean()))
    match kind:
        case "item":
            return fondness * (1 - customers.repeat_share)
        case "category_coupon":
            return fondness * (0.3 + 0.7 * saving)
        case "discount":
            return saving
        case _:
            return np.minimum(1.0, 2 * customers.repeat_share)


def price_offers(offers: pa.Table, items: ShopItems) -> pa.Table:
    """The offers with the cost of a contact, and the margin of a typical order that redeems each of them."""
    kinds = offers["kind"].to_pylist()
    shares = items.popularity / items.popularity.sum()
    line, line_cost = MEAN_QUANTITY * (shares @ items.price), MEAN_QUANTITY * (shares @ items.cost)
    margins = list[float]()
    for offer in offers.to_pylist():
        own = shares * select_items(offer, items)
        added, added_cost = (own @ values / max(own.sum(), 1e-12) for values in (items.price, items.cost))
        amount = (1 + EXTRA_LINES) * line + added
        margins.append(round(amount * (1 - DISCOUNTS[offer["kind"]]) - (1 + EXTRA_LINES) * line_cost - added_cost, -1))
    priced = {"cost": [CONTACT_COSTS[kind] for kind in kinds], "margin": margins}
    return pa.table({name: priced.get(name, offers[name]) for name in offers.column_names})


def limit_offers(offers: pa.Table, contacts: ShopContacts, *, n_customers: int) -> pa.Table:
    """The offers with capacities: as many as have been made so far, and some for the days after the records."""
    made = np.bincount(contacts.offers[contacts.treated], minlength=len(offers))
    left = int(np.ceil(CAPACITY_SHARE * n_customers))
    capacities = [
        int(number) + left if kind in LIMITED else None
        for kind, number in zip(offers["kind"].to_pylist(), made, strict=True)
    ]
    return offers.append_column("capacity", pa.array(capacities, pa.int64()))
