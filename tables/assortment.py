"""The items and offers of a business: items as of today, offers with the responses to them.

A contact's response counts once `answer_days` have passed; until then it only uses up the offer's capacity.

    contact           answer_days            cutoff
    |------ accepted or declined -------|      |
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

import ibis
import ibis.expr.types as ir
import numpy as np
from numpy.typing import NDArray

from core.errors import DataError
from core.interactions import codes_of
from core.item_attributes import ItemAttributes
from core.offers import Offer, OfferBook, OfferContacts
from tables.engines.arrays import days, midnight, texts
from tables.tables import Tables

FIRST_DATES = ("available_from", "valid_from")
"Columns that say since when an item can be bought; the first one that the items table has counts."
Description = dict[str, str | float | None]


@dataclass(frozen=True)
class CurrentItems:
    """Every item of the items table, with or without purchases; row i belongs to `attributes.item_ids[i]`.

    For display and filters only. Features never read it, because it is as of today.
    """

    attributes: ItemAttributes
    "Category and listed attributes."
    price: NDArray[np.float64]
    "(n,) as recorded; NaN is missing."
    unavailable: NDArray[np.bool_]
    "(n,) whether the table marks the item as unavailable; without a mark it is available."
    descriptions: list[Description]
    "Title, category, price and listed attributes, as far as the table has them."

    listed: NDArray[np.datetime64]
    "(n,) datetime64[D]: since when it can be bought, by `available_from` or its first `valid_from`; NaT if unknown."

    def is_new(self, cutoff: date, *, new_days: int) -> NDArray[np.bool_]:
        """(n,) whether an item without any sale counts as new, not as one that no customer buys.

        Where it is known since when it can be bought, that lies at most `new_days` before the cutoff. Elsewhere it has
        a category or a listed attribute: nothing else says what it is like.
        """
        age = np.datetime64(cutoff, "D") - self.listed
        is_described = np.any([codes >= 0 for codes in self.attributes.codes.values()] or [False], axis=0)
        return np.where(np.isnat(age), is_described, age <= np.timedelta64(new_days, "D"))

    def rows_of(self, item_ids: NDArray[np.str_]) -> NDArray[np.int32]:
        """(m,) the row of each item; -1 for one that the table lacks."""
        return codes_of(item_ids, self.attributes.item_ids)


def load_items(tables: Tables) -> CurrentItems:
    """The items table, read once; empty if there is none."""
    listed = [name for name in tables.config.attributes.get("items", ()) if name != "category"]
    rows = _fetch_items(tables, ("title", "category", "price", *listed, "available"))
    names = ["category", *listed] if any("category" in row for row in rows) else listed
    prices = np.array([row.get("price") for row in rows], dtype=np.float64)
    words = {name: [_word(row.get(name)) for row in rows] for name in names}
    return CurrentItems(
        ItemAttributes.from_columns([row["item_id"] for row in rows], words, price=prices),
        prices,
        np.array([row.pop("available", None) is False for row in rows], dtype=bool),
        [{name: value for name, value in row.items() if name != "item_id"} for row in rows],
        _first_listed(tables, [row["item_id"] for row in rows]),
    )


def _first_listed(tables: Tables, item_ids: Sequence[str]) -> NDArray[np.datetime64]:
    """(n,) the first day of each item in `available_from`, or else in `valid_from`, over all of its rows."""
    listed = np.full(len(item_ids), np.datetime64("NaT"), dtype="datetime64[D]")
    column = next((name for name in FIRST_DATES if "items" in tables and name in tables["items"].columns), None)
    if column is not None:
        firsts = tables["items"].group_by("item_id").aggregate(first=ibis._[column].min()).to_pyarrow()
        codes = codes_of(np.array(item_ids, dtype=str), np.sort(texts(firsts["item_id"])))
        order = np.argsort(texts(firsts["item_id"]))
        listed = np.append(days(firsts["first"])[order], np.datetime64("NaT"))[codes]
    return listed


def _fetch_items(tables: Tables, columns: tuple[str, ...]) -> list[dict[str, Any]]:
    """One row per item, sorted by item_id."""
    latest = tables.latest()
    if "items" not in latest:
        return []
    items = latest["items"]
    present = [name for name in columns if name in items.columns]
    rows = items.filter(items.item_id.notnull()).select("item_id", *present).to_pyarrow().to_pylist()
    return sorted({row["item_id"]: row for row in rows}.values(), key=lambda row: row["item_id"])


def _word(value: object) -> str | None:
    """A cell as a filter writes it: true, 38, 2.5, 2026-04-01, red."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def load_offer_book(tables: Tables, cutoff: date) -> OfferBook:
    """The offers by offer_id, with the contacts of each before midnight of the cutoff.

    Empty if the data set has no offers. A missing cost or margin is 0. Without `converted_at` in contacts nothing is
    known of responses, so contacts then only use up capacity; without `offer_id` they do not count at all.
    """
    view = tables.at(cutoff)
    if "offers" not in view:
        return OfferBook()
    offers = tuple(_build_offer(row) for row in view["offers"].order_by("offer_id").to_pyarrow().to_pylist())
    if "contacts" not in view or contacts_lack_offers(tables):
        return OfferBook(offers)
    counts = (
        _count_contacts(view["contacts"], cutoff, answer_days=tables.config.offers.answer_days).to_pyarrow().to_pylist()
    )
    return OfferBook(offers, {row.pop("offer_id"): OfferContacts(**row) for row in counts})


