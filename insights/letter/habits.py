"""What customers use, or buy where no usage is recorded: on how many days each of them did what, in a window."""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.window import Window
from tables.engines.arrays import numbers, texts, within
from tables.tables import Tables

MAX_LISTED = 10
MAX_SUGGESTED = 3
MIN_SHARE_SUGGESTED = 0.25
"A thing is suggested where at least this share of the similar customers has it."
MIN_SIMILAR = 5
"The letter shows no figure of fewer customers, so that none of them can be recognised."
ITEM_NAMES = ("category", "title")
"Columns that name an item; the first one present is used."


@dataclass(frozen=True)
class Habit:
    """One thing that a customer uses or buys, or not yet."""

    thing: str
    n_days: int
    share_of_similar: float
    "Share of the similar customers who do it; NaN where there are too few."


@dataclass(frozen=True)
class Habits:
    """The habits of all customers; every array is (n,), one row per customer and thing."""

    customer_ids: NDArray[np.str_]
    things: NDArray[np.str_]
    n_days: NDArray[np.int64]
    are_purchases: bool

    def of(self, customer_id: str, similar_ids: NDArray[np.str_]) -> tuple[Habit, ...]:
        """The habits of one customer, most days first."""
        rows = np.flatnonzero(self.customer_ids == customer_id)
        order = sorted(rows.tolist(), key=lambda row: (-self.n_days[row], self.things[row]))
        return tuple(
            self._habit(str(self.things[row]), int(self.n_days[row]), similar_ids=similar_ids)
            for row in order[:MAX_LISTED]
        )

    def count(self, customer_id: str) -> int:
        """How many different things one customer does."""
        return int((self.customer_ids == customer_id).sum())

    def suggest(self, customer_id: str, similar_ids: NDArray[np.str_]) -> tuple[Habit, ...]:
        """What many similar customers do and the customer does not, most common first."""
        own = self.things[self.customer_ids == customer_id]
        others = np.setdiff1d(self.things[np.isin(self.customer_ids, similar_ids)], own)
        habits = [self._habit(str(thing), 0, similar_ids=similar_ids) for thing in others]
        common = [habit for habit in habits if habit.share_of_similar >= MIN_SHARE_SUGGESTED]
        return tuple(sorted(common, key=lambda habit: (-habit.share_of_similar, habit.thing))[:MAX_SUGGESTED])

    def _habit(self, thing: str, n_days: int, *, similar_ids: NDArray[np.str_]) -> Habit:
        if len(similar_ids) < MIN_SIMILAR:
            return Habit(thing, n_days, float("nan"))
        doing = self.customer_ids[(self.things == thing) & np.isin(self.customer_ids, similar_ids)]
        return Habit(thing, n_days, len(np.unique(doing)) / len(similar_ids))


def load_habits(tables: Tables, window: Window) -> Habits:
    """Features used in the window; without a usage table, items bought, by category."""
    rows = _features_used(tables) if "usage" in tables else _items_bought(tables)
    if rows is None:
        return Habits(np.empty(0, "U1"), np.empty(0, "U1"), np.empty(0, np.int64), are_purchases=True)
    named = rows.filter(within(rows.event_time, window), ibis._.customer_id.notnull(), ibis._.thing.notnull())
    daily = named.mutate(day=named.event_time.truncate("D"))
    counts: pa.Table = daily.group_by(["customer_id", "thing"]).aggregate(n_days=daily.day.nunique()).to_pyarrow()
    n_days = numbers(counts["n_days"]).astype(np.int64)
    are_purchases = "usage" not in tables
    return Habits(texts(counts["customer_id"]), texts(counts["thing"]), n_days, are_purchases=are_purchases)


def purchases_without_returns(tables: Tables) -> ir.Table:
    """Purchases with a positive amount: no returns, nothing for free."""
    purchases: ir.Table = tables["purchases"]
    return purchases.filter(purchases.amount > 0)


def _features_used(tables: Tables) -> ir.Table:
    usage: ir.Table = tables["usage"]
    features = usage.filter(~usage.event.lower().isin(tables.config.report.ignored_events))
    return features.select("customer_id", "event_time", thing=features.event)


def _items_bought(tables: Tables) -> ir.Table | None:
    """Purchases with the item's category, else its title, else its id; None without item ids."""
    bought = purchases_without_returns(tables)
    if "item_id" not in bought.columns:
        return None
    if "items" not in tables or not (names := [name for name in ITEM_NAMES if name in tables["items"].columns]):
        return bought.select("customer_id", "event_time", thing=bought.item_id)
    items: ir.Table = tables["items"]
    named = items.select("item_id", thing=items[names[0]])
    return bought.inner_join(named, "item_id").select("customer_id", "event_time", "thing")
