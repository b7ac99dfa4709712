"""Customers who filled a cart, and did not order.

cutoff - days                                  cutoff
[----- the last event that fills a cart -----------)
                      [--- no order since ---------)
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from ibis import _
from numpy.typing import NDArray

from core.errors import DataError
from tables.engines.arrays import midnight, texts
from tables.orders import IS_PURCHASE
from tables.tables import Tables


def find_abandoned_carts(
    tables: Tables, customer_ids: NDArray[np.str_], *, event: str, days: int, cutoff: date
) -> NDArray[np.bool_]:
    """Whether each customer has filled a cart within this many days before the cutoff and not ordered since, (n,).

    Raises DataError where the data set has no usage, or never this event.
    """
    then = tables.at(cutoff)
    if "usage" not in then:
        raise DataError("the trigger abandoned_cart needs the table usage; map it under [tables.usage]")
    of_event = then["usage"].filter((_.event == event) & _.customer_id.notnull())
    if not of_event.count().to_pyarrow().as_py():
        raise DataError(f"the trigger abandoned_cart waits for '{event}', and usage has no such event; correct event")
    filled = of_event.group_by("customer_id").aggregate(filled_at=_.event_time.max())
    filled = filled.filter(filled.filled_at >= midnight(cutoff - timedelta(days=days)))
    if "purchases" in then:
        orders = then["purchases"].filter(IS_PURCHASE).filter(_.customer_id.notnull())
        last = orders.group_by(ordered_by="customer_id").aggregate(ordered_at=_.event_time.max())
        joined = filled.left_join(last, filled.customer_id == last.ordered_by)
        filled = joined.filter(joined.ordered_at.isnull() | (joined.ordered_at < joined.filled_at))
    return np.isin(customer_ids, texts(filled.select("customer_id").to_pyarrow()["customer_id"]))