def contacts_lack_offers(tables: Tables) -> bool:
    """Whether contacts do not say which offer was made, so that nothing is known of how offers are accepted."""
    return "contacts" in tables and "offer_id" not in tables["contacts"].columns


def offers_without(tables: Tables, offers: ir.Table, *, column: Literal["cost", "margin"]) -> ir.Table:
    """The offers without a cost, or the promotional ones without a margin: other kinds may earn nothing."""
    if column == "margin":
        offers = offers.filter(offers.kind.isin(tables.config.contact_policy.promotional_kinds))
    return offers.filter(offers[column].isnull()) if column in offers.columns else offers


def require_complete_offers(tables: Tables, cutoff: date) -> None:
    """Raise DataError where an offer has no cost, or a promotional one no margin: its value would be unknown.

    `load_offer_book` counts both as 0, which is wrong where contacts are paid for.
    """
    view = tables.at(cutoff)
    columns: tuple[Literal["cost", "margin"], ...] = ("cost", "margin")
    for column in columns if "offers" in view else ():
        offers = view["offers"]
        rows = offers_without(tables, offers, column=column)
        (counts,) = rows.aggregate(n=rows.count(), example=rows.offer_id.min()).to_pyarrow().to_pylist()
        if counts["n"]:
            n_all = offers.count().to_pyarrow().as_py()
            raise DataError(
                f"offers.{column}: {counts['n']:,} of {n_all:,} offers have none, e.g. '{counts['example']}'; write 0 "
                f"for an offer that {'costs' if column == 'cost' else 'earns'} nothing, or map the column under "
                "[tables.offers.columns]"
            )


def _build_offer(row: dict[str, Any]) -> Offer:
    return Offer(
        **{name: value for name, value in row.items() if name in Offer.__struct_fields__ and value is not None}
    )


def _count_contacts(contacts: ir.Table, cutoff: date, *, answer_days: int) -> ir.Table:
    """One row per offer: treated customers, those whose answer is due, and those who accepted in time."""
    treated = contacts.filter(ibis._.treated & ibis._.offer_id.notnull())
    counts: dict[str, ir.Value] = {"made": treated.count()}
    if "converted_at" in treated.columns:
        is_due = treated.event_time < midnight(cutoff - timedelta(days=answer_days))
        is_in_time = treated.converted_at < treated.event_time + ibis.interval(days=answer_days)
        counts |= {"matured": _count_if(is_due), "accepted": _count_if(is_due & is_in_time)}
    return treated.group_by("offer_id").aggregate(**counts)


def _count_if(condition: ir.BooleanValue) -> ir.Value:
    return ibis.ifelse(condition, 1, 0).sum()
