"""Who bought what, when, as arrays: from the purchases table to what recommenders learn from.

Returns are left out, and so are lines without an item. Lines without a customer
are kept apart: they count for popularity only.
"""

from __future__ import annotations

from datetime import date

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from core.interactions import Interactions, codes_of
from features.cohort import IS_PURCHASE
from tables.engines.arrays import numbers, seconds
from tables.tables import Tables

NO_ITEMS = "no purchase carries an item; recommendations need item_id in purchases"
"Why there is no recommender."


def interactions_of(tables: Tables, until: date | None = None) -> Interactions:
    """Everything bought before midnight of `until` (default: everything recorded), as known then.

    A missing quantity is one piece. Lines of one order_id share an order number; without an order_id, lines of one
    customer at one moment do. Purchases without items give interactions without customers.
    """
    known = tables.latest() if until is None else tables.at(until)
    if "purchases" not in known or "item_id" not in known["purchases"].columns:
        return _of_lines(_nothing())
    return _of_lines(_lines(known["purchases"]).to_pyarrow())


def _lines(purchases: ir.Table) -> ir.Table:
    bought = purchases.filter(IS_PURCHASE, purchases.item_id.notnull())
    wanted = ("customer_id", "item_id", "event_time", "quantity", "order_id")
    return bought.select(*(name for name in wanted if name in bought.columns))


def _nothing() -> pa.Table:
    return pa.table({"item_id": pa.array([], pa.string()), "event_time": pa.array([], pa.timestamp("s"))})


def _of_lines(lines: pa.Table) -> Interactions:
    item_ids, items = sorted_codes(lines["item_id"])
    customer_ids, customers = sorted_codes(_column(lines, "customer_id", pa.string()))
    times = seconds(lines["event_time"])
    quantities = np.nan_to_num(numbers(_column(lines, "quantity", pa.float64())), nan=1.0).astype(np.float32)
    order_codes = codes_in(_column(lines, "order_id", pa.string()).dictionary_encode().combine_chunks())
    order = np.lexsort((items, times, customers))
    order, anonymous = order[customers[order] >= 0], order[customers[order] < 0]
    return Interactions(
        customer_ids=customer_ids,
        item_ids=item_ids,
        indptr=np.searchsorted(customers[order], np.arange(len(customer_ids) + 1)).astype(np.int64),
        items=items[order],
        times=times[order],
        quantities=quantities[order],
        orders=order_numbers(order_codes[order], customers[order], times[order]),
        anonymous_items=items[anonymous],
        anonymous_times=times[anonymous],
    )


def _column(lines: pa.Table, name: str, kind: pa.DataType) -> pa.ChunkedArray:
    """A column, or as many missing cells where the source has none."""
    return lines[name] if name in lines.column_names else pa.chunked_array([pa.nulls(len(lines), kind)])


def sorted_codes(column: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """The distinct texts, sorted, and the (n,) int32 code of each row among them; -1 where it is missing."""
    encoded = column.dictionary_encode().combine_chunks()
    if not len(encoded):
        return np.empty(0, "U1"), np.empty(0, np.int32)
    names = encoded.dictionary.to_numpy(zero_copy_only=False).astype(str)
    known = np.sort(names)
    places = np.append(codes_of(names, known), -1).astype(np.int32)
    return known, places[codes_in(encoded)]


def codes_in(encoded: pa.DictionaryArray) -> np.ndarray:
    """The code of each row in the dictionary's own order, (n,) int32; -1 where it is missing."""
    return encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)


def order_numbers(order_codes: np.ndarray, customers: np.ndarray, times: np.ndarray) -> np.ndarray:
    """(lines,) int64: the order of each line; where its code is -1, one number for each customer and moment.

    Lines are sorted by customer and time, and numbers go up in that order.
    """
    begins = (np.diff(customers, prepend=-1) != 0) | (np.diff(times, prepend=times[:1]) != np.timedelta64(0, "s"))
    moments = np.cumsum(begins) + order_codes.max(initial=-1)
    codes = np.where(order_codes >= 0, order_codes, moments)
    _, first_lines, orders = np.unique(codes, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first_lines))[orders].astype(np.int64)
