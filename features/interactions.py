"""Purchases of items as arrays: the input of recommenders.

Returns and lines without an item are left out. Lines without a customer are kept apart: they count for popularity
only. Purchases without times all count as of the day before: popularity is then plain, and nothing is recent.

Categories of items come along. Where nothing says when they were written, they are those of today: a shop moves an item
to another category seldom, and not because of who will buy it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from ibis import _
from numpy.typing import NDArray

from core.errors import NotEnoughHistory
from core.interactions import Interactions, codes_of
from tables.contract import CONTRACT
from tables.engines.arrays import midnight, numbers, seconds
from tables.known_at import columns_without_date
from tables.orders import IS_PURCHASE
from tables.tables import Tables

NO_ITEMS = "no purchase has an item_id; recommendations need the column item_id in purchases"


def load_interactions(tables: Tables, until: date | None = None) -> Interactions:
    """Load the purchases of items before midnight of `until` (default: all of them), as known then.

    A missing quantity is 1. Lines of one order_id share an order number; without an order_id, lines of one customer
    at one moment do. Without any item the interactions are empty.
    """
    interactions = _load_lines(tables, until)
    return replace(interactions, item_categories=_load_categories(tables, until, item_ids=interactions.item_ids))


def load_choices(tables: Tables) -> Interactions:
    """All purchases of items, which recommenders are judged by.

    Raises NotEnoughHistory where no item was bought, no buyer is known, or one item alone was bought: there is nothing
    to choose.
    """
    interactions = load_interactions(tables)
    if reason := explain_no_choice(interactions, tables):
        raise NotEnoughHistory(reason)
    return interactions


def explain_no_choice(interactions: Interactions, tables: Tables) -> str:
    """Why these purchases cannot train a recommender; empty where they can."""
    if not len(interactions.item_ids):
        return explain_no_items(tables)
    if len(interactions.item_ids) == 1:
        return (
            f"all purchases are of one item, {interactions.item_ids[0]}; recommendations need two or more: is the "
            "column item_id of [tables.purchases.columns] the right one?"
        )
    if not len(interactions.items):
        return "no purchase of an item has a customer_id; recommendations are judged by customers"
    return ""


def categories_are_undated(tables: Tables) -> bool:
    """Whether items have categories, and nothing says when they were written."""
    columns = tables["items"].columns if "items" in tables else ()
    return "category" in columns_without_date(CONTRACT["items"], columns)


def _load_categories(tables: Tables, until: date | None, *, item_ids: NDArray[np.str_]) -> NDArray[np.int32]:
    """(m,) code of the category of each item, -1 where it has none; empty where no item has one."""
    view = tables.latest() if until is None or categories_are_undated(tables) else tables.at(until)
    if not len(item_ids) or "items" not in view or "category" not in view["items"].columns:
        return np.empty(0, dtype=np.int32)
    items = view["items"]
    rows = items.filter(items.item_id.notnull(), items.category.notnull()).select("item_id", "category").to_pyarrow()
    names, order = np.unique(rows["item_id"].to_numpy(zero_copy_only=False).astype(str), return_index=True)
    codes = np.append(encode_sorted(rows["category"])[1][order], np.int32(-1))[codes_of(item_ids, names)]
    return codes if (codes >= 0).any() else np.empty(0, dtype=np.int32)


def _load_lines(tables: Tables, until: date | None) -> Interactions:
    purchases = _purchases_until(tables, until)
    if purchases is None:
        no_items = pa.table({"item_id": pa.array([], pa.string()), "event_time": pa.array([], pa.timestamp("s"))})
        return _build_interactions(no_items)
    if "event_time" not in purchases.columns:
        yesterday = (until or tables.watermark("purchases")) - timedelta(days=1)
        purchases = purchases.mutate(event_time=midnight(yesterday))
    return _build_interactions(_item_lines(purchases).to_pyarrow())


def explain_no_items(tables: Tables) -> str:
    """Why no purchase of an item is known, and what mends it."""
    purchases = _purchases_until(tables, None)
    if purchases is None or not _count(purchases.filter(purchases.item_id.notnull())):
        return NO_ITEMS
    return (
        "every line with an item_id is a return (a negative amount or quantity), so no item was bought; check amount, "
        "quantity and returns of [tables.purchases]"
    )


def _count(rows: ir.Table) -> int:
    return int(rows.count().to_pyarrow().as_py())


def load_returned_items(tables: Tables, until: date) -> NDArray[np.str_]:
    """The sorted ids of items with a return before midnight of `until`: they have been sold, whatever is on record."""
    purchases = _purchases_until(tables, until)
    if purchases is None:
        return np.empty(0, "U1")
    returned = purchases.filter(~IS_PURCHASE, purchases.item_id.notnull()).select("item_id").distinct()
    return np.sort(np.array(returned.to_pyarrow()["item_id"].to_pylist(), dtype=str))


def _purchases_until(tables: Tables, until: date | None) -> ir.Table | None:
    """The purchases known before midnight of `until`, or all; None where no column names items."""
    past = tables.latest() if until is None else tables.at(until)
    purchases = past.as_far_as_recorded("purchases") if "purchases" in past else None
    return None if purchases is None or "item_id" not in purchases.columns else purchases


def _item_lines(purchases: ir.Table) -> ir.Table:
    lines = purchases.filter(IS_PURCHASE, _.item_id.notnull())
    columns = ("customer_id", "item_id", "event_time", "quantity", "order_id")
    return lines.select(*(name for name in columns if name in lines.columns))


def _build_interactions(lines: pa.Table) -> Interactions:
    item_ids, items = encode_sorted(lines["item_id"])
    customer_ids, customers = encode_sorted(_column(lines, "customer_id", dtype=pa.string()))
    times = seconds(lines["event_time"])
    quantities = np.nan_to_num(numbers(_column(lines, "quantity", dtype=pa.float64())), nan=1.0).astype(np.float32)
    order_codes = _dictionary_codes(_column(lines, "order_id", dtype=pa.string()).dictionary_encode().combine_chunks())
    order = np.lexsort((items, times, customers))
    order, anonymous = order[customers[order] >= 0], order[customers[order] < 0]
    return Interactions(
        customer_ids=customer_ids,
        item_ids=item_ids,
        indptr=np.searchsorted(customers[order], np.arange(len(customer_ids) + 1)).astype(np.int64),
        items=items[order],
        times=times[order],
        quantities=quantities[order],
        orders=number_orders(order_codes[order], customers[order], times=times[order]),
        anonymous_items=items[anonymous],
        anonymous_times=times[anonymous],
    )


def _column(lines: pa.Table, name: str, *, dtype: pa.DataType) -> pa.ChunkedArray:
    """The column, or missing cells where the source does not have it."""
    return lines[name] if name in lines.column_names else pa.chunked_array([pa.nulls(len(lines), dtype)])


def encode_sorted(column: pa.ChunkedArray) -> tuple[NDArray[np.str_], NDArray[np.int32]]:
    """The column's sorted distinct texts, and the place of each row's text among them; -1 where it is missing."""
    encoded = column.dictionary_encode().combine_chunks()
    if not len(encoded):
        return np.empty(0, "U1"), np.empty(0, np.int32)
    names = encoded.dictionary.to_numpy(zero_copy_only=False).astype(str)
    sorted_names = np.sort(names)
    # The last place answers for the code -1, which means missing.
    places = np.append(codes_of(names, sorted_names), -1).astype(np.int32)
    return sorted_names, places[_dictionary_codes(encoded)]


def _dictionary_codes(encoded: pa.DictionaryArray) -> NDArray[np.int32]:
    """The code of each row in the dictionary's own order, (n,); -1 where it is missing."""
    return encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)


def number_orders(
    order_codes: NDArray[np.integer], customers: NDArray[np.integer], *, times: NDArray[np.datetime64]
) -> NDArray[np.int64]:
    """Number the order of each line, (n_lines,). Where the code is -1, each customer and moment is one order.

    Lines have to be sorted by customer and time; numbers rise in that order.
    """
    is_new_moment = (np.diff(customers, prepend=-1) != 0) | (
        np.diff(times, prepend=times[:1]) != np.timedelta64(0, "s")
    )
    # Moments are numbered from the largest code on, so that no moment gets the number of an order id.
    moments = np.cumsum(is_new_moment) + order_codes.max(initial=-1)
    codes = np.where(order_codes >= 0, order_codes, moments)
    _, first_lines, orders = np.unique(codes, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first_lines))[orders].astype(np.int64)
