"""A cart is abandoned if it was filled within some days and nothing was ordered since."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from core.errors import DataError
from features.abandoned_carts import find_abandoned_carts, require_cart_event
from tests.worlds import config, frame, purchase_log, tables_from_frames

CUTOFF = date(2024, 3, 10)


def usage(*lines: str):
    rows = (line.split() for line in lines)
    return frame(*({"customer_id": who, "event_time": when, "event": event} for who, when, event in rows))


def find_abandoned(event: str = "add_to_cart", **frames) -> list[str]:
    tables = tables_from_frames(config(), frames)
    customers = np.array(["ada", "bo", "cyd", "dan", "eve"])
    return customers[find_abandoned_carts(tables, customers, event=event, days=3, cutoff=CUTOFF)].tolist()


CARTS = usage(
    "ada 2024-03-09T10:00 add_to_cart",
    "bo 2024-03-09T10:00 add_to_cart",
    "cyd 2024-03-06T23:00 add_to_cart",
    "dan 2024-03-07T00:00 add_to_cart",
    "eve 2024-03-09T10:00 login",
    "eve 2024-03-10T00:00 add_to_cart",
)


def test_a_cart_is_abandoned_until_an_order_follows():
    orders = purchase_log("ada 2024-03-09T09:00", "bo 2024-03-09T10:30", "dan 2024-03-08 -5")

    assert find_abandoned(usage=CARTS, purchases=orders) == ["ada", "dan"]


def test_without_purchases_every_recent_cart_is_abandoned():
    assert find_abandoned(usage=CARTS) == ["ada", "bo", "dan"]


def test_an_event_that_never_happens_is_no_trigger():
    tables = tables_from_frames(config(), {"usage": CARTS})

    require_cart_event(tables, "add_to_cart")
    with pytest.raises(DataError, match="waits for 'cart', and usage has no such event; its events are add_to_cart"):
        require_cart_event(tables, "cart")
    with pytest.raises(DataError, match="needs the table usage"):
        require_cart_event(tables_from_frames(config(), {"purchases": purchase_log("ada 2024-03-09")}), "cart")
    with pytest.raises(DataError, match="needs the table usage"):
        find_abandoned(purchases=purchase_log("ada 2024-03-09"))


def test_an_event_that_is_gone_ends_no_run_of_other_campaigns():
    assert find_abandoned("cart", usage=CARTS) == []
