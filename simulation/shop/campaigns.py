"""The offers of the simulated shop, and the campaigns of a shop in which contacts change nothing.

There, customers redeem offers with orders that they would have placed anyway.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from simulation.shop.baskets import ShopItems
from simulation.shop.contacting import MAILED_AT_HOUR, TREATED
from simulation.shop.effects import REDEEMABLE_DAYS
from simulation.shop.history import ShopOrders
from simulation.shop.world import Customers, ShopWorld

ACCEPTANCE = {"item": 0.08, "category_coupon": 0.12, "discount": 0.18, "thank_you": 0.25}
"P(the next order redeems the offer if it comes in time), by kind."
DAYS_BETWEEN_CAMPAIGNS = 30
"Where contacts change nothing."
REACHED = 0.25
"Share of the customers that a campaign selects, at random."
CONTACT_COST = 12.0

OFFERS = pa.schema(
    [
        ("offer_id", pa.string()),
        ("kind", pa.string()),
        ("item_id", pa.string()),
        ("category", pa.string()),
        ("cost", pa.float64()),
        ("margin", pa.float64()),
        ("rule", pa.string()),
    ]
)


def offers_table(world: ShopWorld, items: ShopItems) -> pa.Table:
    """Some items and category coupons, a discount for customers at risk, a thank-you for loyal ones."""
    rows = [
        _offer(
            "discount-save", "discount", cost=300.0, margin=900.0, rule="churn_probability > 0.4 and returns_365d == 0"
        ),
        _offer("thank-you", "thank_you", cost=80.0, margin=500.0, rule="churn_probability < 0.3"),
    ]
    if not world.no_items:
        best = np.argsort(-items.popularity, kind="stable")[: world.n_tastes]
        rows += [
            _offer(
                f"item-{items.item_ids[item]}",
                "item",
                item_id=str(items.item_ids[item]),
                cost=CONTACT_COST,
                margin=float(items.price[item] - items.cost[item]),
            )
            for item in best
        ]
        rows += [
            _offer(f"coupon-{category}", "category_coupon", category=str(category), cost=60.0, margin=450.0)
            for category in np.unique(items.category)[:4]
        ]
    return pa.Table.from_pylist(rows, OFFERS)


def _offer(offer_id: str, kind: str, **more: str | float) -> dict[str, str | float]:
    return {"offer_id": offer_id, "kind": kind, **more}


def contacts_table(
    world: ShopWorld,
    customers: Customers,
    *,
    orders: ShopOrders,
    ordered_at: NDArray[np.datetime64],
    offers: pa.Table,
    random: np.random.Generator,
) -> pa.Table:
    """Monthly campaigns of one offer each to randomly drawn customers, who accept it with their next order."""
    days = np.arange(DAYS_BETWEEN_CAMPAIGNS, world.n_days - REDEEMABLE_DAYS, DAYS_BETWEEN_CAMPAIGNS)
    joined = customers.joins_on[None, :] < days[:, None]
    campaigns, who = np.nonzero(joined & (random.random(joined.shape) < REACHED))
    sent_at = world.times(days[campaigns], np.full(len(who), MAILED_AT_HOUR * 3_600))
    treated = random.random(len(who)) < TREATED
    sent = offers.take(pa.array(campaigns % len(offers)))
    acceptance = np.array([ACCEPTANCE[kind] for kind in sent["kind"].to_pylist()])
    accepting = treated & (random.random(len(who)) < acceptance)
    next_order = next_orders(orders.customers, ordered_at, who=who, after=sent_at)
    in_time = next_order < sent_at + np.timedelta64(REDEEMABLE_DAYS, "D")
    return pa.table(
        {
            "customer_id": customers.customer_ids[who],
            "event_time": sent_at,
            "campaign_id": np.char.mod("campaign-%02d", campaigns + 1),
            "offer_id": sent["offer_id"],
            "channel": np.full(len(who), "mail"),
            "treated": treated,
            "propensity": np.full(len(who), TREATED),
            "cost": np.where(treated, CONTACT_COST, 0.0),
            "converted_at": np.where(accepting & in_time, next_order, np.datetime64("NaT", "s")),
        }
    )


def next_orders(
    owners: NDArray[np.int64],
    ordered_at: NDArray[np.datetime64],
    *,
    who: NDArray[np.int64],
    after: NDArray[np.datetime64],
) -> NDArray[np.datetime64]:
    """(k,) the time of the first order of each customer in `who` at or after a moment; NaT if there is none.

    One sorted search over (customer, time) keys answers all of them at once.
    """
    order = np.lexsort((ordered_at, owners))
    owners, ordered_at = owners[order], ordered_at[order]
    scale = np.int64(1) << 34
    keys = owners * scale + ordered_at.astype(np.int64)
    places = np.searchsorted(keys, who * scale + after.astype(np.int64))
    is_own = np.append(owners, -1)[places] == who
    return np.where(is_own, np.append(ordered_at, np.datetime64("NaT", "s"))[places], np.datetime64("NaT", "s"))
