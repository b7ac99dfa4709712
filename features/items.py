"""What the items table says today of each item: for people to read, never a feature."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.interactions import codes_of
from features.tables import Tables

DESCRIBED = ("title", "category", "price")

Description = dict[str, str | float | None]


def describe_items(tables: Tables, item_ids: np.ndarray) -> list[Description]:
    """Title, category and price of each item, as far as the table has them; empty where it lacks the item."""
    found: list[Description] = [{} for _ in item_ids]
    for row in _rows(tables, DESCRIBED):
        code = codes_of(np.array([row.pop("item_id")]), item_ids)[0]
        if code >= 0:
            found[code] = row
    return found


def unavailable_items(tables: Tables, item_ids: np.ndarray) -> np.ndarray:
    """Codes, (n,) int32 sorted, of the items that the table says are not available; an item without a word is."""
    gone = [row["item_id"] for row in _rows(tables, ("available",)) if row.get("available") is False]
    codes = codes_of(np.array(gone, dtype=str), item_ids)
    return np.unique(codes[codes >= 0]).astype(np.int32)


def _rows(tables: Tables, columns: tuple[str, ...]) -> list[dict[str, Any]]:
    latest = tables.latest()
    if "items" not in latest:
        return []
    items = latest["items"]
    wanted = [name for name in columns if name in items.columns]
    return items.filter(items.item_id.notnull()).select("item_id", *wanted).to_pyarrow().to_pylist()
