"""Customers who filled a cart, and did not order.

cutoff - days                                  cutoff
[----- the last event that fills a cart -----------)
                      [--- no order since ---------)
"""

from __future__ import annotations

from datetime import date, timedelta

import ibis
import numpy as np
from ibis import _
from numpy.typing import NDArray

from core.errors import DataError
from tables.engines.arrays import midnight, texts
from tables.orders import IS_PURCHASE
from tables.tables import Tables

MAX_NAMED = 5
"Events that a message names, the most frequent first."


def find_abandoned_carts(
    tables: Tables, customer_ids: NDArray[np.str_], *, event: str, days: int, cutoff: date
) -> NDArray[np.bool_]:
    """Whether each customer has filled a cart within this many days before the cutoff and not ordered since, (n,).

    Raises DataError where the data set has no usage.
    """
    then = tables.at(cutoff)
    if "usage" not in then:
        raise DataError("the trigger abandoned_cart needs the table usage; map it under [tables.usage]")
    of_event = then["usage"].filter((_.event == event) & _.customer_id.notnull())
    filled = of_event.group_by("customer_id").aggregate(filled_at=_.event_time.max())
    filled = filled.filter(filled.filled_at >= midnight(cutoff - timedelta(days=days)))
    if "purchases" in then:
        orders = then["purchases"].filter(IS_PURCHASE).filter(_.customer_id.notnull())
        last = orders.group_by(ordered_by="customer_id").aggregate(ordered_at=_.event_time.max())
        joined = filled.left_join(last, filled.customer_id == last.ordered_by)
        filled = joined.filter(joined.ordered_at.isnull() | (joined.ordered_at < joined.filled_at))
    return np.isin(customer_ids, texts(filled.select("customer_id").to_pyarrow()["customer_id"]))


def require_cart_event(tables: Tables, event: str) -> None:
    """Raise DataError where the data set has no usage, or never this event: no cart would ever be found."""
    latest = tables.latest()
    if "usage" not in latest:
        raise DataError("the trigger abandoned_cart needs the table usage; map it under [tables.usage]")
    events = latest["usage"].group_by("event").aggregate(n=_.count()).order_by(ibis.desc("n")).limit(MAX_NAMED)
    if latest["usage"].filter(_.event == event).count().to_pyarrow().as_py():
        return
    names = ", ".join(texts(events.to_pyarrow()["event"]).tolist())
    raise DataError(
        f"the trigger abandoned_cart waits for '{event}', and usage has no such event; its events are {names}"
    )
