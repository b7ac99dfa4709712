"""What the items table says today of each item: for people to read and for filters, never a feature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from core.interactions import codes_of
from core.item_attributes import ItemAttributes
from tables.tables import Tables

Description = dict[str, str | float | None]


@dataclass(frozen=True)
class ItemsToday:
    """Every item of the table, sold or not; row i is of `attributes.item_ids[i]`."""

    attributes: ItemAttributes
    "Category and listed attributes."
    price: np.ndarray
    "(n,) float64, as it stands in the table; NaN where it is missing."
    unavailable: np.ndarray
    "(n,) bool: the table says so; an item without a word is available."
    descriptions: list[Description]
    "Title, category, price and listed attributes, as far as there are such columns."

    def rows_of(self, item_ids: np.ndarray) -> np.ndarray:
        """Where each item stands here; -1 where the table lacks it. (m,) int32."""
        return codes_of(item_ids, self.attributes.item_ids)


def items_today(tables: Tables) -> ItemsToday:
    """The items table, read once; empty where there is none."""
    listed = [name for name in tables.config.attributes.get("items", ()) if name != "category"]
    rows = _rows(tables, ("title", "category", "price", *listed), "available")
    named = ["category", *listed] if any("category" in row for row in rows) else listed
    prices = np.array([row.get("price") for row in rows], dtype=np.float64)
    return ItemsToday(
        ItemAttributes.of(
            [row["item_id"] for row in rows],
            {name: [_word(row.get(name)) for row in rows] for name in named},
            prices,
        ),
        prices,
        np.array([row.pop("available", None) is False for row in rows], dtype=bool),
        [{name: value for name, value in row.items() if name != "item_id"} for row in rows],
    )


def _rows(tables: Tables, described: tuple[str, ...], flag: str) -> list[dict[str, Any]]:
    """One row an item, by item_id."""
    latest = tables.latest()
    if "items" not in latest:
        return []
    items = latest["items"]
    wanted = [name for name in (*described, flag) if name in items.columns]
    found = items.filter(items.item_id.notnull()).select("item_id", *wanted).to_pyarrow().to_pylist()
    return sorted({row["item_id"]: row for row in found}.values(), key=lambda row: row["item_id"])


def _word(value: object) -> str | None:
    """A cell as a filter names it: true, 38, 2.5, 2026-04-01, red."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)
