"""Which orders of the simulated shop redeem an offer, and what that changes: one more line, and a lower price."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from simulation.shop.baskets import OrderLines, ShopItems, draw_columns, first_choices, price_on
from simulation.shop.contacting import MAILED_AT_HOUR, TREATED, ShopContacts
from simulation.shop.effects import DISCOUNTS, REDEEMABLE_DAYS
from simulation.shop.history import ShopHistory, ShopOrders
from simulation.shop.reactions import select_items
from simulation.shop.world import Customers, ShopWorld

STREAM = 8


@dataclass(frozen=True, kw_only=True)
class Redemptions:
    """The orders that redeem an offer; arrays are (redemptions,)."""

    contacts: NDArray[np.int64]
    "int64 rows of ShopContacts."
    orders: NDArray[np.int64]
    "int64 rows of ShopOrders."


def find_redemptions(contacts: ShopContacts, orders: ShopOrders) -> Redemptions:
    """The first order of each customer who takes up an offer, if it comes in time."""
    span = np.int64(1) << 24
    by_customer = np.lexsort((orders.days, orders.customers))
    keys = (orders.customers * span + orders.days)[by_customer]
    taking = np.flatnonzero(contacts.takes_up)
    first = contacts.customers[taking] * span + contacts.days[taking]
    places = np.searchsorted(keys, first)
    in_time = np.append(keys, np.iinfo(np.int64).max)[places] < first + REDEEMABLE_DAYS
    return Redemptions(contacts=taking[in_time], orders=by_customer[places[in_time]])


def mail_before_orders(
    world: ShopWorld, history: ShopHistory, *, redemptions: Redemptions, ordered_at: NDArray[np.datetime64]
) -> NDArray[np.datetime64]:
    """The times of orders, later in the day for those that redeem an offer that is mailed on the same day."""
    orders = redemptions.orders
    is_early = ordered_at[orders] < mail_times(world, history.contacts)[redemptions.contacts]
    moved = ordered_at.copy()
    moved[orders[is_early]] += np.timedelta64(MAILED_AT_HOUR, "h")
    return moved


def redeem(
    world: ShopWorld,
    customers: Customers,
    *,
    items: ShopItems,
    history: ShopHistory,
    lines: OrderLines,
    redemptions: Redemptions,
    offers: pa.Table,
) -> OrderLines:
    """The lines with one more, of the offered item or category, in each redeeming order; and its price reduced."""
    of_order = np.full(len(history.orders.days), -1)
    of_order[redemptions.orders] = history.contacts.offers[redemptions.contacts]
    lines = _add_lines(
        world, customers, items=items, orders=history.orders, lines=lines, of_order=of_order, offers=offers
    )
    discounts = np.array([DISCOUNTS[kind] for kind in offers["kind"].to_pylist()] + [0.0])
    return replace(lines, amounts=(lines.amounts * (1 - discounts[of_order[lines.orders]])).round())


def _add_lines(
    world: ShopWorld,
    customers: Customers,
    *,
    items: ShopItems,
    orders: ShopOrders,
    lines: OrderLines,
    of_order: NDArray[np.int64],
    offers: pa.Table,
) -> OrderLines:
    """The lines with the added ones, each last in its order."""
    random, choices = np.random.default_rng([world.seed, STREAM]), first_choices(customers, items)
    redeeming, bought = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for place, offer in enumerate(offers.to_pylist()):
        own, offered = np.flatnonzero(of_order == place), select_items(offer, items)
        if offered.any():
            shares = choices[:, offered] / choices[:, offered].sum(axis=1, keepdims=True)
            redeeming.append(own)
            bought.append(np.flatnonzero(offered)[draw_columns(shares, orders.customers[own], random=random)])
    added_to, added = np.concatenate(redeeming), np.concatenate(bought)
    prices = price_on(world, items, rows=added, days=orders.days[added_to])
    to = np.concatenate([lines.orders, added_to])
    order = np.lexsort((np.arange(len(to)), to, orders.days[to], orders.customers[to]))
    return OrderLines(
        orders=to[order],
        items=np.concatenate([lines.items, added])[order],
        quantities=np.concatenate([lines.quantities, np.ones(len(added))])[order],
        amounts=np.concatenate([lines.amounts, prices.round()])[order],
    )


def contact_log_table(
    world: ShopWorld,
    customers: Customers,
    *,
    contacts: ShopContacts,
    redemptions: Redemptions,
    ordered_at: NDArray[np.datetime64],
    offers: pa.Table,
) -> pa.Table:
    """All contacts and control customers; what came of a contact is in `converted_at` and `unsubscribed_at`."""
    sent_at = mail_times(world, contacts)
    converted_at = np.full(len(contacts), np.datetime64("NaT", "s"))
    converted_at[redemptions.contacts] = ordered_at[redemptions.orders]
    costs = np.asarray(offers["cost"])[contacts.offers]
    campaigns = np.unique(contacts.days, return_inverse=True)[1]
    return pa.table(
        {
            "customer_id": customers.customer_ids[contacts.customers],
            "event_time": sent_at,
            "campaign_id": np.char.mod("campaign-%02d", campaigns + 1),
            "offer_id": offers["offer_id"].take(pa.array(contacts.offers)),
            "channel": np.full(len(contacts), "mail"),
            "treated": contacts.treated,
            "propensity": np.full(len(contacts), TREATED),
            "cost": np.where(contacts.treated, costs, 0.0),
            "converted_at": converted_at,
            "unsubscribed_at": np.where(
                contacts.unsubscribes, sent_at + contacts.hours.astype("timedelta64[h]"), np.datetime64("NaT", "s")
            ),
        }
    )


def mail_times(world: ShopWorld, contacts: ShopContacts) -> NDArray[np.datetime64]:
    """(contacts,) the time of each contact, datetime64[s]."""
    return world.times(contacts.days, np.full(len(contacts), MAILED_AT_HOUR * 3_600))


def unsubscribing_times(world: ShopWorld, contacts: ShopContacts, *, n: int) -> NDArray[np.datetime64]:
    """(n,) when each customer unsubscribes, datetime64[s]; NaT for those who do not."""
    times = np.full(n, np.datetime64("NaT", "s"))
    leaving = contacts.unsubscribes
    times[contacts.customers[leaving]] = (mail_times(world, contacts) + contacts.hours.astype("timedelta64[h]"))[
        leaving
    ]
    return times
