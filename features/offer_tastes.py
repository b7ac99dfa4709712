"""How much more than others a customer buys the item or the category of an offer, known at a cutoff.

    taste = ln(share of the customer's purchases / share of all purchases)

Both are shrunk: a customer's share of a category by PRIOR_PURCHASES at the share of all customers, their share of an
item by as many at the item's share of its category. So a customer without purchases has a taste of 0.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import ibis
import ibis.expr.types as ir
import numpy as np
from ibis import _
from numpy.typing import NDArray

from core.offers import Offer
from features.compiler.facts import customers_table
from features.interactions import categories_are_undated
from tables.engines.arrays import numbers, texts
from tables.orders import IS_PURCHASE
from tables.tables import Tables

PRIOR_PURCHASES = 5.0


def measure_tastes(
    tables: Tables, customer_ids: NDArray[np.str_], *, cutoff: date, offers: Sequence[Offer]
) -> NDArray[np.float64]:
    """The taste of n customers for k offers at midnight of the cutoff, (n, k).

    NaN for an offer without an item and a category, or whose item or category was not bought before.
    """
    lines = _lines_of_items(tables, cutoff)
    tastes = np.full((len(customer_ids), len(offers)), np.nan)
    if lines is None or not any(offer.item_id or offer.category for offer in offers):
        return tastes
    wanted_items = {offer.item_id for offer in offers if offer.item_id}
    category_of = _categories_of(lines, wanted_items)
    offered = ({offer.category for offer in offers if offer.category} | set(category_of.values())) - {""}
    categories = _count(lines, "category", words=offered, customer_ids=customer_ids)
    items = _count(lines, "item_id", words=wanted_items, customer_ids=customer_ids)
    for place, offer in enumerate(offers):
        if offer.item_id is not None:
            tastes[:, place] = _taste_of_item(items, categories, item=offer.item_id, category_of=category_of)
        elif offer.category is not None and categories.share_of(offer.category) > 0:
            share = categories.share_of(offer.category)
            tastes[:, place] = np.log(categories.shrunk(offer.category, prior=share) / share)
    return tastes


@dataclass(frozen=True)
class _Counts:
    """Purchases by customer and word."""

    by_word: dict[str, NDArray[np.float64]]
    "(n,) purchases of each customer, by word."
    total: NDArray[np.float64]
    "(n,) purchases of each customer of anything."
    shares: dict[str, float]
    "Of all purchases of all customers."

    def share_of(self, word: str) -> float:
        return self.shares.get(word, 0.0)

    def shrunk(self, word: str, *, prior: float | NDArray[np.float64]) -> NDArray[np.float64]:
        """(n,) each customer's share of a word."""
        bought = self.by_word.get(word, np.zeros(len(self.total)))
        return (bought + PRIOR_PURCHASES * prior) / (self.total + PRIOR_PURCHASES)


def _taste_of_item(
    items: _Counts, categories: _Counts, *, item: str, category_of: Mapping[str, str]
) -> NDArray[np.float64]:
    share, category = items.share_of(item), category_of.get(item, "")
    if not share:
        return np.full(len(items.total), np.nan)
    of_category = categories.share_of(category)
    lift = categories.shrunk(category, prior=of_category) / of_category if of_category else 1.0
    return np.log(items.shrunk(item, prior=share * lift) / share)


def _lines_of_items(tables: Tables, cutoff: date) -> ir.Table | None:
    """The purchases of items before the cutoff with their category, '' where it is unknown; None if there are none."""
    view = tables.at(cutoff)
    if "purchases" not in view or view.is_undated("purchases") or "item_id" not in view["purchases"].columns:
        return None
    lines = view["purchases"].filter(IS_PURCHASE).filter(_.item_id.notnull())
    items = tables.latest() if categories_are_undated(tables) else view
    if "items" not in items or "category" not in items["items"].columns:
        return lines.mutate(category=ibis.literal(""))
    categories = items["items"].group_by("item_id").aggregate(category_of_item=_.category.max())
    lines = lines.drop("category") if "category" in lines.columns else lines
    return lines.left_join(categories, "item_id").mutate(category=_.category_of_item.coalesce(""))


def _count(lines: ir.Table, column: str, *, words: Collection[str], customer_ids: NDArray[np.str_]) -> _Counts:
    """The purchases of these customers that have one of the words in a column, such as a category."""
    own = lines.filter(_.customer_id.notnull()).semi_join(customers_table(customer_ids), "customer_id")
    unique_ids, places = np.unique(customer_ids, return_inverse=True)
    totals = own.group_by("customer_id").aggregate(n=_.count()).to_pyarrow()
    total = np.zeros(len(unique_ids))
    total[np.searchsorted(unique_ids, texts(totals["customer_id"]))] = numbers(totals["n"])
    is_wanted = _[column].isin(sorted(words))
    rows = own.filter(is_wanted).group_by("customer_id", word=_[column]).aggregate(n=_.count()).to_pyarrow()
    owners, of_rows, n = (
        np.searchsorted(unique_ids, texts(rows["customer_id"])),
        texts(rows["word"]),
        numbers(rows["n"]),
    )
    by_word: dict[str, NDArray[np.float64]] = {}
    for word in words:
        bought_by = np.bincount(owners[of_rows == word], n[of_rows == word], minlength=len(unique_ids))
        by_word[word] = bought_by.astype(np.float64)[places]
    bought = lines.filter(is_wanted).group_by(word=_[column]).aggregate(n=_.count()).to_pyarrow()
    n_lines = max(1, int(lines.count().to_pyarrow().as_py()))
    shares = dict(zip(texts(bought["word"]).tolist(), (numbers(bought["n"]) / n_lines).tolist(), strict=True))
    return _Counts(by_word, total[places], shares)


def _categories_of(lines: ir.Table, item_ids: Collection[str]) -> dict[str, str]:
    if not item_ids:
        return {}
    rows = (
        lines.filter(_.item_id.isin(sorted(item_ids))).select("item_id", "category").distinct().to_pyarrow().to_pylist()
    )
    return {row["item_id"]: row["category"] for row in rows}
