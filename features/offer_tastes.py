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
    everyone = _Lines.of(lines.group_by("category", "item_id").aggregate(n=_.count()))
    wanted_items = {offer.item_id for offer in offers if offer.item_id}
    category_of = everyone.categories_of(wanted_items)
    offered = ({offer.category for offer in offers if offer.category} | set(category_of.values())) - {""}
    own = lines.filter(_.customer_id.notnull()).semi_join(customers_table(customer_ids), "customer_id")
    total = _count_by_customer(own, customer_ids)
    is_wanted = _.category.isin(sorted(offered)) | _.item_id.isin(sorted(wanted_items))
    bought = _Lines.of(own.filter(is_wanted).group_by("customer_id", "category", "item_id").aggregate(n=_.count()))
    categories = _count(bought, "category", words=offered, everyone=everyone, customer_ids=customer_ids, total=total)
    items = _count(bought, "item_id", words=wanted_items, everyone=everyone, customer_ids=customer_ids, total=total)
    for place, offer in enumerate(offers):
        if offer.item_id is not None:
            tastes[:, place] = _taste_of_item(items, categories, item=offer.item_id, category_of=category_of)
        elif offer.category is not None and categories.share_of(offer.category) > 0:
            share = categories.share_of(offer.category)
            tastes[:, place] = np.log(categories.shrunk(offer.category, prior=share) / share)
    return tastes


@dataclass(frozen=True)
class _Lines:
    """How many purchases there are of each category and item, of all customers or of each; every array is (n,)."""

    columns: Mapping[str, NDArray[np.str_]]
    "category, item_id, and customer_id where each customer has rows."
    counts: NDArray[np.float64]

    @classmethod
    def of(cls, counted: ir.Table) -> _Lines:
        rows = counted.to_pyarrow()
        return cls({name: texts(rows[name]) for name in rows.column_names if name != "n"}, numbers(rows["n"]))

    def categories_of(self, item_ids: Collection[str]) -> dict[str, str]:
        """The category of each item; the last one in the order of the alphabet where it has had several."""
        pairs = zip(self.columns["item_id"].tolist(), self.columns["category"].tolist(), strict=True)
        return dict(sorted(pair for pair in pairs if pair[0] in item_ids))


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


def _count_by_customer(own: ir.Table, customer_ids: NDArray[np.str_]) -> NDArray[np.float64]:
    """The purchases of each customer of anything, (n,)."""
    unique_ids, places = np.unique(customer_ids, return_inverse=True)
    totals = own.group_by("customer_id").aggregate(n=_.count()).to_pyarrow()
    total = np.zeros(len(unique_ids))
    total[np.searchsorted(unique_ids, texts(totals["customer_id"]))] = numbers(totals["n"])
    return total[places]


def _count(
    bought: _Lines,
    column: str,
    *,
    words: Collection[str],
    everyone: _Lines,
    customer_ids: NDArray[np.str_],
    total: NDArray[np.float64],
) -> _Counts:
    """The purchases of these customers that have one of the words in a column, such as a category."""
    unique_ids, places = np.unique(customer_ids, return_inverse=True)
    owners = np.searchsorted(unique_ids, bought.columns["customer_id"])
    n_lines = max(1.0, everyone.counts.sum())
    by_word, shares = dict[str, NDArray[np.float64]](), dict[str, float]()
    for word in words:
        rows = bought.columns[column] == word
        counted = np.bincount(owners[rows], bought.counts[rows], minlength=len(unique_ids))
        by_word[word] = counted.astype(np.float64)[places]
        shares[word] = float(everyone.counts[everyone.columns[column] == word].sum() / n_lines)
    return _Counts(by_word, total, shares)
