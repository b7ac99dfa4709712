"""A shop that mails vouchers with a control group: small buyers are persuaded, big ones are not, or put off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa

FIRST_DAY = datetime(2025, 1, 1)
CAMPAIGN_DAYS = (200, 230, 290, 320)
WATERMARK_DAY = 360
HORIZON_DAYS = 14


@dataclass(frozen=True)
class Campaigns:
    """What the shop does and what its customers do."""

    n_customers: int = 1_500
    days: tuple[int, ...] = CAMPAIGN_DAYS
    share_treated: float = 0.5
    rate: float = 0.2
    "P(a purchase within the horizon) without a voucher, of small buyers."
    rate_of_big: float = 0.2
    effect_on_small: float = 0.25
    effect_on_big: float = 0.0
    offers: tuple[str, ...] = ("voucher",)
    seed: int = 0


def simulate_campaigns(world: Campaigns) -> dict[str, pa.Table]:
    """Purchases, and contacts of every campaign with its control group."""
    random = np.random.default_rng(world.seed)
    is_big = random.random(world.n_customers) < 0.5
    ids = np.array([f"c{place:05d}" for place in range(world.n_customers)])
    purchases = [
        {"customer_id": str(ids[place]), "event_time": _at(day, 9), "amount": 50.0 if is_big[place] else 5.0}
        for place in range(world.n_customers)
        for day in random.integers(0, world.days[0], 4)
    ]
    contacts = []
    for number, day in enumerate(world.days):
        treated = random.random(world.n_customers) < world.share_treated
        offer = random.integers(0, len(world.offers), world.n_customers)
        effect = np.where(is_big, world.effect_on_big, world.effect_on_small)
        buys = random.random(world.n_customers) < np.where(is_big, world.rate_of_big, world.rate) + treated * effect
        for place in range(world.n_customers):
            contacts.append(
                {
                    "customer_id": str(ids[place]),
                    "event_time": _at(day, 10),
                    "campaign_id": f"mail-{number}",
                    "offer_id": world.offers[offer[place]],
                    "treated": bool(treated[place]),
                    "propensity": world.share_treated,
                }
            )
        purchases += [
            {"customer_id": str(ids[place]), "event_time": _at(day + 3, 12), "amount": 20.0}
            for place in np.flatnonzero(buys)
        ]
    purchases.append({"customer_id": "last", "event_time": _at(WATERMARK_DAY, 12), "amount": 1.0})
    return {"purchases": pa.Table.from_pylist(purchases), "contacts": pa.Table.from_pylist(contacts)}


def _at(day: int, hour: int) -> datetime:
    return FIRST_DAY + timedelta(days=int(day), hours=hour)
